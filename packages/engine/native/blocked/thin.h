// The gradients of a convolution whose input has one channel: oneDNN takes ten times as long over them as they need.
#pragma once

#include "convolution.h"

#include <ATen/ATen.h>

namespace blocked {

bool suits_thin(const at::Tensor& x, at::IntArrayRef weight, const Window& window);

// gradient blocked, x plain N×1×space, weight_size C×1×kernel.
at::Tensor thin_weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::IntArrayRef weight_size, const Window& window);

// The gradient of an input of the given size, strides being 1.
at::Tensor thin_input_gradient(const at::Tensor& gradient, const at::Tensor& weight, at::IntArrayRef input, const Window& window);

}  // namespace blocked
