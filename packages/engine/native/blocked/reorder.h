// Between libtorch's layout and blocks of channels.
#pragma once

#include "layout.h"
#include "primitives.h"

namespace blocked {

inline memory::desc plain_desc(at::IntArrayRef logical) { return {logical.vec(), memory::data_type::f32, plain_tag(static_cast<int64_t>(logical.size()) - 2)}; }
inline memory::desc blocked_desc(at::IntArrayRef logical, int64_t width) { return {logical.vec(), memory::data_type::f32, blocked_tag(static_cast<int64_t>(logical.size()) - 2, width)}; }

inline at::Tensor block_up(const at::Tensor& x) {
  TORCH_CHECK(x.scalar_type() == at::kFloat && (x.dim() == 4 || x.dim() == 5), "expected N×C×space of float32, but ", x.sizes(), " came");
  auto out = at::empty(blocked_size(x.sizes()), at::kFloat);
  reorder_into(x.contiguous(), plain_desc(x.sizes()), out, blocked_desc(x.sizes(), width_of(out)));
  return out;
}

inline at::Tensor lay_flat(const at::Tensor& x, int64_t channels) {
  const auto size = logical_size(x, channels);
  auto out = at::empty(size, at::kFloat);
  reorder_into(x.contiguous(), blocked_desc(size, width_of(x)), out, plain_desc(size));
  return out;
}

}  // namespace blocked
