#include "pointwise.h"

#include "planes.h"

namespace blocked {
namespace {

void affine_into(const at::Tensor& out, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                 const at::Tensor& slope) {
  const Planes planes(x);
  const auto scales = padded(scale, planes.blocks, planes.width), shifts = padded(shift, planes.blocks, planes.width), slopes = padded(slope, planes.blocks, planes.width);
  const Residuals residuals(x, residual);
  planes.each([&](int64_t plane, int64_t offset, int64_t count, int64_t) {
    const auto channel = plane % planes.blocks * planes.width;
    planes.rows().bend(x.data_ptr<float>() + offset, out.data_ptr<float>() + offset, {&scales[channel], &shifts[channel], &slopes[channel]},
                       residuals.at(planes, plane, offset), count / planes.width);
  });
}

}  // namespace

at::Tensor affine(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const c10::optional<at::Tensor>& residual,
                  const at::Tensor& slope) {
  auto out = at::empty_like(x);
  affine_into(out, x, scale, shift, residual, slope);
  return out;
}

void activate(const at::Tensor& x, const c10::optional<at::Tensor>& residual, const at::Tensor& slope) {
  affine_into(x, x, at::ones({1}, at::kFloat), at::zeros({1}, at::kFloat), residual, slope);
}

}  // namespace blocked
