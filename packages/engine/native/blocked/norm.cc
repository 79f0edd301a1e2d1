#include "norm.h"

#include "planes.h"

#include <cmath>

namespace blocked {
namespace {

// Sums over sets: what belongs to (sample, channel) goes to the set of both.
struct Sets {
  int64_t samples, channels;
  Sharing sharing;
  int64_t elements;  // of a set

  Sets(const Planes& planes, int64_t channels, Sharing sharing) : samples(planes.samples), channels(channels), sharing(sharing) {
    TORCH_CHECK(sharing.groups > 0 && channels % sharing.groups == 0, "expected groups that divide ", channels, " channels, but ", sharing.groups, " came");
    elements = planes.floats / planes.width * (channels / sharing.groups) * (sharing.batch ? samples : 1);
  }

  int64_t count() const { return sharing.groups * (sharing.batch ? 1 : samples); }
  int64_t of(int64_t sample, int64_t channel) const {
    return (sharing.batch ? 0 : sample * sharing.groups) + channel / (channels / sharing.groups);
  }
};

// What both ways begin with.
struct Setting {
  Planes planes;
  int64_t channels, width;
  Sets sets;
  std::vector<float> weights, biases, slopes;
  Residuals residuals;

  Setting(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& slope, Sharing sharing,
          const c10::optional<at::Tensor>& residual)
      : planes(x), channels(weight.numel()), width(planes.channels()), sets(planes, channels, sharing), weights(padded(weight, planes.blocks, planes.width)),
        biases(padded(bias, planes.blocks, planes.width)), slopes(padded(slope, planes.blocks, planes.width)), residuals(x, residual) {}
};

// What each channel of each sample is multiplied by and what is added, and its mean; zero beyond the last channel.
struct Folded {
  std::vector<float> scales, shifts, centre;

  Folded(const Statistics& statistics, const Setting& setting)
      : scales(setting.planes.samples * setting.width, 0.f), shifts(scales), centre(scales) {
    const auto* means = statistics.mean.data_ptr<double>();
    const auto* inverses = statistics.inverse.data_ptr<double>();
    for (int64_t sample = 0; sample < setting.planes.samples; ++sample) {
      for (int64_t channel = 0; channel < setting.channels; ++channel) {
        const auto place = sample * setting.channels + channel, own = sample * setting.width + channel;
        const double scale = inverses[place] * setting.weights[channel];
        scales[own] = static_cast<float>(scale);
        shifts[own] = static_cast<float>(setting.biases[channel] - means[place] * scale);
        centre[own] = static_cast<float>(means[place]);
      }
    }
  }
};

}  // namespace

Normalised normalise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const c10::optional<at::Tensor>& running_mean,
                     const c10::optional<at::Tensor>& running_var, Sharing sharing, double momentum, double epsilon,
                     const c10::optional<at::Tensor>& residual, const at::Tensor& slope) {
  const Setting setting(x, weight, bias, slope, sharing, residual);
  const auto& [planes, channels, width, sets, weights, biases, slopes, residuals] = setting;
  const auto* data = x.data_ptr<float>();

  // Moments of each plane's chunks, about the plane's first voxel; then of its channels, in a fixed order.
  std::vector<double> partial(planes.planes() * planes.chunks * 2 * planes.width);
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t chunk) {
    auto* to = &partial[(plane * planes.chunks + chunk) * 2 * planes.width];
    planes.rows().moments(data + offset, data + plane * planes.floats, to, to + planes.width, count / planes.width);
  });
  const double voxels = static_cast<double>(planes.floats / planes.width);
  std::vector<double> mean_of(planes.samples * channels), square_of(planes.samples * channels);  // of single channels of samples; Σ (x − mean)²
  for (int64_t plane = 0; plane < planes.planes(); ++plane) {
    for (int64_t lane = 0; lane < planes.width; ++lane) {
      const auto channel = plane % planes.blocks * planes.width + lane;
      if (channel >= channels) break;
      double sum = 0, square = 0;
      for (int64_t chunk = 0; chunk < planes.chunks; ++chunk) {
        const auto* from = &partial[(plane * planes.chunks + chunk) * 2 * planes.width];
        sum += from[lane];
        square += from[planes.width + lane];
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
  for (int64_t sample = 0; sample < planes.samples; ++sample) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      const auto set = sets.of(sample, channel);
      means[sample * channels + channel] = mean[set];
      inverses[sample * channels + channel] = 1. / std::sqrt(variance[set] + epsilon);
    }
  }
  const Folded folded(found.statistics, setting);
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
    const auto channel = plane % planes.blocks * planes.width;
    const auto own = plane / planes.blocks * width + channel;
    planes.rows().bend(data + offset, found.out.data_ptr<float>() + offset, {&folded.scales[own], &folded.shifts[own], &slopes[channel]},
                       residuals.at(planes, plane, offset), count / planes.width);
  });
  return found;
}

NormGradients normalise_backward(const at::Tensor& gradient, const at::Tensor& x, const Statistics& statistics, const at::Tensor& weight,
                                 const at::Tensor& bias, Sharing sharing, const c10::optional<at::Tensor>& residual, const at::Tensor& slope,
                                 bool residual_wanted, bool slope_wanted) {
  const Setting setting(x, weight, bias, slope, sharing, residual);
  const auto& [planes, channels, width, sets, weights, biases, slopes, residuals] = setting;
  const auto given = gradient.contiguous();
  const auto* data = x.data_ptr<float>();
  const auto* from = given.data_ptr<float>();
  const auto* inverses = statistics.inverse.data_ptr<double>();
  const Folded folded(statistics, setting);
  NormGradients found;
  at::Tensor reached = residual_wanted ? at::empty_like(x) : at::Tensor();
  std::vector<double> partial(planes.planes() * planes.chunks * 3 * planes.width);
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t chunk) {
    const auto channel = plane % planes.blocks * planes.width;
    const auto own = plane / planes.blocks * width + channel;
    planes.rows().reach(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr,
                        {&folded.scales[own], &folded.shifts[own], &slopes[channel]}, &folded.centre[own], residuals.at(planes, plane, offset),
                        &partial[(plane * planes.chunks + chunk) * 3 * planes.width], count / planes.width);
  });

  // Of sets: Σ w · g and Σ w · g · (x − mean); of channels: the gradients of weight, bias and slope.
  found.weight = at::zeros({channels}, at::kDouble);
  found.bias = at::zeros({channels}, at::kDouble);
  auto of_slope = at::zeros({channels}, at::kDouble);
  std::vector<double> set_sum(sets.count()), set_product(sets.count());
  for (int64_t plane = 0; plane < planes.planes(); ++plane) {
    for (int64_t lane = 0; lane < planes.width; ++lane) {
      const auto channel = plane % planes.blocks * planes.width + lane;
      if (channel >= channels) break;
      double total[3] = {};
      for (int64_t chunk = 0; chunk < planes.chunks; ++chunk)
        for (int64_t kind = 0; kind < 3; ++kind) total[kind] += partial[((plane * planes.chunks + chunk) * 3 + kind) * planes.width + lane];
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
    const auto channel = plane % planes.blocks * planes.width;
    const auto own = plane / planes.blocks * width + channel;
    planes.rows().back(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr,
                       found.x.data_ptr<float>() + offset, {&folded.scales[own], &folded.shifts[own], &slopes[channel]},
                       {&folded.scales[own], &of_x[own], &folded.centre[own], &constant[own]}, residuals.at(planes, plane, offset), count / planes.width);
  });
  found.weight = found.weight.to(at::kFloat);
  found.bias = found.bias.to(at::kFloat);
  if (slope_wanted) found.slope = (slope.numel() == 1 ? of_slope.sum().reshape(slope.sizes()) : of_slope.reshape(slope.sizes())).to(at::kFloat);
  found.residual = std::move(reached);
  return found;
}

}  // namespace blocked
