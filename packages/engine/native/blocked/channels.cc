#include "channels.h"

#include "layout.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace blocked {
namespace {

constexpr int64_t kVoxels = 1024;  // that one task takes

// A tensor's rows of `width` floats, a voxel and block of channels each.
struct Rows {
  float* data;
  int64_t blocks, width, voxels;

  explicit Rows(const at::Tensor& x) : data(x.data_ptr<float>()), blocks(x.size(1)), width(width_of(x)), voxels(x.numel() / (x.size(0) * blocks * width)) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous() && is_blocked(x), "expected a contiguous blocked tensor, but ", x.sizes(), " came");
  }
  float* at(int64_t sample, int64_t channel, int64_t voxel) const {
    return data + ((sample * blocks + channel / width) * voxels + voxel) * width + channel % width;
  }
};

// Copies `count` channels from one to the other, in runs that cross no block of either.
void copy_channels(const Rows& from, int64_t from_channel, const Rows& to, int64_t to_channel, int64_t count, int64_t samples) {
  while (count > 0) {
    const auto run = std::min({count, from.width - from_channel % from.width, to.width - to_channel % to.width});
    const auto tasks = (from.voxels + kVoxels - 1) / kVoxels;
    at::parallel_for(0, samples * tasks, 1, [&](int64_t begin, int64_t end) {
      for (auto task = begin; task < end; ++task) {
        const auto sample = task / tasks, first = task % tasks * kVoxels;
        const auto voxels = std::min(kVoxels, from.voxels - first);
        const auto* source = from.at(sample, from_channel, first);
        auto* target = to.at(sample, to_channel, first);
        if (run == from.width && run == to.width) {
          std::memcpy(target, source, voxels * run * sizeof(float));
        } else if (run == kHalf) {
          for (int64_t voxel = 0; voxel < voxels; ++voxel) std::memcpy(target + voxel * to.width, source + voxel * from.width, kHalf * sizeof(float));
        } else {
          for (int64_t voxel = 0; voxel < voxels; ++voxel) std::copy_n(source + voxel * from.width, run, target + voxel * to.width);
        }
      }
    });
    from_channel += run;
    to_channel += run;
    count -= run;
  }
}

// Space for so many channels, those that fill up the last block being zero.
at::Tensor like(const at::Tensor& x, int64_t channels) {
  auto size = x.sizes().vec();
  size[1] = blocks_of(channels);
  size.back() = width_of(channels);
  auto out = at::empty(size, at::kFloat);
  if (channels % size.back() != 0) out.select(1, size[1] - 1).zero_();
  return out;
}

}  // namespace

at::Tensor join(const std::vector<at::Tensor>& inputs, at::IntArrayRef channels) {
  TORCH_CHECK(!inputs.empty() && inputs.size() == channels.size(), "expected a number of channels for each of ", inputs.size(), " inputs, but ", channels,
              " came");
  int64_t all = 0;
  for (size_t at = 0; at < inputs.size(); ++at) {
    TORCH_CHECK(inputs[at].sizes().slice(2, inputs[at].dim() - 3) == inputs[0].sizes().slice(2, inputs[0].dim() - 3) && inputs[at].size(0) == inputs[0].size(0) &&
                    inputs[at].size(1) == blocks_of(channels[at]),
                "expected inputs of one size, but ", inputs[0].sizes(), " and ", inputs[at].sizes(), " came");
    all += channels[at];
  }
  auto out = like(inputs[0], all);
  const Rows to(out);
  int64_t place = 0;
  for (size_t at = 0; at < inputs.size(); ++at) {
    copy_channels(Rows(inputs[at]), 0, to, place, channels[at], out.size(0));
    place += channels[at];
  }
  return out;
}

at::Tensor take(const at::Tensor& x, int64_t channels, int64_t start, int64_t length) {
  TORCH_CHECK(start >= 0 && length > 0 && start + length <= channels && x.size(1) == blocks_of(channels), "expected channels of ", channels, ", but ", start,
              " to ", start + length, " of ", x.sizes(), " were asked for");
  auto out = like(x, length);
  copy_channels(Rows(x), start, Rows(out), 0, length, x.size(0));
  return out;
}

}  // namespace blocked
