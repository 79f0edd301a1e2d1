#include "pooling.h"

#include "layout.h"
#include "primitives.h"

#include <ATen/Parallel.h>

namespace blocked {
namespace {

#if DNNL_VERSION_MAJOR >= 3
using Forward = dnnl::pooling_forward;
using Backward = dnnl::pooling_backward;
constexpr auto kMeanOfAll = dnnl::algorithm::pooling_avg_include_padding;
#else
using Forward = dnnl::pooling_v2_forward;
using Backward = dnnl::pooling_v2_backward;
constexpr auto kMeanOfAll = dnnl::algorithm::pooling_avg_include_padding;
#endif

struct Problem {
  std::vector<int64_t> input, output, none;
  Pooling pooling;
  memory::desc source, target;
  dnnl::algorithm algorithm;

  Problem(const at::Tensor& x, int64_t channels, const Pooling& given) : input(logical_size(x, channels)), pooling(given) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous(), "expected contiguous float32, but ", x.scalar_type(), " came");
    const auto dims = static_cast<int64_t>(input.size()) - 2;
    output = {input[0], input[1]};
    for (int64_t axis = 0; axis < dims; ++axis) {
      const auto side = (input[axis + 2] + 2 * pooling.padding.at(axis) - pooling.kernel.at(axis)) / pooling.stride.at(axis) + 1;
      TORCH_CHECK(side > 0, "a window of ", pooling.kernel[axis], " does not fit a side of ", input[axis + 2]);
      output.push_back(side);
      none.push_back(0);
    }
    source = {input, memory::data_type::f32, blocked_tag(dims, width_of(channels))};
    target = {output, memory::data_type::f32, blocked_tag(dims, width_of(channels))};
    algorithm = pooling.maximum ? dnnl::algorithm::pooling_max : pooling.count_padding ? kMeanOfAll : dnnl::algorithm::pooling_avg_exclude_padding;
  }

  Key key(int64_t kind) const {
    Key key{100 + kind, static_cast<int64_t>(algorithm), at::get_num_threads()};
    for (const auto* numbers : {&input, &pooling.kernel, &pooling.stride, &pooling.padding}) append(key, *numbers);
    return key;
  }
};

std::shared_ptr<Made<Forward>> forward(const Problem& problem, bool training) {
  return made<Forward>(problem.key(training), [&] {
    const auto& [kernel, stride, padding, maximum, count] = problem.pooling;
    return describe<Forward>(dnnl::primitive_attr(), training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
                             problem.algorithm, problem.source, problem.target, stride, kernel, problem.none, padding, padding);
  });
}

}  // namespace

Pooled pool(const at::Tensor& x, int64_t channels, const Pooling& pooling, bool training) {
  const Problem problem(x, channels, pooling);
  const auto made = forward(problem, training);
  Pooled found{at::empty(blocked_size(problem.output), at::kFloat), {}};
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, over(problem.source, x)}, {DNNL_ARG_DST, over(problem.target, found.out)}};
  if (training && pooling.maximum) {
    found.workspace = buffer(made->description.workspace_desc());
    arguments.emplace(DNNL_ARG_WORKSPACE, over(made->description.workspace_desc(), found.workspace));
  }
  run(made->primitive, arguments);
  return found;
}

at::Tensor pool_backward(const at::Tensor& gradient, const at::Tensor& x, int64_t channels, const at::Tensor& workspace, const Pooling& pooling) {
  const Problem problem(x, channels, pooling);
  const auto hint = forward(problem, true);
  const auto made = blocked::made<Backward>(problem.key(2), [&] {
    const auto& [kernel, stride, padding, maximum, count] = problem.pooling;
    return describe_backward<Backward>(hint->description, problem.algorithm, problem.source, problem.target, stride, kernel, problem.none, padding,
                                       padding);
  });
  auto found = at::empty_like(x);
  const auto given = gradient.contiguous();
  std::unordered_map<int, memory> arguments{{DNNL_ARG_DIFF_DST, over(problem.target, given)}, {DNNL_ARG_DIFF_SRC, over(problem.source, found)}};
  if (pooling.maximum) arguments.emplace(DNNL_ARG_WORKSPACE, over(hint->description.workspace_desc(), workspace));
  run(made->primitive, arguments);
  return found;
}

}  // namespace blocked
