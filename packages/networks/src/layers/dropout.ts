import { Generator, full, type Tensor } from "@multirnet/engine";

import type { Pass } from "../network.js";

/**
 * Dropout: in training each element is zeroed with probability `rate` and the others are scaled by 1 / (1 − rate); in evaluation the input
 * itself. Drawn with a generator of the pass, so a step can be repeated.
 *
 * @param options `purpose`: tells this dropout's draws from others of the pass; `over`: single elements or whole channels of N×C×…
 */
export function dropout(
  x: Tensor,
  rate: number,
  { mode, random }: Pass,
  options: { readonly purpose: string; readonly over: "elements" | "channels" },
): Tensor {
  if (mode === "eval" || rate === 0) return x;
  const shape = options.over === "elements" ? x.shape : x.shape.map((side, axis) => (axis < 2 ? side : 1));
  const generator = new Generator(random.derive("dropout", options.purpose), x.device);
  const kept = full(shape, 1, { dtype: x.dtype, device: x.device }).bernoulliInPlace({ p: 1 - rate, generator });
  return x.mul(kept.div(1 - rate));
}
