// Blocked activations: an N×C×space tensor as an ordinary tensor N×⌈C/B⌉×space×B, B the number of floats in a vector register, or half of it where that
// holds all channels: full-size tensors of a network's first layers have few, and passes over them take as long as their bytes. What oneDNN calls nChw16c,
// nChw8c and so on. Channels beyond C are zero, and every kernel here keeps them so.
#pragma once

#include <ATen/ATen.h>

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>

namespace blocked {

constexpr int64_t kHalf = 8;

// Most floats in a block: 16 with AVX-512, 8 with AVX2, 0 where the plain path is all there is.
inline int64_t block() {
  static const int64_t size = [] {
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto has = [isa](dnnl::cpu_isa wanted) { return (isa & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted); };
    return has(dnnl::cpu_isa::avx512_core) ? 16 : has(dnnl::cpu_isa::avx2) ? 8 : 0;
  }();
  return size;
}

// Floats in the blocks of a tensor of so many channels.
inline int64_t width_of(int64_t channels) { return channels <= kHalf ? std::min(kHalf, block()) : block(); }

// Floats in the blocks of a blocked tensor.
inline int64_t width_of(const at::Tensor& x) { return x.size(-1); }

inline bool is_blocked(const at::Tensor& x) {
  return (x.dim() == 5 || x.dim() == 6) && (width_of(x) == block() || width_of(x) == kHalf);
}

inline int64_t blocks_of(int64_t channels) { return (channels + width_of(channels) - 1) / width_of(channels); }

inline dnnl::memory::format_tag plain_tag(int64_t dims) {
  return dims == 2 ? dnnl::memory::format_tag::nchw : dnnl::memory::format_tag::ncdhw;
}

inline dnnl::memory::format_tag blocked_tag(int64_t dims, int64_t width) {
  using tag = dnnl::memory::format_tag;
  if (width == 16) return dims == 2 ? tag::nChw16c : tag::nCdhw16c;
  return dims == 2 ? tag::nChw8c : tag::nCdhw8c;
}

// The size of a blocked tensor, from the logical size N, C, space.
inline std::vector<int64_t> blocked_size(at::IntArrayRef logical) {
  std::vector<int64_t> size = logical.vec();
  const auto width = width_of(size[1]);
  size[1] = blocks_of(size[1]);
  size.push_back(width);
  return size;
}

// The logical size of a blocked tensor that has `channels`.
inline std::vector<int64_t> logical_size(const at::Tensor& x, int64_t channels) {
  std::vector<int64_t> size = x.sizes().vec();
  TORCH_CHECK(is_blocked(x), "expected a blocked tensor, but ", x.sizes(), " came");
  TORCH_CHECK(size[1] == blocks_of(channels) && size.back() == width_of(channels), "expected ", blocks_of(channels), " blocks of ", width_of(channels),
              " channels, but ", size[1], " of ", size.back(), " came");
  size.pop_back();
  size[1] = channels;
  return size;
}

}  // namespace blocked
