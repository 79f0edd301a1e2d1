// Convolutions and transposed convolutions on blocked activations by oneDNN's direct kernels. What it has but its reference kernel for, a hundred times slower
// than any, comes back undefined.
#pragma once

#include "convolution.h"

#include <ATen/ATen.h>

#include <array>

namespace blocked {

at::Tensor direct(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, const Window& window);

// Gradients of x, weight and bias; undefined also where not wanted.
std::vector<at::Tensor> direct_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias, const Window& window,
                                        std::array<bool, 3> wanted);

// The weight as `direct_packed` wants it, on one axis.
at::Tensor direct_pack(const at::Tensor& weight, at::IntArrayRef input, bool plain, const Window& window);

// In evaluation. What follows rides on the primitive: a slope must be one for all channels.
at::Tensor direct_packed(const at::Tensor& x, const at::Tensor& packed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                         const Window& window, const Following& following);

}  // namespace blocked
