#include "convolution.h"

#include "apart.h"
#include "direct.h"
#include "layout.h"
#include "pointwise.h"
#include "reorder.h"
#include "thin.h"
#include "winograd.h"

#include <algorithm>

namespace blocked {
namespace {

bool is_plain(const at::Tensor& x, size_t axes) { return static_cast<size_t>(x.dim()) == axes; }

// The input as libtorch has it.
at::Tensor flat_input(const at::Tensor& x, at::IntArrayRef weight, const Window& window) {
  return is_plain(x, weight.size()) ? x : lay_flat(x, weight[window.transposed ? 0 : 1]);
}

// The convolution by libtorch, on plain tensors. Returns blocked.
at::Tensor convolve_plainly(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, const Window& window) {
  return block_up(at::convolution(flat_input(x, weight.sizes(), window), weight, bias, window.stride, window.padding, window.dilation, window.transposed,
                                  window.output_padding, 1));
}

std::vector<at::Tensor> backward_plainly(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias, const Window& window,
                                         std::array<bool, 3> wanted) {
  const auto to = weight.size(window.transposed ? 1 : 0);
  auto [of_x, of_weight, of_bias] = at::convolution_backward(
      lay_flat(gradient, to), flat_input(x, weight.sizes(), window), weight, bias ? at::OptionalIntArrayRef(at::IntArrayRef(&to, 1)) : c10::nullopt,
      window.stride, window.padding, window.dilation, window.transposed, window.output_padding, 1, wanted);
  return {of_x.defined() && !is_plain(x, weight.dim()) ? block_up(of_x) : of_x, of_weight, of_bias};
}

// Whether a blocked input is convolved by Winograd's algorithm.
bool by_winograd(const at::Tensor& x, at::IntArrayRef weight, const Window& window) {
  return !window.transposed && !is_plain(x, weight.size()) && suits_winograd(logical_size(x, weight[1]), weight, window);
}

// The convolution that takes the gradient of the output to that of the input, of a weight whose channels have changed places.
struct Way {
  std::vector<int64_t> weight;
  Window window;
  bool possible = true;

  Way(at::IntArrayRef given, const Window& there) : weight(given.vec()), window(there) {
    std::swap(weight[0], weight[1]);
    for (size_t axis = 0; axis < window.padding.size(); ++axis) {
      window.padding[axis] = given[axis + 2] - 1 - there.padding[axis];
      possible = possible && window.padding[axis] >= 0;
    }
  }
};

// The sum over all but the channels of a blocked tensor.
at::Tensor sum_of_channels(const at::Tensor& x, int64_t channels) {
  std::vector<int64_t> axes{0};
  for (int64_t axis = 2; axis < x.dim() - 1; ++axis) axes.push_back(axis);
  return x.sum(axes).reshape({-1}).narrow(0, 0, channels).contiguous();
}

}  // namespace

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias, const Window& window) {
  if (by_winograd(x, weight.sizes(), window)) return winograd({x}, transform_weight(weight, false), weight.sizes(), bias, window, {});
  if (suits_apart(weight.sizes(), window)) return convolve_apart(x, pack_apart(weight), weight.sizes(), bias, {});
  const auto found = direct(x, weight, bias, window);
  return found.defined() ? found : convolve_plainly(x, weight, bias, window);
}

std::vector<at::Tensor> convolve_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, bool bias, const Window& window,
                                          std::array<bool, 3> wanted) {
  const auto given = gradient.contiguous();
  const auto size = weight.sizes();
  std::vector<at::Tensor> found(3);
  const auto left = [&] {
    std::array<bool, 3> left{};
    for (size_t at = 0; at < left.size(); ++at) left[at] = wanted[at] && !found[at].defined();
    return left;
  };
  const auto take = [&](const std::vector<at::Tensor>& some) {
    for (size_t at = 0; at < found.size(); ++at)
      if (!found[at].defined()) found[at] = some[at];
  };
  const bool wound = by_winograd(x, size, window), thin = suits_thin(x, size, window);
  if (wound || thin) {
    if (wanted[1]) found[1] = wound ? winograd_weight_gradient(given, x, size, window) : thin_weight_gradient(given, x, size, window);
    if (wanted[2]) found[2] = sum_of_channels(given, size[0]);
  }
  if (thin && wanted[0] && std::all_of(window.stride.begin(), window.stride.end(), [](int64_t step) { return step == 1; }))
    found[0] = thin_input_gradient(given, weight, x.sizes(), window);
  if (wound && wanted[0]) {
    const Way way(size, window);
    if (way.possible && by_winograd(given, way.weight, way.window))
      found[0] = winograd({given}, transform_weight(weight, true), way.weight, c10::nullopt, way.window, {});
  }
  const auto missing = [&](const std::array<bool, 3>& some) { return some[0] || some[1] || some[2]; };
  if (missing(left())) take(direct_backward(given, x, weight, bias, window, left()));
  if (missing(left())) take(backward_plainly(given, x, weight, bias, window, left()));
  return found;
}

at::Tensor pack(const at::Tensor& weight, at::IntArrayRef input, bool plain, const Window& window) {
  if (!plain && suits_winograd(input, weight.sizes(), window)) return transform_weight(weight, false);
  if (!plain && suits_apart(weight.sizes(), window)) return pack_apart(weight);
  const auto packed = direct_pack(weight, input, plain, window);
  return packed.defined() ? packed : weight.detach().clone();
}

at::Tensor convolve_packed(const std::vector<at::Tensor>& inputs, const at::Tensor& packed, at::IntArrayRef weight_size,
                           const c10::optional<at::Tensor>& bias, const Window& window, const Following& following) {
  // How it was packed is told by its axes: two of Winograd's, three of pieces that lie apart, one of oneDNN's, its own where libtorch is to convolve.
  if (packed.dim() == 2) return winograd(inputs, packed, weight_size, bias, window, following);
  TORCH_CHECK(inputs.size() == 1, "expected one input of a convolution that is not Winograd's, but ", inputs.size(), " came");
  const auto& x = inputs[0];
  if (packed.dim() == 3) return convolve_apart(x, packed, weight_size, bias, following);
  const bool plainly = packed.dim() == static_cast<int64_t>(weight_size.size());
  // A slope for each channel would leave oneDNN nothing but its reference kernel, and after a transposed convolution oneDNN 2.6 takes six times as long over
  // what follows as a pass of our own.
  const bool rides = !plainly && !window.transposed && (!following.slope.has_value() || following.slope->numel() == 1);
  auto out = plainly ? convolve_plainly(x, packed, bias, window) : direct_packed(x, packed, weight_size, bias, window, rides ? following : Following{});
  if (!rides && (following.slope.has_value() || following.residual.has_value()))
    activate(out, following.residual, following.slope.value_or(at::ones({1}, at::kFloat)));
  return out;
}

}  // namespace blocked
