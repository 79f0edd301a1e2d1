// Transposed convolutions whose kernel is their stride, so that the pieces that each voxel makes lie apart: oneDNN reaches 30 GFLOP/s there. AVX-512.
#pragma once

#include "convolution.h"

#include <ATen/ATen.h>

namespace blocked {

bool suits_apart(at::IntArrayRef weight, const Window& window);

// The weight as `convolve_apart` wants it: pieces of lines × channels in × floats of a piece.
at::Tensor pack_apart(const at::Tensor& weight);

// In evaluation or in training, with a weight that was packed.
at::Tensor convolve_apart(const at::Tensor& x, const at::Tensor& packed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                          const Following& following);

}  // namespace blocked
