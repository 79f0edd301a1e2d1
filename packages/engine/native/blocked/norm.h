// Norms of blocked activations with the residual and activation that follow: two passes over memory forward, two back.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

// Which elements share mean and variance: those of a channel group of one sample, or of the whole batch.
struct Sharing {
  bool batch;
  int64_t groups;
};

struct Statistics {
  at::Tensor mean, inverse;  // N×C each, float64: of the set that a sample's channel belongs to; 1 / √(variance + ε)
};

struct Normalised {
  at::Tensor out;
  Statistics statistics;
};

// As `affine`, with the scale and shift that give each set mean 0 and variance 1, then weight and bias. Running statistics are moved where given.
Normalised normalise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const c10::optional<at::Tensor>& running_mean,
                     const c10::optional<at::Tensor>& running_var, Sharing sharing, double momentum, double epsilon,
                     const c10::optional<at::Tensor>& residual, const at::Tensor& slope);

struct NormGradients {
  at::Tensor x, weight, bias, residual, slope;  // residual like x; undefined where not wanted
};

NormGradients normalise_backward(const at::Tensor& gradient, const at::Tensor& x, const Statistics& statistics, const at::Tensor& weight,
                                 const at::Tensor& bias, Sharing sharing, const c10::optional<at::Tensor>& residual, const at::Tensor& slope,
                                 bool residual_wanted, bool slope_wanted);

}  // namespace blocked
