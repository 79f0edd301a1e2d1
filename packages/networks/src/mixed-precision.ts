import { inMixedPrecision, type Tensor } from "@multirnet/engine";

import { namedHeads, type Network, type Pass, type Prediction } from "./network.js";
import { rebuilder } from "./rebuild.js";

/** A network's pass with its convolutions and products in bfloat16, as `inMixedPrecision` says; the heads are float32 again. */
export function forwardMixed(network: Network, input: Tensor, pass: Pass): Prediction {
  return inMixedPrecision(input.device, () => {
    const prediction = network.forward(input, pass);
    return rebuilder(prediction)(Array.from(namedHeads(prediction).values(), (head) => head.toDtype("float32")));
  });
}
