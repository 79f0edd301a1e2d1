#include "voxelwise.h"

#include "layout.h"
#include "rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace blocked {
namespace {

constexpr int64_t kMostLogits = 8;
constexpr int64_t kVoxels = 2048;  // that one task takes

struct Grid {
  int64_t samples, blocks, width, voxels, chunks;
  std::vector<int64_t> space;

  explicit Grid(const at::Tensor& x) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous() && is_blocked(x), "expected a contiguous blocked tensor, but ", x.sizes(), " came");
    samples = x.size(0);
    blocks = x.size(1);
    width = width_of(x);
    space.assign(x.sizes().begin() + 2, x.sizes().end() - 1);
    voxels = 1;
    for (const auto side : space) voxels *= side;
    chunks = (voxels + kVoxels - 1) / kVoxels;
  }

  std::vector<int64_t> plain_size(int64_t channels) const {
    std::vector<int64_t> size{samples, channels};
    size.insert(size.end(), space.begin(), space.end());
    return size;
  }

  // Where a voxel of a sample's block of channels begins.
  int64_t at(int64_t sample, int64_t of_blocks, int64_t voxel) const { return ((sample * blocks + of_blocks) * voxels + voxel) * width; }
  int64_t channels() const { return blocks * width; }  // with those that fill up the last block
  const RowKernels& rows() const { return row_kernels(width); }

  // Calls body(sample, first voxel, number of them, number of the chunk) for all, in parallel.
  template <class Body>
  void each(const Body& body) const {
    at::parallel_for(0, samples * chunks, 1, [&](int64_t begin, int64_t end) {
      for (auto task = begin; task < end; ++task) {
        const auto first = task % chunks * kVoxels;
        body(task / chunks, first, std::min(kVoxels, voxels - first), task);
      }
    });
  }
};

// K×C as K rows over all blocks, zero beyond C.
std::vector<float> rows_of(const at::Tensor& weight, const Grid& grid) {
  TORCH_CHECK(weight.dim() == 2 && weight.size(0) <= kMostLogits && blocks_of(weight.size(1)) == grid.blocks, "expected a weight of at most ", kMostLogits,
              " rows for ", grid.blocks, " blocks of channels, but ", weight.sizes(), " came");
  const auto flat = weight.detach().contiguous();
  const auto width = grid.channels();
  std::vector<float> rows(flat.size(0) * width, 0.f);
  for (int64_t row = 0; row < flat.size(0); ++row)
    std::copy_n(flat.data_ptr<float>() + row * flat.size(1), flat.size(1), &rows[row * width]);
  return rows;
}

}  // namespace

at::Tensor project(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
  const Grid grid(x);
  const auto rows = rows_of(weight, grid);
  const auto logits = weight.size(0), width = grid.channels();
  const auto first = bias.has_value() ? bias->detach().contiguous() : at::zeros({logits}, at::kFloat);
  auto out = at::empty(grid.plain_size(logits), at::kFloat);
  grid.each([&](int64_t sample, int64_t from, int64_t count, int64_t) {
    for (int64_t row = 0; row < logits; ++row) {
      auto* to = out.data_ptr<float>() + (sample * logits + row) * grid.voxels + from;
      std::fill_n(to, count, first.data_ptr<float>()[row]);
      for (int64_t of = 0; of < grid.blocks; ++of)
        grid.rows().dot(x.data_ptr<float>() + grid.at(sample, of, from), &rows[row * width + of * grid.width], to, count);
    }
  });
  return out;
}

ProjectGradients project_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight) {
  const Grid grid(x);
  const auto given = gradient.contiguous();
  const auto rows = rows_of(weight, grid);
  const auto logits = weight.size(0), channels = weight.size(1), width = grid.channels();
  ProjectGradients found{at::empty_like(x), at::zeros({logits, channels}, at::kDouble), {}};
  std::vector<float> partial(grid.samples * grid.chunks * logits * width, 0.f);
  grid.each([&](int64_t sample, int64_t from, int64_t count, int64_t task) {
    for (int64_t row = 0; row < logits; ++row) {
      const auto* map = given.data_ptr<float>() + (sample * logits + row) * grid.voxels + from;
      for (int64_t of = 0; of < grid.blocks; ++of) {
        const auto place = row * width + of * grid.width;
        grid.rows().spread(map, &rows[place], found.x.data_ptr<float>() + grid.at(sample, of, from), row > 0, count);
        grid.rows().weigh(x.data_ptr<float>() + grid.at(sample, of, from), map, &partial[task * logits * width + place], count);
      }
    }
  });
  auto* weights = found.weight.data_ptr<double>();
  for (int64_t task = 0; task < grid.samples * grid.chunks; ++task)
    for (int64_t row = 0; row < logits; ++row)
      for (int64_t channel = 0; channel < channels; ++channel) weights[row * channels + channel] += partial[(task * logits + row) * width + channel];
  found.weight = found.weight.to(at::kFloat);
  found.bias = given.reshape({grid.samples, logits, grid.voxels}).sum(at::IntArrayRef{0, 2});
  return found;
}

namespace {

void check_map(const at::Tensor& map, const Grid& grid) {
  TORCH_CHECK(map.sizes() == at::IntArrayRef(grid.plain_size(1)), "expected a map of ", at::IntArrayRef(grid.plain_size(1)), ", but ", map.sizes(), " came");
}

}  // namespace

at::Tensor scale(const at::Tensor& x, const at::Tensor& map) {
  const Grid grid(x);
  check_map(map, grid);
  const auto given = map.detach().contiguous();
  auto out = at::empty_like(x);
  grid.each([&](int64_t sample, int64_t from, int64_t count, int64_t) {
    for (int64_t of = 0; of < grid.blocks; ++of) {
      const auto place = grid.at(sample, of, from);
      grid.rows().scale(x.data_ptr<float>() + place, given.data_ptr<float>() + sample * grid.voxels + from, out.data_ptr<float>() + place, count);
    }
  });
  return out;
}

at::Tensor scale_backward_map(const at::Tensor& gradient, const at::Tensor& x) {
  const Grid grid(x);
  const auto given = gradient.contiguous();
  auto out = at::zeros(grid.plain_size(1), at::kFloat);
  grid.each([&](int64_t sample, int64_t from, int64_t count, int64_t) {
    for (int64_t of = 0; of < grid.blocks; ++of) {
      const auto place = grid.at(sample, of, from);
      grid.rows().dot_each(given.data_ptr<float>() + place, x.data_ptr<float>() + place, out.data_ptr<float>() + sample * grid.voxels + from, count);
    }
  });
  return out;
}

}  // namespace blocked
