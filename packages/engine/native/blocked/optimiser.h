// The optimiser's step in one pass over the weights.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

struct AdamStep {
  double mean_share, square_share;  // β₁, β₂
  double rate;                      // over 1 − β₁ᵗ
  double root;                      // √(1 − β₂ᵗ)
  double epsilon;
  double kept;  // 1 − rate · decay
};

// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← kept · w − rate · m / (√v / root + ε), for each of the lists' tensors.
void adam(at::TensorList weights, at::TensorList gradients, at::TensorList means, at::TensorList squares, const AdamStep& step);

}  // namespace blocked
