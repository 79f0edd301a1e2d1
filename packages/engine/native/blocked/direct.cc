#include "direct.h"

#include "layout.h"
#include "primitives.h"
#include "reorder.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace blocked {
namespace {

struct Direct {
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardWeights = dnnl::convolution_backward_weights;
  static constexpr auto algorithm = dnnl::algorithm::convolution_direct;
};

struct Transposed {
  using Forward = dnnl::deconvolution_forward;
  using BackwardData = dnnl::deconvolution_backward_data;
  using BackwardWeights = dnnl::deconvolution_backward_weights;
  static constexpr auto algorithm = dnnl::algorithm::deconvolution_direct;
};

enum Kind : int64_t { kForward, kForwardInference, kBackwardData, kBackwardWeights };

// One convolution as oneDNN sees it: weights are output channels × input channels × kernel, and channels fill their blocks of `width` (of its kernels for
// volumes none takes others): weights and biases are filled up with zeros.
class Problem {
 public:
  Problem(at::IntArrayRef input, bool plain, at::IntArrayRef weight, const Window& window, int64_t width)
      : transposed_(window.transposed), plain_(plain), width_(width), dims_(static_cast<int64_t>(input.size()) - 2), input_(input.vec()), weight_(weight.vec()) {
    TORCH_CHECK(dims_ == 2 || dims_ == 3, "expected an input of 4 or 5 axes, but ", input, " came");
    TORCH_CHECK(weight.size() == input.size(), "expected a weight of as many axes as the input ", input, ", but ", weight, " came");
    if (transposed_) std::swap(weight_[0], weight_[1]);
    TORCH_CHECK(weight_[1] == input_[1], "expected a weight for ", input_[1], " channels, but one for ", weight_[1], " came");
    const auto filled = [width](int64_t channels) { return (channels + width - 1) / width * width; };
    if (!plain_) input_[1] = weight_[1] = filled(input_[1]);
    weight_[0] = filled(weight_[0]);
    output_ = {input_[0], weight_[0]};
    for (int64_t axis = 0; axis < dims_; ++axis) {
      const auto stride = window.stride.at(axis), padding = window.padding.at(axis), dilation = window.dilation.at(axis);
      const auto beyond = transposed_ ? window.output_padding.at(axis) : 0;
      const auto reach = dilation * (weight_[axis + 2] - 1) + 1;
      const auto side = input_[axis + 2];
      const auto out = transposed_ ? (side - 1) * stride - 2 * padding + reach + beyond : (side + 2 * padding - reach) / stride + 1;
      TORCH_CHECK(out > 0 && side + 2 * padding >= (transposed_ ? 0 : reach), "a kernel that reaches over ", reach, " does not fit a side of ", side);
      output_.push_back(out);
      stride_.push_back(stride);
      dilation_.push_back(dilation - 1);
      padding_.push_back(padding);
      padding_end_.push_back(padding - beyond);
    }
  }

  int64_t width() const { return width_; }
  const std::vector<int64_t>& output() const { return output_; }

  // The size of the output in its blocks.
  std::vector<int64_t> output_size() const {
    auto size = output_;
    size[1] /= width_;
    size.push_back(width_);
    return size;
  }

  memory::desc source() const { return {input_, memory::data_type::f32, plain_ ? plain_tag(dims_) : blocked_tag(dims_, width_)}; }
  memory::desc target() const { return {output_, memory::data_type::f32, blocked_tag(dims_, width_)}; }
  memory::desc any_weight() const { return {weight_, memory::data_type::f32, memory::format_tag::any}; }
  memory::desc bias() const { return {{output_[1]}, memory::data_type::f32, memory::format_tag::x}; }

  // The size of the weight as libtorch stores it, filled up.
  std::vector<int64_t> stored_size() const {
    auto stored = weight_;
    if (transposed_) std::swap(stored[0], stored[1]);
    return stored;
  }

  memory::desc plain_weight() const {
    const auto stored = stored_size();
    std::vector<int64_t> strides(stored.size(), 1);
    for (auto axis = static_cast<int64_t>(stored.size()) - 2; axis >= 0; --axis) strides[axis] = strides[axis + 1] * stored[axis + 1];
    if (transposed_) std::swap(strides[0], strides[1]);
    return {weight_, memory::data_type::f32, strides};
  }

  const std::vector<int64_t>& stride() const { return stride_; }
  const std::vector<int64_t>& dilation() const { return dilation_; }
  const std::vector<int64_t>& padding() const { return padding_; }
  const std::vector<int64_t>& padding_end() const { return padding_end_; }

  Key key(Kind kind, int64_t detail) const {
    Key key{kind, detail, transposed_, plain_, width_, at::get_num_threads()};
    for (const auto* numbers : {&input_, &weight_, &output_, &stride_, &dilation_, &padding_, &padding_end_}) append(key, *numbers);
    return key;
  }

 private:
  bool transposed_, plain_;
  int64_t width_, dims_;
  std::vector<int64_t> input_, weight_, output_, stride_, dilation_, padding_, padding_end_;
};

// What follows the convolution in the primitive itself.
struct Post {
  bool residual = false;
  c10::optional<float> slope;
};

int64_t bits(float number) {
  int32_t same;
  std::memcpy(&same, &number, sizeof same);
  return same;
}

template <class Family>
std::shared_ptr<Made<typename Family::Forward>> forward(const Problem& problem, bool training, bool bias, const Post& post = {}) {
  auto key = problem.key(training ? kForward : kForwardInference, bias + 2 * post.residual + 4 * post.slope.has_value());
  key.push_back(bits(post.slope.value_or(0)));
  return made<typename Family::Forward>(key, [&] {
    dnnl::primitive_attr attributes;
    dnnl::post_ops then;
    if (post.residual) then.append_binary(dnnl::algorithm::binary_add, problem.target());
#if DNNL_VERSION_MAJOR >= 3
    if (post.slope.has_value()) then.append_eltwise(dnnl::algorithm::eltwise_relu, *post.slope, 0.f);
#else
    if (post.slope.has_value()) then.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, *post.slope, 0.f);
#endif
    attributes.set_post_ops(then);
    return describe<typename Family::Forward>(
        attributes, training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference, Family::algorithm, problem.source(),
        problem.any_weight(), bias ? problem.bias() : memory::desc(), problem.target(), problem.stride(), problem.dilation(), problem.padding(),
        problem.padding_end());
  });
}

template <class Family>
at::Tensor run_forward(const Problem& problem, const at::Tensor& x, const at::Tensor& packed, const c10::optional<at::Tensor>& bias, bool training,
                       const Post& post, const Following& following) {
  auto made = forward<Family>(problem, training, bias.has_value(), post);
  auto out = at::empty(problem.output_size(), at::kFloat);
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, over(made->description.src_desc(), x)},
                                            {DNNL_ARG_WEIGHTS, over(made->description.weights_desc(), packed)},
                                            {DNNL_ARG_DST, over(made->description.dst_desc(), out)}};
  if (bias.has_value()) arguments.emplace(DNNL_ARG_BIAS, over(problem.bias(), *bias));
  if (post.residual) arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, over(problem.target(), *following.residual));
  run(made->primitive, arguments);
  return out;
}

// Whether oneDNN has nothing but its reference kernel, a hundred times slower than any: large dilations, weights of a kernel larger than a small volume, data
// of a single channel. Libtorch does better then.
template <class Description>
bool is_reference(const Description& description) {
  return std::strstr(description.impl_info_str(), "ref") != nullptr;
}

// What is wanted and not the reference kernel's to do; the rest is left undefined.
template <class Family>
std::vector<at::Tensor> run_backward(const Problem& problem, const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias,
                                     std::array<bool, 3> wanted) {
  std::vector<at::Tensor> found(3);
  const auto hint = forward<Family>(problem, true, bias);
  if (wanted[0]) {
    auto made = blocked::made<typename Family::BackwardData>(problem.key(kBackwardData, 0), [&] {
      return describe_backward<typename Family::BackwardData>(hint->description, Family::algorithm, problem.source(), problem.any_weight(),
                                                              problem.target(), problem.stride(), problem.dilation(), problem.padding(),
                                                              problem.padding_end());
    });
    if (!is_reference(made->description)) {
      const auto packed = reordered(weight, problem.plain_weight(), made->description.weights_desc());
      found[0] = at::empty_like(x);
      run(made->primitive, {{DNNL_ARG_DIFF_DST, over(problem.target(), gradient)},
                            {DNNL_ARG_WEIGHTS, over(made->description.weights_desc(), packed)},
                            {DNNL_ARG_DIFF_SRC, over(problem.source(), found[0])}});
    }
  }
  if (wanted[1] || wanted[2]) {
    auto made = blocked::made<typename Family::BackwardWeights>(problem.key(kBackwardWeights, bias), [&] {
      return describe_backward<typename Family::BackwardWeights>(hint->description, Family::algorithm, problem.source(), problem.any_weight(),
                                                                 bias ? problem.bias() : memory::desc(), problem.target(), problem.stride(),
                                                                 problem.dilation(), problem.padding(), problem.padding_end());
    });
    if (is_reference(made->description)) return found;
    const auto laid_out = made->description.diff_weights_desc();
    found[1] = at::empty(problem.stored_size(), at::kFloat);
    const bool same = laid_out == problem.plain_weight();
    const auto raw = same ? found[1] : buffer(laid_out);
    std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, over(problem.source(), x)},
                                              {DNNL_ARG_DIFF_DST, over(problem.target(), gradient)},
                                              {DNNL_ARG_DIFF_WEIGHTS, over(laid_out, raw)}};
    if (bias) {
      found[2] = at::empty({problem.output()[1]}, at::kFloat);
      arguments.emplace(DNNL_ARG_DIFF_BIAS, over(problem.bias(), found[2]));
    }
    run(made->primitive, arguments);
    if (!same) reorder_into(raw, laid_out, found[1], problem.plain_weight());
  }
  return found;
}

// A weight or bias filled up with zeros at the ends of its first axes.
at::Tensor filled(const at::Tensor& given, at::IntArrayRef size) {
  if (given.sizes() == size) return given.contiguous();
  auto out = at::zeros(size, at::kFloat);
  auto part = out.narrow(0, 0, given.size(0));
  if (given.dim() > 1) part = part.narrow(1, 0, given.size(1));
  part.copy_(given);
  return out;
}

c10::optional<at::Tensor> filled(const c10::optional<at::Tensor>& given, int64_t channels) {
  return given.has_value() ? c10::optional<at::Tensor>(filled(*given, at::IntArrayRef{channels})) : c10::nullopt;
}

// A tensor of so many channels in blocks of another width.
at::Tensor in_blocks_of(int64_t width, const at::Tensor& x, int64_t channels) {
  if (width_of(x) == width) return x;
  auto logical = x.sizes().vec(), size = logical;
  logical.pop_back();
  logical[1] = channels;
  size[1] = (channels + width - 1) / width;
  size.back() = width;
  auto out = at::empty(size, at::kFloat);
  reorder_into(x, blocked_desc(logical, width_of(x)), out, blocked_desc(logical, width));
  return out;
}

// A convolution in blocks of one width, to which the input or output is laid out anew where it has another: that of the larger of both, and the widest where
// oneDNN has nothing but its reference kernel for it.
class Convolved {
 public:
  Convolved(std::vector<int64_t> input, bool plain, at::IntArrayRef weight, const Window& window)
      : plain_(plain), transposed_(window.transposed), from_(weight[transposed_ ? 0 : 1]), to_(weight[transposed_ ? 1 : 0]) {
    const auto in = plain ? 0 : width_of(from_), out = width_of(to_);
    const bool strides = std::any_of(window.stride.begin(), window.stride.end(), [](int64_t step) { return step > 1; });
    const auto first = !strides || in == 0 ? std::max(in, out) : transposed_ ? out : in;
    for (auto width = first; width <= block(); width *= 2) problems_.emplace_back(input, plain, weight, window, width);
  }

  static Convolved of(const at::Tensor& x, at::IntArrayRef weight, const Window& window) {
    TORCH_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous(), "expected contiguous float32, but ", x.scalar_type(), " came");
    const bool plain = static_cast<size_t>(x.dim()) == weight.size();
    return {plain ? x.sizes().vec() : logical_size(x, weight[window.transposed ? 0 : 1]), plain, weight, window};
  }

  const std::vector<Problem>& problems() const { return problems_; }

  // The first that there is a kernel for, or null.
  template <class Family>
  const Problem* found(bool training, bool bias) const {
    for (const auto& problem : problems_)
      if (!is_reference(forward<Family>(problem, training, bias)->description)) return &problem;
    return nullptr;
  }

  // Input and output as a problem has them, and as the network does.
  at::Tensor input(const Problem& problem, const at::Tensor& x) const { return plain_ ? x : in_blocks_of(problem.width(), x, from_); }
  at::Tensor output(const Problem& problem, const at::Tensor& y) const { return in_blocks_of(problem.width(), y, to_); }
  at::Tensor own_input(const at::Tensor& x) const { return plain_ ? x : in_blocks_of(width_of(from_), x, from_); }
  at::Tensor own_output(const at::Tensor& y) const { return in_blocks_of(width_of(to_), y, to_); }

 private:
  bool plain_, transposed_;
  int64_t from_, to_;
  std::vector<Problem> problems_;
};

Post post_of(const Following& following) {
  Post post;
  post.residual = following.residual.has_value();
  if (following.slope.has_value()) post.slope = following.slope->item<float>();
  return post;
}

}  // namespace

at::Tensor direct(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, const Window& window) {
  const auto convolved = Convolved::of(x, weight.sizes(), window);
  const auto go = [&](auto family) {
    using Family = decltype(family);
    const auto* problem = convolved.found<Family>(true, bias.has_value());
    if (problem == nullptr) return at::Tensor();
    const auto description = forward<Family>(*problem, true, bias.has_value())->description;
    const auto packed = reordered(filled(weight, problem->stored_size()), problem->plain_weight(), description.weights_desc());
    return convolved.own_output(
        run_forward<Family>(*problem, convolved.input(*problem, x), packed, filled(bias, problem->output()[1]), true, {}, {}));
  };
  return window.transposed ? go(Transposed{}) : go(Direct{});
}

std::vector<at::Tensor> direct_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias, const Window& window,
                                        std::array<bool, 3> wanted) {
  const auto convolved = Convolved::of(x, weight.sizes(), window);
  std::vector<at::Tensor> all(3);
  for (const auto& problem : convolved.problems()) {
    if (!(wanted[0] || wanted[1] || wanted[2])) break;
    const auto stored = filled(weight, problem.stored_size());
    const auto given = convolved.output(problem, gradient), seen = convolved.input(problem, x);
    auto found = window.transposed ? run_backward<Transposed>(problem, given, seen, stored, bias, wanted)
                                   : run_backward<Direct>(problem, given, seen, stored, bias, wanted);
    if (found[0].defined()) all[0] = convolved.own_input(found[0]);
    if (found[1].defined())
      all[1] = found[1].sizes() == weight.sizes() ? found[1] : found[1].narrow(0, 0, weight.size(0)).narrow(1, 0, weight.size(1)).contiguous();
    if (found[2].defined()) all[2] = found[2].narrow(0, 0, weight.size(window.transposed ? 1 : 0)).contiguous();
    for (size_t at = 0; at < all.size(); ++at) wanted[at] = wanted[at] && !all[at].defined();
  }
  return all;
}

at::Tensor direct_pack(const at::Tensor& weight, at::IntArrayRef input, bool plain, const Window& window) {
  const Convolved convolved(input.vec(), plain, weight.sizes(), window);
  const auto go = [&](auto family) {
    using Family = decltype(family);
    const auto* problem = convolved.found<Family>(false, true);
    if (problem == nullptr) return at::Tensor();
    // Its own, as it is to stay when the weight changes.
    const auto packed = reordered(filled(weight, problem->stored_size()), problem->plain_weight(),
                                  forward<Family>(*problem, false, true)->description.weights_desc())
                            .reshape({-1});
    return packed.is_alias_of(weight) ? packed.clone() : packed;
  };
  return window.transposed ? go(Transposed{}) : go(Direct{});
}

at::Tensor direct_packed(const at::Tensor& x, const at::Tensor& packed, at::IntArrayRef weight_size, const c10::optional<at::Tensor>& bias,
                         const Window& window, const Following& following) {
  const auto convolved = Convolved::of(x, weight_size, window);
  const auto go = [&](auto family) {
    using Family = decltype(family);
    const auto& problem = *convolved.found<Family>(false, true);
    const auto plainly = forward<Family>(problem, false, true)->description.weights_desc();
    const auto post = post_of(following);
    const auto description = forward<Family>(problem, false, bias.has_value(), post)->description;
    auto after = following;
    if (post.residual) after.residual = convolved.output(problem, following.residual->contiguous());
    return convolved.own_output(run_forward<Family>(problem, convolved.input(problem, x), reordered(packed, plainly, description.weights_desc()),
                                                    filled(bias, problem.output()[1]), false, post, after));
  };
  return window.transposed ? go(Transposed{}) : go(Direct{});
}

}  // namespace blocked
