import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Logits, type Tensor } from "@multirnet/engine";

import { dropout } from "../layers/dropout.js";
import { Convolution } from "../layers/convolution.js";
import { Linear } from "../layers/linear.js";
import { globalAverage } from "../layers/pooling.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvNormActivation, type UnitStyle } from "./conv-norm-activation.js";

/**
 * A residual convolution module of the classifier: relu(norm(conv₃(x))) + shortcut(x), the shortcut being a 1×1×1 convolution where width or
 * stride changes. MultiR-Net section 3.4.
 */
class ResidualModule extends Module {
  readonly unit: ConvNormActivation;
  readonly shortcut: Convolution | undefined;

  constructor(
    { from, to, stride, style }: { from: number; to: number; stride: number; style: UnitStyle },
    init: RandomSource,
  ) {
    super();
    this.unit = new ConvNormActivation({ from, to, stride, style }, init.derive("unit"));
    this.shortcut =
      from === to && stride === 1
        ? undefined
        : new Convolution({ from, to, kernel: 1, stride, bias: true }, init.derive("shortcut"));
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => this.unit.forward(x, pass).add(this.shortcut?.forward(x) ?? x));
  }
}

/**
 * The classification subnet: six residual modules, global average pooling, concatenated with what the caller pooled elsewhere, dropout
 * and one linear layer. MultiR-Net section 3.4.
 */
export class ResidualClassifier extends Module {
  readonly modules: readonly ResidualModule[];
  readonly head: Linear;
  readonly #dropout: number;

  constructor(
    options: {
      readonly widths: readonly number[];
      readonly strides: readonly number[];
      readonly pooledElsewhere: number; // channels that `forward` is given beside its own
      readonly classes: number;
      readonly dropout: number;
      readonly style: UnitStyle;
    },
    init: RandomSource,
  ) {
    super();
    const { widths, strides, style } = options;
    this.modules = widths.map(
      (to, index) =>
        new ResidualModule(
          { from: widths[index - 1] ?? 1, to, stride: strides[index] ?? 1, style },
          init.derive(index),
        ),
    );
    this.head = new Linear(
      { from: (widths.at(-1) ?? 1) + options.pooledElsewhere, to: options.classes },
      init.derive("head"),
    );
    this.#dropout = options.dropout;
  }

  /** @param x N×1×D×H×W @param pooled N×pooledElsewhere, or nothing @returns N×classes */
  forward(x: Tensor, pooled: Tensor | undefined, pass: Pass): Logits {
    return scope(() => {
      const feature = globalAverage(chain(this.modules, x, pass));
      const joined = pooled === undefined ? feature : cat([feature, pooled], { dim: 1 });
      return asLogits(
        this.head.forward(dropout(joined, this.#dropout, pass, { purpose: "classifier", over: "elements" })),
      );
    });
  }
}
