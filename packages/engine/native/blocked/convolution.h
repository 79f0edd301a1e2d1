// Convolutions and transposed convolutions on blocked activations, by whatever is fastest for their sizes; weights are libtorch's.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <vector>

namespace blocked {

// The geometry of a convolution, as aten::convolution has it; one group.
struct Window {
  std::vector<int64_t> stride, padding, dilation, output_padding;
  bool transposed;
};

// What follows a convolution in the same pass over its output: plus `residual`, then where negative times `slope`, one for all channels or one each.
struct Following {
  c10::optional<at::Tensor> residual;
  c10::optional<at::Tensor> slope;
};

// x N×C×space, plain with at most three channels or blocked; weight and bias as libtorch has them. Returns blocked.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, const Window& window);

// Gradients of `convolve`, for the three inputs; those that are not wanted are undefined.
std::vector<at::Tensor> convolve_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias, const Window& window,
                                          std::array<bool, 3> wanted);

// The weight as `convolve_packed` wants it for inputs of this size.
at::Tensor pack(const at::Tensor& weight, at::IntArrayRef input, bool plain, const Window& window);

// As `convolve`, in evaluation, with a weight that was packed. Where it has two axes, several inputs may stand for one that joins their channels, a
// multiple of eight each.
at::Tensor convolve_packed(const std::vector<at::Tensor>& inputs, const at::Tensor& packed, at::IntArrayRef weight_size,
                           const c10::optional<at::Tensor>& bias, const Window& window, const Following& following);

}  // namespace blocked
