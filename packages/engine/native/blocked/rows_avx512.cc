#include "rows.h"

#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma")

#define ROW 16

namespace blocked::avx512 {
#include "rows.ipp"
}
