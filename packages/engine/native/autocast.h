// Mixed precision as libtorch does it: which operators take bfloat16, and which must have float32, is its list. The names of its switches changed with 2.4.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/version.h>

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

}  // namespace autocast
