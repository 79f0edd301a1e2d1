#include "winograd.h"

#include "layout.h"
#include "winograd_strips.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {
namespace {

int64_t vectors_of(int64_t channels) { return (channels + kTileBlock - 1) / kTileBlock; }

// Floats that so many channels of an input are held in.
int64_t inner_of(int64_t channels) { return channels <= kHalf ? kHalf : vectors_of(channels) * kTileBlock; }

// The weights for the products of each point: points × (taps · inner · outer), channels filled up to vectors; where an output is half a vector, for two depths
// as `Strips::convolve` has them. Of a convolution's gradient where `back` is given:
// channels change places, and kernels are turned round.
template <int r>
at::Tensor transformed(const at::Tensor& weight, bool back) {
  constexpr int n = kTile + r - 1;
  const bool flat = weight.dim() == 4;
  const auto stored = weight.detach().contiguous();
  const auto to = weight.size(back ? 1 : 0), from = weight.size(back ? 0 : 1), taps = flat ? 1 : weight.size(2);
  const auto kernel = taps * r * r;
  const auto to_step = back ? kernel : from * kernel, from_step = back ? to * kernel : kernel;
  const auto inner = inner_of(from), outer = vectors_of(to) * kTileBlock;
  const bool pairs = to <= kHalf;
  const auto steps = taps + (pairs ? 1 : 0);
  auto out = at::empty({n * n, steps * inner * outer}, at::kFloat);
  const auto* source = stored.data_ptr<float>();
  auto* target = out.data_ptr<float>();
  const auto outers = outer / kTileBlock;
  at::parallel_for(0, inner * outers, 4, [&](int64_t begin, int64_t end) {
    for (auto task = begin; task < end; ++task) {
      const auto i = task / outers, first = task % outers * kTileBlock;
      const auto lanes = i < from ? std::min<int64_t>(kTileBlock, to - first) : 0;
      for (int64_t step = 0; step < steps; ++step) {
        double given[r][r][kTileBlock] = {};
        const auto take = [&](int64_t tap, int64_t at) {
          if (tap < 0 || tap >= taps) return;
          for (int64_t lane = 0; lane < lanes; ++lane) {
            const auto* from_here = source + (first + lane) * to_step + i * from_step;
            for (int k = 0; k < r * r; ++k) given[k / r][k % r][at + lane] = from_here[back ? kernel - 1 - (tap * r * r + k) : tap * r * r + k];
          }
        };
        take(step, 0);
        if (pairs) take(step - 1, kHalf);
        Strips<r>::transform_kernels(given, target + (step * inner + i) * outer + first, steps * inner * outer);
      }
    }
  });
  return out;
}

// A tensor of one number each channel, or one for all, over whole vectors, twice where half of one holds them; null where there
// is none.
at::Tensor over_vectors(const c10::optional<at::Tensor>& given, int64_t vectors) {
  if (!given.has_value()) return {};
  auto out = at::zeros({vectors * kTileBlock}, at::kFloat);
  if (given->numel() == 1) return out.fill_(given->item<float>());
  const auto flat = given->reshape({-1});
  out.narrow(0, 0, flat.numel()).copy_(flat);
  if (flat.numel() <= kHalf) out.narrow(0, kHalf, flat.numel()).copy_(flat);
  return out;
}

const float* pointer(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }

// How much is done at once: rows of tiles and depths, so that transformed weights are read seldom and what is held fits a core's cache.
struct Portion {
  int64_t rows, depths;
};

// Floats that so many tiles and depths hold, of what goes in and of what comes out.
int64_t held_of(const Shape& shape, int64_t points, int64_t tiles, int64_t depths) {
  return points * tiles * ((shape.taps - 1 + depths) * shape.inner + depths * shape.to * kTileBlock);
}

Portion portion_of(const Shape& shape, int64_t points, int64_t samples) {
  constexpr int64_t kCache = 900'000;  // bytes
  const auto threads = at::get_num_threads();
  Portion best{1, 1};
  int64_t most = 0;
  for (int64_t rows = 1; rows <= shape.tiles_high; ++rows) {
    // Every thread has something to do.
    if (rows > 1 && samples * ((shape.tiles_high + rows - 1) / rows) < threads) break;
    for (int64_t depths = 1; depths <= std::min<int64_t>(shape.out_depth, kMostDepths); ++depths) {
      // Two depths stand in a vector where one is half a vector.
      if (shape.to_width < kTileBlock && depths % 2 == 1 && depths > 1 && depths < shape.out_depth) continue;
      const auto tiles = rows * shape.tiles_wide;
      const auto bytes = 4 * held_of(shape, points, tiles, depths);
      const auto score = std::min<int64_t>(tiles * depths, 96);
      if ((bytes <= kCache || (rows == 1 && depths == 1)) && score > most) {
        most = score;
        best = {rows, depths};
      }
    }
  }
  return best;
}

// Sizes of a convolution of the channels of all inputs by a kernel of `size`.
Shape shape_of(const std::vector<at::Tensor>& inputs, at::IntArrayRef size, const Window& window) {
  const bool flat = size.size() == 4;
  int64_t channels = 0;  // with those that fill up the last block
  for (const auto& x : inputs) {
    TORCH_CHECK(x.is_contiguous() && is_blocked(x) && x.dim() == (flat ? 5 : 6) &&
                    x.sizes().slice(2, x.dim() - 3) == inputs[0].sizes().slice(2, x.dim() - 3) && x.size(0) == inputs[0].size(0),
                "expected contiguous blocked tensors of one size, but ", x.sizes(), " came");
    channels += x.size(1) * width_of(x);
  }
  TORCH_CHECK(inputs.size() == 1 ? inputs[0].size(1) == blocks_of(size[1]) && width_of(inputs[0]) == width_of(size[1]) : channels == size[1], "expected ",
              size[1], " channels, but ", channels, " came");
  const auto& x = inputs[0];
  const auto side = size.back();
  Shape shape{};
  shape.channels = size[1];
  shape.from = vectors_of(size[1]);
  shape.to = vectors_of(size[0]);
  shape.inner = inner_of(size[1]);
  shape.to_width = width_of(size[0]);
  shape.depth = flat ? 1 : x.size(2);
  shape.height = x.size(-3);
  shape.width = x.size(-2);
  shape.taps = flat ? 1 : size[2];
  shape.pad_depth = flat ? 0 : window.padding[0];
  shape.pad_height = window.padding[flat ? 0 : 1];
  shape.pad_width = window.padding[flat ? 1 : 2];
  shape.out_depth = shape.depth + 2 * shape.pad_depth - shape.taps + 1;
  shape.out_height = shape.height + 2 * shape.pad_height - side + 1;
  shape.out_width = shape.width + 2 * shape.pad_width - side + 1;
  TORCH_CHECK(shape.out_depth > 0 && shape.out_height > 0 && shape.out_width > 0, "a kernel of ", size, " does not fit ", x.sizes());
  shape.tiles_high = (shape.out_height + kTile - 1) / kTile;
  shape.tiles_wide = (shape.out_width + kTile - 1) / kTile;
  return shape;
}

// The vectors of channels of a sample: each of two times eight, one after another through all inputs.
std::vector<Lanes> lanes_of_sample(const std::vector<at::Tensor>& inputs, int64_t sample) {
  std::vector<Lanes> found;
  bool half = false;  // of the last one is there
  for (const auto& x : inputs) {
    const auto width = width_of(x), plane = x.numel() / (x.size(0) * x.size(1));
    for (int64_t of = 0; of < x.size(1); ++of) {
      const auto* from = x.data_ptr<float>() + (sample * x.size(1) + of) * plane;
      for (int64_t lane = 0; lane < width; lane += kHalf, half = !half) {
        if (half) {
          found.back().high = from + lane;
          found.back().high_step = width;
        } else {
          found.push_back({from + lane, nullptr, width, 0});
        }
      }
    }
  }
  return found;
}

// Floats that a portion of the work holds at once.
int64_t scratch_of(const Shape& shape, const Portion& portion, int64_t points) {
  return held_of(shape, points, portion.rows * shape.tiles_wide, portion.depths) + kTileBlock;
}

// Calls body(sample, first row of tiles, last, scratch) for all strips, in parallel.
template <class Body>
void each_strip(const Shape& shape, const Portion& portion, int64_t points, int64_t samples, const Body& body) {
  const auto strips = (shape.tiles_high + portion.rows - 1) / portion.rows;
  at::parallel_for(0, samples * strips, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> held(scratch_of(shape, portion, points));
    for (auto task = begin; task < end; ++task) {
      const auto first = task % strips * portion.rows;
      body(task / strips, first, std::min(first + portion.rows, shape.tiles_high), held.data());
    }
  });
}

template <int r>
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::IntArrayRef size, const Shape& shape) {
  constexpr int n = kTile + r - 1, points = n * n;
  const auto samples = x.size(0);
  const auto portion = portion_of(shape, points, samples);
  const auto inner = shape.inner, outer = shape.to * kTileBlock;
  // No more threads work than there are strips, and each has sums of its own.
  const auto threads = std::min<int64_t>(at::get_num_threads(), samples * ((shape.tiles_high + portion.rows - 1) / portion.rows));
  const auto out_sample = gradient.numel() / samples;
  auto sums = at::zeros({threads, points * shape.taps * inner * outer}, at::kFloat);
  each_strip(shape, portion, points, samples, [&](int64_t sample, int64_t first, int64_t last, float* held) {
    Strips<r>::gather(lanes_of_sample({x}, sample).data(), gradient.data_ptr<float>() + sample * out_sample,
                       sums.data_ptr<float>() + at::get_thread_num() * sums.size(1), shape, first, last, portion.depths, held);
  });
  for (int64_t thread = 1; thread < threads; ++thread) sums[0].add_(sums[thread]);
  auto out = at::empty(size, at::kFloat);
  const auto* source = sums.data_ptr<float>();
  auto* target = out.data_ptr<float>();
  const auto to = size[0], from = size[1];
  at::parallel_for(0, from * shape.to, 4, [&](int64_t begin, int64_t end) {
    for (auto task = begin; task < end; ++task) {
      const auto i = task / shape.to, first = task % shape.to * kTileBlock;
      for (int64_t tap = 0; tap < shape.taps; ++tap) {
        double found[r][r][kTileBlock] = {};
        Strips<r>::gather_kernels(source + (tap * inner + i) * outer + first, shape.taps * inner * outer, found);
        for (int64_t lane = 0; lane < std::min<int64_t>(kTileBlock, to - first); ++lane)
          for (int k = 0; k < r * r; ++k)
            target[(((first + lane) * from + i) * shape.taps + tap) * r * r + k] = static_cast<float>(found[k / r][k % r][lane]);
      }
    }
  });
  return out;
}

}  // namespace

bool suits_winograd(at::IntArrayRef input, at::IntArrayRef weight, const Window& window) {
  if (block() != kTileBlock || window.transposed) return false;
  const auto plain = [](const std::vector<int64_t>& steps) { return std::all_of(steps.begin(), steps.end(), [](int64_t step) { return step == 1; }); };
  const auto side = weight.back();
  const auto height = input[input.size() - 2], width = input.back();
  if (!plain(window.stride) || !plain(window.dilation) || weight[weight.size() - 2] != side || (side != 3 && side != 5)) return false;
  if (input.size() == 5 && weight[2] > kMostTaps) return false;
  const auto voxels = input.size() == 5 ? input[2] * height * width : height * width;
  // Few voxels do not repay the reading of transformed weights, few channels not the transforms.
  return weight[0] >= 8 && weight[1] >= 8 && height >= 8 && width >= 8 && voxels >= 1024;
}

at::Tensor transform_weight(const at::Tensor& weight, bool back) {
  return weight.size(-1) == 3 ? transformed<3>(weight, back) : transformed<5>(weight, back);
}

at::Tensor winograd(const std::vector<at::Tensor>& inputs, const at::Tensor& weight, at::IntArrayRef size, const c10::optional<at::Tensor>& bias,
                    const Window& window, const Following& following) {
  const auto shape = shape_of(inputs, size, window);
  const auto samples = inputs[0].size(0);
  auto out = at::empty(size.size() == 4 ? std::vector<int64_t>{samples, shape.to, shape.out_height, shape.out_width, shape.to_width}
                                        : std::vector<int64_t>{samples, shape.to, shape.out_depth, shape.out_height, shape.out_width, shape.to_width},
                       at::kFloat);
  const auto biases = over_vectors(bias, shape.to), slopes = over_vectors(following.slope, shape.to);
  const auto residual = following.residual.has_value() ? following.residual->contiguous() : at::Tensor();
  TORCH_CHECK(!residual.defined() || residual.sizes() == out.sizes(), "expected a residual like ", out.sizes(), ", but ", residual.sizes(), " came");
  const auto points = weight.size(0);
  const auto portion = portion_of(shape, points, samples);
  const auto out_sample = out.numel() / samples;
  const auto run = size.back() == 3 ? Strips<3>::convolve : Strips<5>::convolve;
  each_strip(shape, portion, points, samples, [&](int64_t sample, int64_t first, int64_t last, float* held) {
    const Finish finish{pointer(biases), residual.defined() ? residual.data_ptr<float>() + sample * out_sample : nullptr, pointer(slopes)};
    run(lanes_of_sample(inputs, sample).data(), weight.data_ptr<float>(), out.data_ptr<float>() + sample * out_sample, shape, first, last,
        portion.depths, finish, held);
  });
  return out;
}

at::Tensor winograd_weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::IntArrayRef size, const Window& window) {
  const auto shape = shape_of({x}, size, window);
  return size.back() == 3 ? weight_gradient<3>(gradient, x, size, shape) : weight_gradient<5>(gradient, x, size, shape);
}

}  // namespace blocked
