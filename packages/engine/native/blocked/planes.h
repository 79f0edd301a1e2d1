// What passes over whole blocked tensors share: how the work is divided, and constants of channels.
#pragma once

#include "layout.h"
#include "rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {

// The sizes of a blocked tensor: planes of `floats` each, one a sample and block of channels.
struct Planes {
  int64_t samples, blocks, width, floats, chunks;  // width: of a block

  explicit Planes(const at::Tensor& x) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous() && is_blocked(x), "expected a contiguous blocked tensor, but ", x.sizes(), " came");
    samples = x.size(0);
    blocks = x.size(1);
    width = width_of(x);
    floats = x.numel() == 0 ? 0 : x.numel() / (samples * blocks);
    chunks = std::max<int64_t>(1, (floats + kChunk - 1) / kChunk);
  }

  int64_t planes() const { return samples * blocks; }
  int64_t channels() const { return blocks * width; }  // with those that fill up the last block
  const RowKernels& rows() const { return row_kernels(width); }

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

// Constants of channels as float arrays over blocks of `width`; those beyond the last channel are zero.
inline std::vector<float> padded(const at::Tensor& values, int64_t blocks, int64_t width) {
  const auto flat = values.detach().to(at::kFloat).contiguous();
  const auto wanted = blocks * width;
  std::vector<float> found(wanted, 0.f);
  const auto* data = flat.data_ptr<float>();
  if (flat.numel() == 1) {
    std::fill(found.begin(), found.end(), data[0]);
  } else {
    TORCH_CHECK(flat.numel() <= wanted && flat.numel() > wanted - width, "expected a number for each channel of ", blocks, " blocks, but ",
                flat.numel(), " came");
    std::copy(data, data + flat.numel(), found.begin());
  }
  return found;
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
      residual.voxel = data + (plane / planes.blocks) * (planes.floats / planes.width) + (offset - plane * planes.floats) / planes.width;
    }
    return residual;
  }

 private:
  at::Tensor tensor_;
  bool each_ = false;
};

}  // namespace blocked
