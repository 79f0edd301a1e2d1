// Mixed precision as libtorch does it: which operators take bfloat16, and which must have float32, is its list, but for convolutions on the CPU that oneDNN
// gets wrong. The names of its switches changed with 2.4.
#pragma once

#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/version.h>

#include <algorithm>
#include <string>

namespace autocast {

inline void require_known(c10::DeviceType device) {
  if (device == c10::DeviceType::CPU || device == c10::DeviceType::CUDA) return;
  throw std::runtime_error("expected the device cpu or cuda, but " + c10::DeviceTypeName(device, /*lower_case=*/true) + " came");
}

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
inline bool is_on(c10::DeviceType device) { return at::autocast::is_autocast_enabled(device); }

inline void set(c10::DeviceType device, bool on) {
  at::autocast::set_autocast_dtype(device, at::kBFloat16);
  at::autocast::set_autocast_enabled(device, on);
}
#else
inline bool is_on(c10::DeviceType device) {
  return device == c10::DeviceType::CPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}

inline void set(c10::DeviceType device, bool on) {
  if (device == c10::DeviceType::CPU) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(on);
  } else {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(on);
  }
}
#endif

inline bool all(c10::IntArrayRef numbers, int64_t value) {
  return std::all_of(numbers.begin(), numbers.end(), [&](int64_t number) { return number == value; });
}

// Whether oneDNN is right about a convolution in bfloat16. Those of 2.6.3 and 3.7.2 read memory that nobody filled, and some end the process, where a stride
// or a dilation is not 1, where a side of the volume is 1, and in transposed ones (docs/decisions/0021): in what is left none was found wrong.
inline bool sound(const std::string& name, const torch::jit::Stack& stack) {
  if (name != "aten::conv2d" && name != "aten::conv3d") return false;
  const auto sizes = stack[0].toTensor().sizes(), weight = stack[1].toTensor().sizes();
  const auto padding = stack[4].toDimVector();
  if (weight.size() < 3 || sizes.size() + 1 < weight.size() || (padding.size() != 1 && padding.size() + 2 != weight.size())) return false;  // it will be refused
  const auto taps = weight.slice(2);
  for (size_t i = 0; i < taps.size(); ++i) {
    if (taps[i] % 2 == 0 || taps[i] > 5 || padding[padding.size() == 1 ? 0 : i] != taps[i] / 2) return false;
    if (sizes[sizes.size() - taps.size() + i] < 2) return false;
  }
  return all(stack[3].toDimVector(), 1) && all(stack[5].toDimVector(), 1) && stack[6].toInt() == 1;
}

// Calls an operator; a convolution on the CPU that is not sound in bfloat16 runs in float32.
inline void call(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  const auto& name = handle.operator_name().name;
  if (!is_on(c10::kCPU) || name.rfind("aten::conv", 0) != 0 || sound(name, stack)) return handle.callBoxed(stack);
  for (auto& value : stack) {
    if (value.isTensor() && value.toTensor().scalar_type() == at::kBFloat16) value = value.toTensor().to(at::kFloat);
  }
  c10::impl::ExcludeDispatchKeyGuard without(c10::DispatchKey::AutocastCPU);
  handle.callBoxed(stack);
}

}  // namespace autocast
