// Linear resampling of blocked activations over space, as libtorch's upsample_bilinear2d and upsample_trilinear3d.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

// To the given size of space, or the gradient of it back to the size that it came from.
at::Tensor resize(const at::Tensor& x, at::IntArrayRef space, bool align_corners);
at::Tensor resize_backward(const at::Tensor& gradient, at::IntArrayRef space, bool align_corners);

}  // namespace blocked
