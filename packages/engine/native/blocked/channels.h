// Joining and taking apart the channels of blocked activations, also where they do not fill their blocks.
#pragma once

#include <ATen/ATen.h>

namespace blocked {

// All channels of the inputs, in order; `channels` says how many each has.
at::Tensor join(const std::vector<at::Tensor>& inputs, at::IntArrayRef channels);

// `length` channels from `start` on, of the `channels` that x has.
at::Tensor take(const at::Tensor& x, int64_t channels, int64_t start, int64_t length);

}  // namespace blocked
