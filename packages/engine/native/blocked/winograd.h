// Convolutions of blocked activations with fewer multiplications: Winograd's minimal filtering over height and width, summed over the kernel's depth.
// Lavin and Gray, CVPR 2016; here the sum over depth is taken before the way back. Evaluation only: rounding is some times that of a direct convolution.
#pragma once

#include "convolution.h"

#include <ATen/ATen.h>

namespace blocked {

// Whether a convolution of an input N×C×space is done so, and pays: kernels of 3 or 5 in height and width, stride and dilation 1, wide enough.
bool suits_winograd(at::IntArrayRef input, at::IntArrayRef weight, const Window& window);

// The weight as `winograd` wants it.
at::Tensor transform_weight(const at::Tensor& weight);

// As `convolve_packed`, with a weight that was transformed; one slope or one for each channel.
at::Tensor winograd(const at::Tensor& x, const at::Tensor& transformed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                    const Window& window, const Following& following);

}  // namespace blocked
