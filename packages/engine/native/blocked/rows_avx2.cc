#include "rows.h"

#pragma GCC target("avx2,fma")

#define ROW 8

namespace blocked::avx2 {
#include "rows.ipp"
}
