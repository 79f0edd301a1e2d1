import { asLogits, convTranspose3d, Module, scope, type Logits, type Parameter } from "@multirnet/engine";

import { constant } from "../layers/initial.js";

/**
 * Multi-scale fusion: the lesion logits of all decoder levels, brought to full size and summed.
 *
 *     F = Σ_i η_i · UP_t(F_i),  t = 2ⁱ, UP_t a transposed convolution with kernel and stride t (identity for i = 0)
 *
 * MultiR-Net section 3.3. Choice: each lesion type has its own kernel, which starts as repetition of the coarse voxel (all ones).
 */
export class MultiScaleFusion extends Module {
  readonly up: readonly UpSampling[];
  readonly #weights: readonly number[];

  constructor({ lesionTypes, weights }: { lesionTypes: number; weights: readonly number[] }) {
    super();
    this.#weights = weights;
    this.up = weights.slice(1).map((_, index) => new UpSampling({ lesionTypes, stride: 2 ** (index + 1) }));
  }

  /** @param levels logits from the finest, N×K×D×H×W, to the coarsest @returns N×K×D×H×W */
  forward(levels: readonly Logits[]): Logits {
    return scope(() => {
      const scaled = levels.map((logits, level) => {
        const up = level === 0 ? logits : this.up[level - 1]?.forward(logits);
        return (up ?? logits).mul(this.#weights[level] ?? 0);
      });
      return asLogits(scaled.reduce((sum, logits) => sum.add(logits)));
    });
  }
}

class UpSampling extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #lesionTypes: number;
  readonly #stride: number;

  constructor({ lesionTypes, stride }: { lesionTypes: number; stride: number }) {
    super();
    this.weight = constant([lesionTypes, 1, stride, stride, stride], 1);
    this.bias = constant([lesionTypes], 0);
    this.#lesionTypes = lesionTypes;
    this.#stride = stride;
  }

  forward(logits: Logits): Logits {
    return asLogits(
      convTranspose3d(logits, this.weight.tensor, {
        bias: this.bias.tensor,
        stride: this.#stride,
        groups: this.#lesionTypes,
      }),
    );
  }
}
