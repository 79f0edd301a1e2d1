// Scale, shift, residual and activation of blocked activations in one pass over memory.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

// y = z where z > 0, else slope · z, with z = scale · x + shift + residual. Scale, shift: one each channel; slope too, or one for all (1 for none, 0 for
// ReLU); residual: blocked like x, or one channel N×1×space for all.
at::Tensor affine(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                  const at::Tensor& slope);

// The same in place, with scale 1 and shift 0.
void activate(const at::Tensor& x, const c10::optional<at::Tensor>& residual, const at::Tensor& slope);

}  // namespace blocked
