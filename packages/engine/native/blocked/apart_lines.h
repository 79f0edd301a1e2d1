// The inner loop of transposed convolutions whose pieces lie apart, for AVX-512.
#pragma once

#include <cstdint>

namespace blocked {

// to[v] = Σ_block Σ_c x[block][v, c] · weight[block, c], c < width: a piece of `wide` floats (a multiple of 16) for each of `rows` voxels.
void multiply_line(const float* const* x, int64_t blocks, int64_t width, const float* weight, int64_t wide, float* to, int64_t rows);

}  // namespace blocked
