import { zeros, type Tensor } from "@multirnet/engine";

/** Zeros of a tensor's shape, type and device. */
export function zerosLike({ shape, dtype, device }: Tensor): Tensor {
  return zeros(shape, { dtype, device });
}
