#include "pointwise.h"

#include "kernel.h"
#include "layout.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace blocked {
namespace {

struct Lanes {
  float scale[kLanes], shift[kLanes], slope[kLanes];
};

// The residual of a kernel: none, a float for each of x, or one for each voxel.
struct Residual {
  const float* each = nullptr;
  const float* voxel = nullptr;
  int64_t block = kLanes;  // floats of a voxel

  Residual from(int64_t floats) const {
    return {each == nullptr ? nullptr : each + floats, voxel == nullptr ? nullptr : voxel + floats / block, block};
  }
};

// One loop body for all three kinds of residual: full rows in vectors, what is left one by one.
#define ROWS(count, body)                                              \
  {                                                                    \
    int64_t at = 0;                                                    \
    for (; at + kLanes <= (count); at += kLanes)                       \
      _Pragma("omp simd") for (int64_t lane = 0; lane < kLanes; ++lane) body \
    for (int64_t lane = 0; lane < (count) - at; ++lane) body           \
  }

#define WITH_RESIDUAL(count, body)                                                         \
  if (residual.each != nullptr) {                                                          \
    const float* const each = residual.each;                                               \
    ROWS(count, { const float added = each[at + lane]; body })                             \
  } else if (residual.voxel != nullptr && residual.block == 16) {                          \
    const float* const voxel = residual.voxel;                                             \
    ROWS(count, { const float added = voxel[at >> 4]; body })                              \
  } else if (residual.voxel != nullptr) {                                                  \
    const float* const voxel = residual.voxel;                                             \
    ROWS(count, { const float added = voxel[(at + lane) >> 3]; body })                     \
  } else {                                                                                 \
    ROWS(count, { const float added = 0.f; body })                                         \
  }

// x and y may be the same.
KERNEL apply_kernel(const float* x, float* y, const Lanes& lanes, const Residual& residual, int64_t count) {
  WITH_RESIDUAL(count, {
    const float z = x[at + lane] * lanes.scale[lane] + lanes.shift[lane] + added;
    y[at + lane] = z > 0.f ? z : z * lanes.slope[lane];
  })
}

// Sums over at most this many floats are float32, over more float64.
constexpr int64_t kExact = 64 * kLanes;

struct Moments {
  double sum[kLanes] = {}, square[kLanes] = {};
};

// Sums of x − origin and of its square.
KERNEL moments_kernel(const float* __restrict x, const float* __restrict origin, Moments& moments, int64_t count) {
  for (int64_t from = 0; from < count; from += kExact) {
    const auto* const part = x + from;
    float sum[kLanes] = {}, square[kLanes] = {};
    ROWS(std::min(kExact, count - from), {
      const float d = part[at + lane] - origin[lane];
      sum[lane] += d;
      square[lane] += d * d;
    })
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      moments.sum[lane] += sum[lane];
      moments.square[lane] += square[lane];
    }
  }
}

struct Sums {
  double g[kLanes] = {}, gx[kLanes] = {}, slope[kLanes] = {};
};

// What reaches z from the gradient of y; its sum, its sum times x − mean, and the gradient of the slope. Written to g where that is given.
KERNEL reach_kernel(const float* __restrict all_gradient, const float* __restrict all_x, float* __restrict all_g, const Lanes& lanes,
                    const float* __restrict mean, const Residual& all_residual, Sums& sums, int64_t all) {
  for (int64_t from = 0; from < all; from += kExact) {
    const auto count = std::min(kExact, all - from);
    const auto *const gradient = all_gradient + from, *const x = all_x + from;
    const auto residual = all_residual.from(from);
    float sum[kLanes] = {}, product[kLanes] = {}, bent[kLanes] = {};
    if (all_g != nullptr) {
      auto* const g = all_g + from;
      WITH_RESIDUAL(count, {
        const float z = x[at + lane] * lanes.scale[lane] + lanes.shift[lane] + added;
        const float given = gradient[at + lane];
        const float reached = z > 0.f ? given : given * lanes.slope[lane];
        g[at + lane] = reached;
        sum[lane] += reached;
        product[lane] += reached * (x[at + lane] - mean[lane]);
        bent[lane] += z > 0.f ? 0.f : given * z;
      })
    } else {
      WITH_RESIDUAL(count, {
        const float z = x[at + lane] * lanes.scale[lane] + lanes.shift[lane] + added;
        const float given = gradient[at + lane];
        const float reached = z > 0.f ? given : given * lanes.slope[lane];
        sum[lane] += reached;
        product[lane] += reached * (x[at + lane] - mean[lane]);
        bent[lane] += z > 0.f ? 0.f : given * z;
      })
    }
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      sums.g[lane] += sum[lane];
      sums.gx[lane] += product[lane];
      sums.slope[lane] += bent[lane];
    }
  }
}

struct Back {
  float of_g[kLanes], of_x[kLanes], mean[kLanes], constant[kLanes];
};

// dx = of_g · g + of_x · (x − mean) + constant, with g made again from the gradient of y, or read.
KERNEL back_kernel(const float* __restrict gradient, const float* __restrict x, const float* __restrict g, float* __restrict dx, const Lanes& lanes,
                   const Back& back, const Residual& residual, int64_t count) {
  if (g != nullptr) {
    ROWS(count, { dx[at + lane] = back.of_g[lane] * g[at + lane] + back.of_x[lane] * (x[at + lane] - back.mean[lane]) + back.constant[lane]; })
  } else {
    WITH_RESIDUAL(count, {
      const float z = x[at + lane] * lanes.scale[lane] + lanes.shift[lane] + added;
      const float reached = z > 0.f ? gradient[at + lane] : gradient[at + lane] * lanes.slope[lane];
      dx[at + lane] = back.of_g[lane] * reached + back.of_x[lane] * (x[at + lane] - back.mean[lane]) + back.constant[lane];
    })
  }
}

// The sizes of a blocked tensor: planes of `floats` each, one a sample and block of channels.
struct Planes {
  int64_t samples, blocks, floats, chunks;

  explicit Planes(const at::Tensor& x) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous() && x.dim() >= 5 && x.size(-1) == block(),
                "expected a contiguous blocked tensor, but ", x.sizes(), " came");
    samples = x.size(0);
    blocks = x.size(1);
    floats = x.numel() == 0 ? 0 : x.numel() / (samples * blocks);
    chunks = std::max<int64_t>(1, (floats + kChunk - 1) / kChunk);
  }

  int64_t planes() const { return samples * blocks; }

  // Calls body(plane, offset of its chunk in x, floats of it, number of the chunk) for all, in parallel.
  template <class Body>
  void each(const Body& body) const {
    at::parallel_for(0, planes() * chunks, 1, [&](int64_t begin, int64_t end) {
      for (auto task = begin; task < end; ++task) {
        const auto plane = task / chunks, chunk = task % chunks;
        const auto from = chunk * kChunk;
        body(plane, plane * floats + from, std::min(kChunk, floats - from), chunk);
      }
    });
  }
};

// Constants of channels as float arrays over all blocks; those beyond the last channel are zero.
std::vector<float> padded(const at::Tensor& values, int64_t blocks) {
  const auto flat = values.detach().to(at::kFloat).contiguous();
  const auto wanted = blocks * block();
  std::vector<float> found(wanted, 0.f);
  const auto* data = flat.data_ptr<float>();
  if (flat.numel() == 1) {
    std::fill(found.begin(), found.end(), data[0]);
  } else {
    TORCH_CHECK(flat.numel() <= wanted && flat.numel() > wanted - block(), "expected a number for each channel of ", blocks, " blocks, but ",
                flat.numel(), " came");
    std::copy(data, data + flat.numel(), found.begin());
  }
  return found;
}

void repeat(const float* of_block, float* lanes) {
  for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] = of_block[lane % block()];
}

Lanes lanes_at(const std::vector<float>& scale, const std::vector<float>& shift, const std::vector<float>& slope, int64_t scale_from, int64_t slope_from) {
  Lanes lanes;
  repeat(&scale[scale_from], lanes.scale);
  repeat(&shift[scale_from], lanes.shift);
  repeat(&slope[slope_from], lanes.slope);
  return lanes;
}

// Reads the residual of each chunk.
class Residuals {
 public:
  Residuals(const at::Tensor& x, const c10::optional<at::Tensor>& given) {
    if (!given.has_value()) return;
    tensor_ = given->detach().contiguous();
    each_ = tensor_.sizes() == x.sizes();
    auto voxels = x.sizes().vec();
    voxels.pop_back();
    voxels[1] = 1;
    TORCH_CHECK(each_ || tensor_.sizes() == at::IntArrayRef(voxels), "expected a residual like ", x.sizes(), " or ", at::IntArrayRef(voxels), ", but ",
                tensor_.sizes(), " came");
  }

  Residual at(const Planes& planes, int64_t plane, int64_t offset) const {
    Residual residual;
    if (!tensor_.defined()) return residual;
    const auto* data = tensor_.data_ptr<float>();
    if (each_) {
      residual.each = data + offset;
    } else {
      residual.block = block();
      residual.voxel = data + (plane / planes.blocks) * (planes.floats / block()) + (offset - plane * planes.floats) / block();
    }
    return residual;
  }

 private:
  at::Tensor tensor_;
  bool each_ = false;
};

void affine_into(const at::Tensor& out, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                 const at::Tensor& slope) {
  const Planes planes(x);
  const auto scales = padded(scale, planes.blocks), shifts = padded(shift, planes.blocks), slopes = padded(slope, planes.blocks);
  const Residuals residuals(x, residual);
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t) {
    const auto channel = plane % planes.blocks * block();
    apply_kernel(x.data_ptr<float>() + offset, out.data_ptr<float>() + offset, lanes_at(scales, shifts, slopes, channel, channel),
                 residuals.at(planes, plane, offset), count);
  });
}

}  // namespace

at::Tensor affine(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                  const at::Tensor& slope) {
  auto out = at::empty_like(x);
  affine_into(out, x, scale, shift, residual, slope);
  return out;
}

void activate(const at::Tensor& x, const c10::optional<at::Tensor>& residual, const at::Tensor& slope) {
  affine_into(x, x, at::ones({1}, at::kFloat), at::zeros({1}, at::kFloat), residual, slope);
}

namespace {

// Sums over sets: what belongs to (sample, channel) goes to the set of both.
struct Sets {
  int64_t samples, channels;
  Sharing sharing;
  int64_t elements;  // of a set

  Sets(const Planes& planes, int64_t channels, Sharing sharing) : samples(planes.samples), channels(channels), sharing(sharing) {
    TORCH_CHECK(sharing.groups > 0 && channels % sharing.groups == 0, "expected groups that divide ", channels, " channels, but ", sharing.groups, " came");
    elements = planes.floats / block() * (channels / sharing.groups) * (sharing.batch ? samples : 1);
  }

  int64_t count() const { return sharing.groups * (sharing.batch ? 1 : samples); }
  int64_t of(int64_t sample, int64_t channel) const {
    return (sharing.batch ? 0 : sample * sharing.groups) + channel / (channels / sharing.groups);
  }
};

}  // namespace

Normalised normalise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const c10::optional<at::Tensor>& running_mean,
                     const c10::optional<at::Tensor>& running_var, Sharing sharing, double momentum, double epsilon,
                     const c10::optional<at::Tensor>& residual, const at::Tensor& slope) {
  const Planes planes(x);
  const auto channels = weight.numel();
  const auto width = planes.blocks * block();
  const Sets sets(planes, channels, sharing);
  const auto weights = padded(weight, planes.blocks), biases = padded(bias, planes.blocks), slopes = padded(slope, planes.blocks);
  const Residuals residuals(x, residual);
  const auto* data = x.data_ptr<float>();

  // Moments of each plane's chunks, about the plane's first voxel; then of its channels, in a fixed order.
  std::vector<double> partial(planes.planes() * planes.chunks * 2 * block());
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t chunk) {
    float origin[kLanes];
    Moments moments;
    repeat(data + plane * planes.floats, origin);
    moments_kernel(data + offset, origin, moments, count);
    auto* to = &partial[(plane * planes.chunks + chunk) * 2 * block()];
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      to[lane % block()] += moments.sum[lane];
      to[block() + lane % block()] += moments.square[lane];
    }
  });
  const double voxels = static_cast<double>(planes.floats / block());
  std::vector<double> mean_of(planes.samples * channels), square_of(planes.samples * channels);  // of single channels of samples; Σ (x − mean)²
  for (int64_t plane = 0; plane < planes.planes(); ++plane) {
    for (int64_t lane = 0; lane < block(); ++lane) {
      const auto channel = plane % planes.blocks * block() + lane;
      if (channel >= channels) break;
      double sum = 0, square = 0;
      for (int64_t chunk = 0; chunk < planes.chunks; ++chunk) {
        const auto* from = &partial[(plane * planes.chunks + chunk) * 2 * block()];
        sum += from[lane];
        square += from[block() + lane];
      }
      const auto place = plane / planes.blocks * channels + channel;
      mean_of[place] = data[plane * planes.floats + lane] + sum / voxels;
      square_of[place] = std::max(0., square - sum * sum / voxels);
    }
  }
  std::vector<double> mean(sets.count()), variance(sets.count());
  for (int64_t place = 0; place < planes.samples * channels; ++place)
    mean[sets.of(place / channels, place % channels)] += mean_of[place] * voxels / sets.elements;
  for (int64_t place = 0; place < planes.samples * channels; ++place) {
    const auto set = sets.of(place / channels, place % channels);
    const double apart = mean_of[place] - mean[set];
    variance[set] += (square_of[place] + voxels * apart * apart) / sets.elements;
  }

  Normalised found{at::empty_like(x), {at::empty({planes.samples, channels}, at::kDouble), at::empty({planes.samples, channels}, at::kDouble)}};
  auto* means = found.statistics.mean.data_ptr<double>();
  auto* inverses = found.statistics.inverse.data_ptr<double>();
  std::vector<float> scales(planes.samples * width, 0.f), shifts(planes.samples * width, 0.f);
  for (int64_t sample = 0; sample < planes.samples; ++sample) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const auto set = sets.of(sample, channel);
      const auto place = sample * channels + channel;
      means[place] = mean[set];
      inverses[place] = 1. / std::sqrt(variance[set] + epsilon);
      const double scale = inverses[place] * weights[channel];
      scales[sample * width + channel] = static_cast<float>(scale);
      shifts[sample * width + channel] = static_cast<float>(biases[channel] - mean[set] * scale);
    }
  }
  if (running_mean.has_value() && running_var.has_value()) {
    TORCH_CHECK(sharing.batch && sharing.groups == channels, "running statistics are those of channels over the batch");
    const double unbiased = sets.elements > 1 ? static_cast<double>(sets.elements) / static_cast<double>(sets.elements - 1) : 1.;
    const auto of_channels = at::from_blob(mean.data(), {channels}, at::kDouble);
    const auto variances = at::from_blob(variance.data(), {channels}, at::kDouble) * unbiased;
    at::Tensor running[] = {*running_mean, *running_var};
    running[0].mul_(1 - momentum).add_(of_channels.to(running[0].scalar_type()), momentum);
    running[1].mul_(1 - momentum).add_(variances.to(running[1].scalar_type()), momentum);
  }
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t) {
    const auto channel = plane % planes.blocks * block();
    apply_kernel(data + offset, found.out.data_ptr<float>() + offset,
                 lanes_at(scales, shifts, slopes, plane / planes.blocks * width + channel, channel), residuals.at(planes, plane, offset), count);
  });
  return found;
}

NormGradients normalise_backward(const at::Tensor& gradient, const at::Tensor& x, const Statistics& statistics, const at::Tensor& weight,
                                 const at::Tensor& bias, Sharing sharing, const c10::optional<at::Tensor>& residual, const at::Tensor& slope,
                                 bool residual_wanted, bool slope_wanted) {
  const Planes planes(x);
  const auto given = gradient.contiguous();
  const auto channels = weight.numel();
  const auto width = planes.blocks * block();
  const Sets sets(planes, channels, sharing);
  const auto weights = padded(weight, planes.blocks), biases = padded(bias, planes.blocks), slopes = padded(slope, planes.blocks);
  const Residuals residuals(x, residual);
  const auto* data = x.data_ptr<float>();
  const auto* from = given.data_ptr<float>();
  const auto* means = statistics.mean.data_ptr<double>();
  const auto* inverses = statistics.inverse.data_ptr<double>();

  std::vector<float> scales(planes.samples * width, 0.f), shifts(planes.samples * width, 0.f), centre(planes.samples * width, 0.f);
  for (int64_t sample = 0; sample < planes.samples; ++sample) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const auto place = sample * channels + channel;
      const double scale = inverses[place] * weights[channel];
      scales[sample * width + channel] = static_cast<float>(scale);
      shifts[sample * width + channel] = static_cast<float>(biases[channel] - means[place] * scale);
      centre[sample * width + channel] = static_cast<float>(means[place]);
    }
  }
  NormGradients found;
  at::Tensor reached = residual_wanted ? at::empty_like(x) : at::Tensor();
  std::vector<double> partial(planes.planes() * planes.chunks * 3 * block());
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t chunk) {
    const auto channel = plane % planes.blocks * block();
    const auto own = plane / planes.blocks * width + channel;
    float mean[kLanes];
    repeat(&centre[own], mean);
    Sums sums;
    reach_kernel(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr,
                 lanes_at(scales, shifts, slopes, own, channel), mean, residuals.at(planes, plane, offset), sums, count);
    auto* to = &partial[(plane * planes.chunks + chunk) * 3 * block()];
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      to[lane % block()] += sums.g[lane];
      to[block() + lane % block()] += sums.gx[lane];
      to[2 * block() + lane % block()] += sums.slope[lane];
    }
  });

  // Of sets: Σ w · g and Σ w · g · (x − mean); of channels: the gradients of weight, bias and slope.
  found.weight = at::zeros({channels}, at::kDouble);
  found.bias = at::zeros({channels}, at::kDouble);
  auto of_slope = at::zeros({channels}, at::kDouble);
  std::vector<double> set_sum(sets.count()), set_product(sets.count());
  for (int64_t plane = 0; plane < planes.planes(); ++plane) {
    for (int64_t lane = 0; lane < block(); ++lane) {
      const auto channel = plane % planes.blocks * block() + lane;
      if (channel >= channels) break;
      double total[3] = {};
      for (int64_t chunk = 0; chunk < planes.chunks; ++chunk)
        for (int64_t kind = 0; kind < 3; ++kind) total[kind] += partial[((plane * planes.chunks + chunk) * 3 + kind) * block() + lane];
      const auto sample = plane / planes.blocks;
      const auto place = sample * channels + channel;
      found.bias.data_ptr<double>()[channel] += total[0];
      found.weight.data_ptr<double>()[channel] += total[1] * inverses[place];
      of_slope.data_ptr<double>()[channel] += total[2];
      const auto set = sets.of(sample, channel);
      set_sum[set] += total[0] * weights[channel];
      set_product[set] += total[1] * weights[channel];
    }
  }
  std::vector<float> of_x(planes.samples * width, 0.f), constant(planes.samples * width, 0.f);
  for (int64_t sample = 0; sample < planes.samples; ++sample) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const auto place = sample * channels + channel;
      const auto set = sets.of(sample, channel);
      const double inverse = inverses[place];
      of_x[sample * width + channel] = static_cast<float>(-inverse * inverse * inverse * set_product[set] / sets.elements);
      constant[sample * width + channel] = static_cast<float>(-inverse * set_sum[set] / sets.elements);
    }
  }
  found.x = at::empty_like(x);
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t) {
    const auto channel = plane % planes.blocks * block();
    const auto own = plane / planes.blocks * width + channel;
    Back back;
    repeat(&scales[own], back.of_g);
    repeat(&of_x[own], back.of_x);
    repeat(&centre[own], back.mean);
    repeat(&constant[own], back.constant);
    back_kernel(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr, found.x.data_ptr<float>() + offset,
                lanes_at(scales, shifts, slopes, own, channel), back, residuals.at(planes, plane, offset), count);
  });
  found.weight = found.weight.to(at::kFloat);
  found.bias = found.bias.to(at::kFloat);
  if (slope_wanted) found.slope = (slope.numel() == 1 ? of_slope.sum().reshape(slope.sizes()) : of_slope.reshape(slope.sizes())).to(at::kFloat);
  found.residual = std::move(reached);
  return found;
}

}  // namespace blocked
