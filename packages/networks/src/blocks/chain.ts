import { scope, type Tensor } from "@multirnet/engine";

import type { Layer } from "../layers/norm.js";
import type { Pass } from "../network.js";

/** A layer, or several that stand for one. */
type Step = Pick<Layer, "forward">;

/**
 * Layers one after the other. A feature between two of them is freed as soon as the next one is there: the scope around would hold it until
 * its end. (What a backward pass needs, libtorch holds itself.)
 */
export function chain(layers: readonly Step[], x: Tensor, pass: Pass): Tensor {
  return layers.reduce((feature, layer) => {
    const next = layer.forward(feature, pass);
    if (feature !== x && feature !== next) feature.release();
    return next;
  }, x);
}

/** As `chain`, with a ReLU after each layer. */
export function reluChain(layers: readonly Step[], x: Tensor, pass: Pass): Tensor {
  return layers.reduce((feature, layer) => {
    const next = scope(() => layer.forward(feature, pass).reluInPlace());
    if (feature !== x) feature.release();
    return next;
  }, x);
}
