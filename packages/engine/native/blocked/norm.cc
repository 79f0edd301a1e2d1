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
    auto* to = &partial[(plane * planes.chunks + chunk) * 2 * block()];
    row_kernels().moments(data + offset, data + plane * planes.floats, to, to + block(), count / block());
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
    const auto own = plane / planes.blocks * width + channel;
    row_kernels().bend(data + offset, found.out.data_ptr<float>() + offset, {&scales[own], &shifts[own], &slopes[channel]},
                       residuals.at(planes, plane, offset), count / block());
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
    row_kernels().reach(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr,
                        {&scales[own], &shifts[own], &slopes[channel]}, &centre[own], residuals.at(planes, plane, offset),
                        &partial[(plane * planes.chunks + chunk) * 3 * block()], count / block());
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
    row_kernels().back(from + offset, data + offset, residual_wanted ? reached.data_ptr<float>() + offset : nullptr,
                       found.x.data_ptr<float>() + offset, {&scales[own], &shifts[own], &slopes[channel]},
                       {&scales[own], &of_x[own], &centre[own], &constant[own]}, residuals.at(planes, plane, offset), count / block());
  });
  found.weight = found.weight.to(at::kFloat);
  found.bias = found.bias.to(at::kFloat);
  if (slope_wanted) found.slope = (slope.numel() == 1 ? of_slope.sum().reshape(slope.sizes()) : of_slope.reshape(slope.sizes())).to(at::kFloat);
  found.residual = std::move(reached);
  return found;
}

}  // namespace blocked
