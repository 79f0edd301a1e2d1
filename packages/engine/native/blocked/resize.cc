#include "resize.h"

#include "layout.h"
#include "rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {
namespace {

// For each place along an axis of what comes out: the two places before and after it in what goes in, and how far it lies towards the latter.
struct Taps {
  std::vector<int64_t> low, high;
  std::vector<float> weight;

  Line line() const { return {low.data(), high.data(), weight.data()}; }

  Taps(int64_t from, int64_t to, bool align_corners) {
    const float scale = align_corners ? (to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1) : 0.f)
                                      : static_cast<float>(from) / static_cast<float>(to);
    for (int64_t at = 0; at < to; ++at) {
      const float place = align_corners ? scale * static_cast<float>(at) : std::max(0.f, (static_cast<float>(at) + 0.5f) * scale - 0.5f);
      const auto before = std::min(static_cast<int64_t>(place), from - 1);
      low.push_back(before);
      high.push_back(std::min(before + 1, from - 1));
      weight.push_back(place - static_cast<float>(before));
    }
  }
};

// Whether a tensor is as libtorch has it; its rows are single floats.
bool is_plain(const at::Tensor& x, at::IntArrayRef space) { return (space.size() == 2 || space.size() == 3) && x.dim() == static_cast<int64_t>(space.size()) + 2; }

// What goes in and what comes out, depth 1 where there is none.
struct Sizes {
  int64_t planes, width;  // width: floats of a row
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1};

  Sizes(const at::Tensor& given, at::IntArrayRef in_space, at::IntArrayRef out_space)
      : planes(given.size(0) * given.size(1)), width(is_plain(given, out_space) ? 1 : width_of(given)) {
    TORCH_CHECK(given.scalar_type() == at::kFloat && (is_plain(given, out_space) || (is_blocked(given) && given.dim() == static_cast<int64_t>(out_space.size()) + 3)),
                "expected N×C×space or a blocked tensor with as many sides as ", out_space, ", but ", given.sizes(), " came");
    for (size_t axis = 0; axis < in_space.size(); ++axis) {
      const auto to = 3 - in_space.size() + axis;
      in[to] = in_space[axis];
      out[to] = out_space[axis];
      TORCH_CHECK(in[to] > 0 && out[to] > 0, "expected sides of 1 or more, but ", out_space, " came");
    }
  }

  const RowKernels& kernels() const { return row_kernels(width == 1 ? block() : width); }
};

// Calls body(four, row) for each row of what comes out.
template <class Body>
void each_row(const Sizes& sizes, const Taps& deep, const Taps& high, int64_t from, int64_t to, const Body& body) {
  for (int64_t row = from; row < to; ++row) {
    const auto d = row / sizes.out[1], h = row % sizes.out[1];
    const auto at = [&](int64_t depth, int64_t height) { return (depth * sizes.in[1] + height) * sizes.in[2] * sizes.width; };
    const float far = deep.weight[d], below = high.weight[h];
    body(Four{{at(deep.low[d], high.low[h]), at(deep.low[d], high.high[h]), at(deep.high[d], high.low[h]), at(deep.high[d], high.high[h])},
              {(1 - far) * (1 - below), (1 - far) * below, far * (1 - below), far * below}},
         row);
  }
}

at::Tensor with_space(const at::Tensor& like, at::IntArrayRef space, bool zero) {
  std::vector<int64_t> size{like.size(0), like.size(1)};
  size.insert(size.end(), space.begin(), space.end());
  if (!is_plain(like, space)) size.push_back(width_of(like));
  return zero ? at::zeros(size, at::kFloat) : at::empty(size, at::kFloat);
}

std::vector<int64_t> space_of(const at::Tensor& x, size_t axes) {
  TORCH_CHECK(x.dim() >= static_cast<int64_t>(axes) + 2, "expected as many sides of space as are asked for, ", axes, ", but ", x.sizes(), " came");
  return x.sizes().slice(2, axes).vec();
}

}  // namespace

at::Tensor resize(const at::Tensor& x, at::IntArrayRef space, bool align_corners) {
  const auto given = x.contiguous();
  const Sizes sizes(given, space_of(given, space.size()), space);
  const Taps deep(sizes.in[0], sizes.out[0], align_corners), high(sizes.in[1], sizes.out[1], align_corners), wide(sizes.in[2], sizes.out[2], align_corners);
  auto out = with_space(given, space, false);
  const auto rows = sizes.out[0] * sizes.out[1];
  const auto in_plane = sizes.in[0] * sizes.in[1] * sizes.in[2] * sizes.width, out_row = sizes.out[2] * sizes.width;
  at::parallel_for(0, sizes.planes * rows, 64, [&](int64_t begin, int64_t end) {
    std::vector<float> held(sizes.width == 1 ? sizes.in[2] : 0);
    for (auto at = begin; at < end;) {
      const auto plane = at / rows, first = at % rows, last = std::min(rows, first + end - at);
      each_row(sizes, deep, high, first, last, [&](const Four& four, int64_t row) {
        const auto* from = given.data_ptr<float>() + plane * in_plane;
        auto* to = out.data_ptr<float>() + (plane * rows + row) * out_row;
        if (sizes.width == 1) {
          sizes.kernels().blend_floats(from, to, four, wide.line(), sizes.in[2], held.data(), sizes.out[2]);
        } else {
          sizes.kernels().blend(from, to, four, wide.line(), sizes.out[2]);
        }
      });
      at += last - first;
    }
  });
  return out;
}

at::Tensor resize_backward(const at::Tensor& gradient, at::IntArrayRef space, bool align_corners) {
  const auto given = gradient.contiguous();
  const Sizes sizes(given, space, space_of(given, space.size()));
  const Taps deep(sizes.in[0], sizes.out[0], align_corners), high(sizes.in[1], sizes.out[1], align_corners), wide(sizes.in[2], sizes.out[2], align_corners);
  auto out = with_space(given, space, true);
  const auto rows = sizes.out[0] * sizes.out[1];
  const auto in_plane = sizes.in[0] * sizes.in[1] * sizes.in[2] * sizes.width, out_row = sizes.out[2] * sizes.width;
  at::parallel_for(0, sizes.planes, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> held(sizes.width == 1 ? sizes.in[2] : 0);
    for (auto plane = begin; plane < end; ++plane)
      each_row(sizes, deep, high, 0, rows, [&](const Four& four, int64_t row) {
        const auto* from = given.data_ptr<float>() + (plane * rows + row) * out_row;
        auto* to = out.data_ptr<float>() + plane * in_plane;
        if (sizes.width == 1) {
          sizes.kernels().unblend_floats(from, to, four, wide.line(), sizes.in[2], held.data(), sizes.out[2]);
        } else {
          sizes.kernels().unblend(from, to, four, wide.line(), sizes.out[2]);
        }
      });
  });
  return out;
}

}  // namespace blocked
