#include "optimiser.h"

#include "rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace blocked {
namespace {

struct Factors {
  float mean_share, mean_rest, square_share, square_rest, rate, inverse_root, epsilon, kept;
};

// Compiled for the instruction sets that matter; the machine takes its own: by what it can, as GCC knows models by exact match only.
__attribute__((target_clones("avx512f", "avx2", "default"))) void adam_kernel(float* __restrict weight, const float* __restrict gradient, float* __restrict mean, float* __restrict square, const Factors& f,
                   int64_t count) {
#pragma omp simd
  for (int64_t at = 0; at < count; ++at) {
    const float g = gradient[at];
    const float m = f.mean_share * mean[at] + f.mean_rest * g;
    const float v = f.square_share * square[at] + f.square_rest * g * g;
    mean[at] = m;
    square[at] = v;
    weight[at] = f.kept * weight[at] - f.rate * m / (std::sqrt(v) * f.inverse_root + f.epsilon);
  }
}

}  // namespace

void adam(at::TensorList weights, at::TensorList gradients, at::TensorList means, at::TensorList squares, const AdamStep& step) {
  TORCH_CHECK(gradients.size() == weights.size() && means.size() == weights.size() && squares.size() == weights.size(),
              "expected a gradient and two moments for each of ", weights.size(), " weights");
  const Factors factors{static_cast<float>(step.mean_share), static_cast<float>(1 - step.mean_share), static_cast<float>(step.square_share),
                        static_cast<float>(1 - step.square_share), static_cast<float>(step.rate), static_cast<float>(1 / step.root),
                        static_cast<float>(step.epsilon), static_cast<float>(step.kept)};
  struct Task {
    size_t tensor;
    int64_t from;
  };
  std::vector<Task> tasks;
  std::vector<at::Tensor> slopes;
  for (size_t at = 0; at < weights.size(); ++at) {
    for (const auto& tensor : {weights[at], means[at], squares[at]})
      TORCH_CHECK(tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.sizes() == gradients[at].sizes(),
                  "expected contiguous float32 like the gradient ", gradients[at].sizes(), ", but ", tensor.sizes(), " came");
    slopes.push_back(gradients[at].contiguous());
    for (int64_t from = 0; from < weights[at].numel(); from += kChunk) tasks.push_back({at, from});
  }
  at::parallel_for(0, static_cast<int64_t>(tasks.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto task = begin; task < end; ++task) {
      const auto [at, from] = tasks[task];
      adam_kernel(weights[at].data_ptr<float>() + from, slopes[at].data_ptr<float>() + from, means[at].data_ptr<float>() + from,
                  squares[at].data_ptr<float>() + from, factors, std::min(kChunk, weights[at].numel() - from));
    }
  });
  for (const auto* list : {&weights, &means, &squares})
    for (const auto& tensor : *list) tensor.unsafeGetTensorImpl()->bump_version();
}

}  // namespace blocked
