#include "apart.h"

#include "apart_lines.h"
#include "layout.h"
#include "planes.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {
namespace {

constexpr int64_t kWide = 16;  // floats of a vector: the lines are written for AVX-512

// The kernel, which is the stride too, as depth, height and width.
struct Steps {
  int64_t depth, height, width;
  explicit Steps(at::IntArrayRef weight)
      : depth(weight.size() == 5 ? weight[2] : 1), height(weight[weight.size() - 2]), width(weight.back()) {}
};

}  // namespace

bool suits_apart(at::IntArrayRef weight, const Window& window) {
  if (block() != kWide || !window.transposed || weight.back() > 4) return false;
  for (size_t axis = 0; axis < window.stride.size(); ++axis)
    if (window.stride[axis] != weight[axis + 2] || window.padding[axis] != 0 || window.output_padding[axis] != 0 || window.dilation[axis] != 1) return false;
  return weight[0] >= kHalf && weight[1] >= kHalf && weight.back() * width_of(weight[1]) % kWide == 0;
}

at::Tensor pack_apart(const at::Tensor& weight) {
  const Steps steps(weight.sizes());
  const auto from = weight.size(0), to = weight.size(1), blocks = blocks_of(to), inner = blocks_of(from) * width_of(from);
  const auto lines = steps.depth * steps.height, out_width = width_of(to), wide = steps.width * out_width;
  auto out = at::zeros({lines * blocks, inner, wide}, at::kFloat);
  const auto stored = weight.detach().contiguous();
  const auto* source = stored.data_ptr<float>();
  auto* target = out.data_ptr<float>();
  at::parallel_for(0, from, 4, [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i)
      for (int64_t o = 0; o < to; ++o)
        for (int64_t line = 0; line < lines; ++line)
          for (int64_t x = 0; x < steps.width; ++x)
            target[((line * blocks + o / out_width) * inner + i) * wide + x * out_width + o % out_width] = source[((i * to + o) * lines + line) * steps.width + x];
  });
  return out;
}

at::Tensor convolve_apart(const at::Tensor& x, const at::Tensor& packed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                          const Following& following) {
  const Steps steps(weight_size);
  const auto size = logical_size(x, weight_size[0]);
  TORCH_CHECK(x.is_contiguous() && size.size() == weight_size.size(), "expected a contiguous blocked tensor of ", weight_size.size() - 2,
              " dimensions, but ", x.sizes(), " came");
  const bool flat = size.size() == 4;
  const auto depth = flat ? 1 : size[2], height = size[size.size() - 2], width = size.back();
  const auto blocks = blocks_of(weight_size[1]), samples = size[0];
  const auto in_width = width_of(x), out_width = width_of(weight_size[1]);
  const auto tall = height * steps.height, broad = width * steps.width;
  const auto out_size = flat ? std::vector<int64_t>{samples, blocks, tall, broad, out_width}
                             : std::vector<int64_t>{samples, blocks, depth * steps.depth, tall, broad, out_width};
  auto out = at::empty(out_size, at::kFloat);
  const bool finished = bias.has_value() || following.slope.has_value() || following.residual.has_value();
  const auto ones = padded(at::ones({1}, at::kFloat), blocks, out_width), shifts = padded(bias.value_or(at::zeros({1}, at::kFloat)), blocks, out_width),
             slopes = padded(following.slope.value_or(at::ones({1}, at::kFloat)), blocks, out_width);
  const Planes planes(out);
  const Residuals residuals(out, following.residual);
  const auto in_blocks = x.size(1), in_plane = x.numel() / (samples * in_blocks);
  const auto wide = steps.width * out_width, out_line = width * wide;
  at::parallel_for(0, samples * depth * height, 1, [&](int64_t begin, int64_t end) {
    std::vector<const float*> from(in_blocks);
    for (auto line = begin; line < end; ++line) {
      const auto h = line % height, d = line / height % depth, sample = line / (height * depth);
      for (int64_t of = 0; of < in_blocks; ++of)
        from[of] = x.data_ptr<float>() + (sample * in_blocks + of) * in_plane + (d * height + h) * width * in_width;
      for (int64_t z = 0; z < steps.depth; ++z) {
        for (int64_t y = 0; y < steps.height; ++y) {
          for (int64_t of = 0; of < blocks; ++of) {
            const auto plane = sample * blocks + of;
            const auto offset = plane * planes.floats + ((d * steps.depth + z) * height * steps.height + h * steps.height + y) * out_line;
            auto* const to = out.data_ptr<float>() + offset;
            const auto* const weight = packed.data_ptr<float>() + ((z * steps.height + y) * blocks + of) * in_blocks * in_width * wide;
            multiply_line(from.data(), in_blocks, in_width, weight, wide, to, width);
            if (finished)
              planes.rows().bend(to, to, {&ones[of * out_width], &shifts[of * out_width], &slopes[of * out_width]}, residuals.at(planes, plane, offset),
                                 width * steps.width);
          }
        }
      }
    }
  });
  return out;
}

}  // namespace blocked
