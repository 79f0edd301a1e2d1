// Norm, residual and activation of blocked activations, in as few passes over memory as they need.
#pragma once

#include <ATen/ATen.h>

#include <array>

namespace blocked {

// Which elements share mean and variance: those of a channel group of one sample, or of the whole batch.
struct Sharing {
  bool batch;
  int64_t groups;
};

// y = z where z > 0, else slope · z, with z = scale · x + shift + residual. Scale, shift: one each channel; slope too, or one for all (1 for none, 0 for
// ReLU); residual: blocked like x, or one channel N×1×space for all.
at::Tensor affine(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                  const at::Tensor& slope);

// The same in place, with scale 1 and shift 0.
void activate(const at::Tensor& x, const c10::optional<at::Tensor>& residual, const at::Tensor& slope);

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
