// The operators of blocked activations, as the dispatcher knows them: multirnet::…, called like any other. Those of training have gradients.
#include "operators.h"

#include "channels.h"
#include "convolution.h"
#include "layout.h"
#include "norm.h"
#include "optimiser.h"
#include "pointwise.h"
#include "pooling.h"
#include "primitives.h"
#include "reorder.h"
#include "resize.h"
#include "voxelwise.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace blocked {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using Optional = c10::optional<at::Tensor>;

// Gradients here are made by kernels of which no graph is kept.
void require_once() { TORCH_CHECK(!at::GradMode::is_enabled(), "a compiled function is differentiated once, and not its gradient again"); }

at::Tensor or_undefined(const Optional& tensor) { return tensor.value_or(at::Tensor()); }
Optional or_none(const at::Tensor& tensor) { return tensor.defined() ? Optional(tensor) : c10::nullopt; }

struct BlockUp : Function<BlockUp> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    context->saved_data["channels"] = x.size(1);
    return block_up(x);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    return {lay_flat(gradients[0], context->saved_data["channels"].toInt())};
  }
};

struct LayFlat : Function<LayFlat> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& x, int64_t channels) { return lay_flat(x, channels); }
  static variable_list backward(AutogradContext*, variable_list gradients) {
    require_once();
    return {block_up(gradients[0]), at::Tensor()};
  }
};

Window window_of(at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding) {
  return {stride.vec(), padding.vec(), dilation.vec(), output_padding.vec(), transposed};
}

struct Convolution : Function<Convolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const Optional& bias, const Window& window) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["stride"] = window.stride;
    context->saved_data["padding"] = window.padding;
    context->saved_data["dilation"] = window.dilation;
    context->saved_data["output_padding"] = window.output_padding;
    context->saved_data["transposed"] = window.transposed;
    return convolve(x, weight, bias, window);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    const Window window{data["stride"].toIntVector(), data["padding"].toIntVector(), data["dilation"].toIntVector(),
                        data["output_padding"].toIntVector(), data["transposed"].toBool()};
    const bool bias = data["bias"].toBool();
    auto found = convolve_backward(gradients[0], saved[0], saved[1], bias, window,
                                   {context->needs_input_grad(0), context->needs_input_grad(1), bias && context->needs_input_grad(2)});
    found.emplace_back();
    return found;
  }
};

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const Optional& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                       at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding) {
  return Convolution::apply(x.contiguous(), weight, bias, window_of(stride, padding, dilation, transposed, output_padding));
}

at::Tensor pack_weight(const at::Tensor& weight, at::IntArrayRef input, bool plain, at::IntArrayRef stride, at::IntArrayRef padding,
                       at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding) {
  return pack(weight, input, plain, window_of(stride, padding, dilation, transposed, output_padding));
}

at::Tensor convolution_packed(at::TensorList inputs, const at::Tensor& packed, at::IntArrayRef size, const at::Tensor& bias, at::IntArrayRef stride,
                              at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef output_padding,
                              const Optional& residual, const Optional& slope) {
  auto given = inputs.vec();
  for (auto& input : given) input = input.contiguous();  // as a view, such as a grey slice seen three times
  return convolve_packed(given, packed, size, bias, window_of(stride, padding, dilation, transposed, output_padding), {residual, slope});
}

struct Norm : Function<Norm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Optional& residual,
                            const at::Tensor& slope, const Optional& running_mean, const Optional& running_var, Sharing sharing, double momentum,
                            double epsilon) {
    auto found = normalise(x, weight, bias, running_mean, running_var, sharing, momentum, epsilon, residual, slope);
    context->save_for_backward({x, weight, bias, or_undefined(residual), slope, found.statistics.mean, found.statistics.inverse});
    context->saved_data["batch"] = sharing.batch;
    context->saved_data["groups"] = sharing.groups;
    return found.out;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto saved = context->get_saved_variables();
    const auto residual = or_none(saved[3]);
    const int slope_at = residual.has_value() ? 4 : 3;
    const bool residual_wanted = residual.has_value() && context->needs_input_grad(3);
    auto found = normalise_backward(gradients[0], saved[0], {saved[5], saved[6]}, saved[1], saved[2],
                                    {context->saved_data["batch"].toBool(), context->saved_data["groups"].toInt()}, residual, saved[4], residual_wanted,
                                    context->needs_input_grad(slope_at));
    if (residual_wanted && residual->sizes() != saved[0].sizes()) found.residual = found.residual.sum(at::IntArrayRef{1, -1}).unsqueeze(1);
    return {found.x, found.weight, found.bias, found.residual, found.slope, {}, {}, {}, {}, {}};
  }
};

at::Tensor norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Optional& residual, const at::Tensor& slope,
                const Optional& running_mean, const Optional& running_var, bool batch, int64_t groups, double momentum, double epsilon) {
  return Norm::apply(x, weight, bias, residual, slope, running_mean, running_var, Sharing{batch, groups}, momentum, epsilon);
}

struct Pool : Function<Pool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, int64_t channels, const Pooling& pooling, bool training) {
    auto found = pool(x, channels, pooling, training);
    if (training) {
      context->save_for_backward({x, found.workspace});
      context->saved_data["channels"] = channels;
      context->saved_data["kernel"] = pooling.kernel;
      context->saved_data["stride"] = pooling.stride;
      context->saved_data["padding"] = pooling.padding;
      context->saved_data["maximum"] = pooling.maximum;
      context->saved_data["count"] = pooling.count_padding;
    }
    return found.out;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    const Pooling pooling{data["kernel"].toIntVector(), data["stride"].toIntVector(), data["padding"].toIntVector(), data["maximum"].toBool(),
                          data["count"].toBool()};
    return {pool_backward(gradients[0], saved[0], data["channels"].toInt(), saved[1], pooling), {}, {}, {}};
  }
};

at::Tensor pooled(const at::Tensor& x, int64_t channels, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding, bool maximum,
                  bool count_padding) {
  const bool training = at::GradMode::is_enabled() && x.requires_grad();
  return Pool::apply(x, channels, Pooling{kernel.vec(), stride.vec(), padding.vec(), maximum, count_padding}, training);
}

struct Project : Function<Project> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const Optional& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    return project(x, weight, bias);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto saved = context->get_saved_variables();
    auto found = project_backward(gradients[0], saved[0], saved[1]);
    return {found.x, found.weight, context->saved_data["bias"].toBool() ? found.bias : at::Tensor()};
  }
};

// As one argument: a plain list would be taken for as many.
struct Counts {
  std::vector<int64_t> of;
};

struct Join : Function<Join> {
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs, const Counts& channels) {
    context->saved_data["channels"] = channels.of;
    return join(inputs.vec(), channels.of);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto channels = context->saved_data["channels"].toIntVector();
    const auto given = gradients[0].contiguous();
    int64_t all = 0, place = 0;
    for (const auto count : channels) all += count;
    variable_list found;
    for (size_t at = 0; at < channels.size(); ++at) {
      found.push_back(context->needs_input_grad(at) ? take(given, all, place, channels[at]) : at::Tensor());
      place += channels[at];
    }
    found.emplace_back();
    return found;
  }
};

struct Take : Function<Take> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, int64_t channels, int64_t start, int64_t length) {
    context->saved_data["channels"] = channels;
    context->saved_data["start"] = start;
    context->saved_data["length"] = length;
    return take(x, channels, start, length);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    auto& data = context->saved_data;
    const auto channels = data["channels"].toInt(), start = data["start"].toInt(), length = data["length"].toInt();
    const auto given = gradients[0].contiguous();
    std::vector<at::Tensor> parts;
    std::vector<int64_t> counts;
    const auto zeros = [&](int64_t count) {
      if (count == 0) return;
      auto size = given.sizes().vec();
      size[1] = blocks_of(count);
      size.back() = width_of(count);
      parts.push_back(at::zeros(size, at::kFloat));
      counts.push_back(count);
    };
    zeros(start);
    parts.push_back(given);
    counts.push_back(length);
    zeros(channels - start - length);
    return {join(parts, counts), {}, {}, {}};
  }
};

struct Resize : Function<Resize> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Counts& space, bool align_corners) {
    context->saved_data["space"] = x.sizes().slice(2, space.of.size()).vec();
    context->saved_data["align"] = align_corners;
    return resize(x, space.of, align_corners);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    auto& data = context->saved_data;
    return {resize_backward(gradients[0], data["space"].toIntVector(), data["align"].toBool()), {}, {}};
  }
};

struct Scale : Function<Scale> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& map) {
    context->save_for_backward({x, map});
    return scale(x, map);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_once();
    const auto saved = context->get_saved_variables();
    const auto given = gradients[0].contiguous();
    return {context->needs_input_grad(0) ? scale(given, saved[1]) : at::Tensor(),
            context->needs_input_grad(1) ? scale_backward_map(given, saved[0]) : at::Tensor()};
  }
};

}  // namespace
}  // namespace blocked

void blocked::register_operators() {
  // Another copy of this addon may have been here first; its operators are the same.
  if (c10::Dispatcher::singleton().findSchema({"multirnet::block", ""}).has_value()) return;
  auto& library = *new torch::Library(torch::Library::DEF, "multirnet", c10::nullopt, __FILE__, __LINE__);
  library.def("block(Tensor x) -> Tensor");
  library.def("flat(Tensor x, int channels) -> Tensor");
  library.def(
      "convolution(Tensor x, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding) -> Tensor");
  library.def(
      "pack(Tensor weight, int[] input, bool plain, int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding) -> Tensor");
  library.def(
      "convolution_packed(Tensor[] inputs, Tensor packed, int[] size, Tensor bias, int[] stride, int[] padding, int[] dilation, bool transposed, int[] "
      "output_padding, Tensor? residual, Tensor? slope) -> Tensor");
  library.def(
      "norm(Tensor x, Tensor weight, Tensor bias, Tensor? residual, Tensor slope, Tensor(a!)? running_mean, Tensor(b!)? running_var, bool batch, int groups, float "
      "momentum, float epsilon) -> Tensor");
  library.def(
      "adam_(Tensor(a!)[] weights, Tensor[] gradients, Tensor(b!)[] means, Tensor(c!)[] squares, float mean_share, float square_share, float rate, float "
      "root, float epsilon, float kept) -> ()");
  library.def("affine(Tensor x, Tensor scale, Tensor shift, Tensor? residual, Tensor slope) -> Tensor");
  library.def("project(Tensor x, Tensor weight, Tensor? bias) -> Tensor");
  library.def("join(Tensor[] inputs, int[] channels) -> Tensor");
  library.def("take(Tensor x, int channels, int start, int length) -> Tensor");
  library.def("resize(Tensor x, int[] space, bool align_corners) -> Tensor");
  library.def("scale(Tensor x, Tensor map) -> Tensor");
  library.def("pool(Tensor x, int channels, int[] kernel, int[] stride, int[] padding, bool maximum, bool count_padding) -> Tensor");

  auto& kernels = *new torch::Library(torch::Library::IMPL, "multirnet", c10::DispatchKey::CompositeImplicitAutograd, __FILE__, __LINE__);
  kernels.impl("block", [](const at::Tensor& x) { return blocked::BlockUp::apply(x); });
  kernels.impl("flat", [](const at::Tensor& x, int64_t channels) { return blocked::LayFlat::apply(x, channels); });
  kernels.impl("convolution", blocked::convolution);
  kernels.impl("pack", blocked::pack_weight);
  kernels.impl("convolution_packed", blocked::convolution_packed);
  kernels.impl("norm", blocked::norm);
  kernels.impl("adam_", [](at::TensorList weights, at::TensorList gradients, at::TensorList means, at::TensorList squares, double mean_share,
                           double square_share, double rate, double root, double epsilon, double kept) {
    blocked::adam(weights, gradients, means, squares, {mean_share, square_share, rate, root, epsilon, kept});
  });
  kernels.impl("affine", [](const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                            const at::Tensor& slope) { return blocked::affine(x, scale, shift, residual, slope); });
  kernels.impl("project", [](const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
    return blocked::Project::apply(x, weight, bias);
  });
  kernels.impl("join", [](at::TensorList inputs, at::IntArrayRef channels) { return blocked::Join::apply(inputs, blocked::Counts{channels.vec()}); });
  kernels.impl("take", [](const at::Tensor& x, int64_t channels, int64_t start, int64_t length) {
    return blocked::Take::apply(x, channels, start, length);
  });
  kernels.impl("resize", [](const at::Tensor& x, at::IntArrayRef space, bool align_corners) {
    return blocked::Resize::apply(x, blocked::Counts{space.vec()}, align_corners);
  });
  kernels.impl("scale", [](const at::Tensor& x, const at::Tensor& map) { return blocked::Scale::apply(x, map); });
  kernels.impl("pool", blocked::pooled);
}
