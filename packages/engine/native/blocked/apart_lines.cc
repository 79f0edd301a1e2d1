#include "apart_lines.h"

#include <immintrin.h>

// No header may come in from here on, or its functions would be compiled for machines that they are not for.
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma")

namespace blocked {
namespace {

#include "products.ipp"

constexpr int64_t kMostBlocks = 64;  // of a sum that is kept in registers

}  // namespace

void multiply_line(const float* const* x, int64_t blocks, int64_t width, const float* weight, int64_t wide, float* to, int64_t rows) {
  const float* weights[kMostBlocks];
  for (int64_t from = 0; from < blocks; from += kMostBlocks) {
    const int64_t count = blocks - from < kMostBlocks ? blocks - from : kMostBlocks;
    for (int64_t of = 0; of < count; ++of) weights[of] = weight + (from + of) * width * wide;
    multiply_all<false>({x + from, width, 1, weights, count, width, wide, to, from > 0}, rows);
  }
}

}  // namespace blocked
