// What joins blocked activations and maps of one channel or few: a convolution of side 1 onto a few logits, and the product with a map.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

// logits[n, k, v] = bias[k] + Σ_c weight[k, c] · x[n, c, v]. x blocked, weight K×C, logits plain, K at most 8.
at::Tensor project(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias);

struct ProjectGradients {
  at::Tensor x, weight, bias;
};
ProjectGradients project_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight);

// y[n, c, v] = x[n, c, v] · map[n, 0, v]. x blocked, map plain N×1×space.
at::Tensor scale(const at::Tensor& x, const at::Tensor& map);
// The gradient of the map: Σ_c gradient · x, N×1×space.
at::Tensor scale_backward_map(const at::Tensor& gradient, const at::Tensor& x);

}  // namespace blocked
