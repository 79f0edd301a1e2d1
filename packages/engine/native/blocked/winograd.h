// Convolutions of blocked activations with fewer multiplications: Winograd's minimal filtering, tiles of 4×4 outputs over height and width, summed over the
// kernel's depth. Lavin and Gray, CVPR 2016; here the sum over depth is taken before the way back, and sums are of at most 32 products before they are added
// up. Rounding is three to four times that of a direct convolution: see docs/decisions/0015-winograd-in-training.md.
#pragma once

#include "convolution.h"

#include <ATen/ATen.h>

#include <vector>

namespace blocked {

// Whether a convolution of an input N×C×space is done so, and pays: kernels of 3 or 5 in height and width, stride and dilation 1, wide enough.
bool suits_winograd(at::IntArrayRef input, at::IntArrayRef weight, const Window& window);

// The weight as `winograd` wants it; with `back`, that of the convolution that takes the gradient of the output to that of the input.
at::Tensor transform_weight(const at::Tensor& weight, bool back);

// As `convolve_packed`, with a weight that was transformed; one slope or one for each channel. Several inputs, of multiples of eight channels each,
// are seen one after another along the channels.
at::Tensor winograd(const std::vector<at::Tensor>& inputs, const at::Tensor& transformed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                    const Window& window, const Following& following);

// The gradient of the weight from that of the output and the input.
at::Tensor winograd_weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::IntArrayRef weight_size, const Window& window);

}  // namespace blocked
