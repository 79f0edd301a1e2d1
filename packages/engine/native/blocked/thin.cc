#include "thin.h"

#include "layout.h"
#include "rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {
namespace {

// A convolution in two or three dimensions as one in three, of lines along the last axis.
struct Lines {
  int64_t kernel[3] = {1, 1, 1}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1}, padding[3] = {0, 0, 0};
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1};
  int64_t samples, blocks, width, taps = 1;  // width: of a block

  Lines(at::IntArrayRef input, const at::Tensor& gradient, at::IntArrayRef weight, const Window& window)
      : samples(gradient.size(0)), blocks(gradient.size(1)), width(width_of(gradient)) {
    const auto dims = weight.size() - 2;
    for (size_t axis = 0; axis < dims; ++axis) {
      const auto to = 3 - dims + axis;
      kernel[to] = weight[axis + 2];
      stride[to] = window.stride[axis];
      dilation[to] = window.dilation[axis];
      padding[to] = window.padding[axis];
      in[to] = input[axis + 2];
      out[to] = gradient.size(axis + 2);
      taps *= kernel[to];
    }
  }

  const RowKernels& rows() const { return row_kernels(width); }

  // The place of the input along an axis that an output meets through a tap; negative where there is none.
  int64_t met(int64_t axis, int64_t out_place, int64_t tap) const {
    const auto place = out_place * stride[axis] + tap * dilation[axis] - padding[axis];
    return place < in[axis] ? place : -1;
  }
};

}  // namespace

bool suits_thin(const at::Tensor& x, at::IntArrayRef weight, const Window& window) {
  return !window.transposed && static_cast<size_t>(x.dim()) == weight.size() && weight[1] == 1;
}

at::Tensor thin_weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::IntArrayRef size, const Window& window) {
  const Lines lines(x.sizes(), gradient, size, window);
  const auto& [depths, heights, widths] = lines.out;
  // With zeros at both ends of a line, all of its taps are there.
  const auto padded = at::constant_pad_nd(x.detach(), {lines.padding[2], lines.padding[2]}).contiguous();
  const auto width = padded.size(-1), taps = lines.taps;
  std::vector<double> sums(at::get_num_threads() * lines.blocks * taps * lines.width, 0.);
  at::parallel_for(0, lines.samples * lines.blocks * depths * heights, 16, [&](int64_t begin, int64_t end) {
    auto* const own = &sums[at::get_thread_num() * lines.blocks * taps * lines.width];
    for (auto line = begin; line < end; ++line) {
      const auto height = line % heights, depth = line / heights % depths, plane = line / (heights * depths);
      for (int64_t z = 0; z < lines.kernel[0]; ++z) {
        const auto in_depth = lines.met(0, depth, z);
        for (int64_t y = 0; y < lines.kernel[1]; ++y) {
          const auto in_height = lines.met(1, height, y);
          if (in_depth < 0 || in_height < 0) continue;
          const auto* from = padded.data_ptr<float>() + ((plane / lines.blocks * lines.in[0] + in_depth) * lines.in[1] + in_height) * width;
          lines.rows().weigh_taps(from, lines.stride[2], lines.dilation[2], lines.kernel[2], gradient.data_ptr<float>() + line * widths * lines.width,
                                   own + (plane % lines.blocks * taps + (z * lines.kernel[1] + y) * lines.kernel[2]) * lines.width, widths);
        }
      }
    }
  });
  auto out = at::empty(size, at::kFloat);
  for (int64_t channel = 0; channel < size[0]; ++channel) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      double sum = 0;
      for (int64_t thread = 0; thread < at::get_num_threads(); ++thread)
        sum += sums[((thread * lines.blocks + channel / lines.width) * taps + tap) * lines.width + channel % lines.width];
      out.data_ptr<float>()[channel * taps + tap] = static_cast<float>(sum);
    }
  }
  return out;
}

at::Tensor thin_input_gradient(const at::Tensor& gradient, const at::Tensor& weight, at::IntArrayRef input, const Window& window) {
  const Lines lines(input, gradient, weight.sizes(), window);
  const auto& [depths, heights, widths] = lines.out;
  const auto taps = lines.taps;
  // The factors of each block and tap, a row each.
  std::vector<float> factors(lines.blocks * taps * lines.width, 0.f);
  const auto stored = weight.detach().contiguous();
  for (int64_t channel = 0; channel < weight.size(0); ++channel)
    for (int64_t tap = 0; tap < taps; ++tap)
      factors[(channel / lines.width * taps + tap) * lines.width + channel % lines.width] = stored.data_ptr<float>()[channel * taps + tap];
  // Lines with room at both ends for what falls outside.
  auto size = input.vec();
  size.back() = lines.in[2] + 2 * lines.padding[2];
  auto padded = at::zeros(size, at::kFloat);
  const auto plane_taps = lines.kernel[1] * lines.kernel[2];
  at::parallel_for(0, lines.samples * lines.in[0], 1, [&](int64_t begin, int64_t end) {
    std::vector<float*> to(plane_taps);
    std::vector<float> of_taps(plane_taps * lines.width);
    for (auto plane = begin; plane < end; ++plane) {  // of the input, so that each is one thread's
      for (int64_t depth = 0; depth < depths; ++depth) {
        for (int64_t z = 0; z < lines.kernel[0]; ++z) {
          if (lines.met(0, depth, z) != plane % lines.in[0]) continue;
          for (int64_t of = 0; of < lines.blocks; ++of) {
            for (int64_t height = 0; height < heights; ++height) {
              int64_t count = 0;
              for (int64_t y = 0; y < lines.kernel[1]; ++y) {
                const auto in_height = lines.met(1, height, y);
                if (in_height < 0) continue;
                for (int64_t x = 0; x < lines.kernel[2]; ++x, ++count) {
                  to[count] = padded.data_ptr<float>() + (plane * lines.in[1] + in_height) * size.back() + x * lines.dilation[2];
                  std::copy_n(&factors[(of * taps + (z * lines.kernel[1] + y) * lines.kernel[2] + x) * lines.width], lines.width, &of_taps[count * lines.width]);
                }
              }
              const auto line = (((plane / lines.in[0]) * lines.blocks + of) * depths + depth) * heights + height;
              lines.rows().dot_taps(gradient.data_ptr<float>() + line * widths * lines.width, of_taps.data(), count, to.data(), widths);
            }
          }
        }
      }
    }
  });
  return padded.narrow(-1, lines.padding[2], lines.in[2]).contiguous();
}

}  // namespace blocked
