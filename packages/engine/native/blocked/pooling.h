// Pooling of blocked activations, by oneDNN.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

struct Pooling {
  std::vector<int64_t> kernel, stride, padding;
  bool maximum;        // or the mean
  bool count_padding;  // of the mean: whether zeros that pad count
};

struct Pooled {
  at::Tensor out;
  at::Tensor workspace;  // of the maximum, for the way back
};

Pooled pool(const at::Tensor& x, int64_t channels, const Pooling& pooling, bool training);
at::Tensor pool_backward(const at::Tensor& gradient, const at::Tensor& x, int64_t channels, const at::Tensor& workspace, const Pooling& pooling);

}  // namespace blocked
