import type { RandomSource } from "@multirnet/base";
import { Module, scope, type Tensor } from "@multirnet/engine";

import { dropout } from "../layers/dropout.js";
import { Linear } from "../layers/linear.js";
import { LayerNorm } from "../layers/norm.js";
import type { Pass } from "../network.js";

export interface TransformerShape {
  readonly width: number; // channels of a token
  readonly heads: number;
  readonly mlp: number; // channels between the two layers of the perceptron
  readonly layers: number;
  readonly dropout: number; // after each layer of the perceptron
}

const EPSILON = 1e-6;

/** A transformer's encoder: layers of self-attention and a perceptron, norms before each, one more at the end. Dosovitskiy et al., ICLR 2021. */
export class TransformerEncoder extends Module {
  readonly layers: readonly TransformerLayer[];
  readonly norm: LayerNorm;

  constructor(shape: TransformerShape, init: RandomSource) {
    super();
    this.layers = Array.from({ length: shape.layers }, (_, index) => new TransformerLayer(shape, init.derive(index)));
    this.norm = new LayerNorm(shape.width, { epsilon: EPSILON });
  }

  /** @param tokens N×T×width @returns N×T×width */
  forward(tokens: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const seen = this.layers.reduce((x, layer, index) => layer.forward(x, pass, `layer ${String(index)}`), tokens);
      return this.norm.forward(seen);
    });
  }
}

/** x + attention(norm(x)), then x + perceptron(norm(x)). */
class TransformerLayer extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: SelfAttention;
  readonly perceptronNorm: LayerNorm;
  readonly first: Linear;
  readonly second: Linear;
  readonly #dropout: number;

  constructor({ width, heads, mlp, dropout: rate }: TransformerShape, init: RandomSource) {
    super();
    this.attentionNorm = new LayerNorm(width, { epsilon: EPSILON });
    this.attention = new SelfAttention({ width, heads }, init.derive("attention"));
    this.perceptronNorm = new LayerNorm(width, { epsilon: EPSILON });
    this.first = new Linear({ from: width, to: mlp }, init.derive("first"));
    this.second = new Linear({ from: mlp, to: width }, init.derive("second"));
    this.#dropout = rate;
  }

  forward(x: Tensor, pass: Pass, purpose: string): Tensor {
    return scope(() => {
      const attended = x.add(this.attention.forward(this.attentionNorm.forward(x)));
      const drop = (y: Tensor, where: string): Tensor =>
        dropout(y, this.#dropout, pass, { purpose: `${purpose} ${where}`, over: "elements" });
      const between = drop(this.first.forward(this.perceptronNorm.forward(attended)).gelu(), "between");
      return attended.add(drop(this.second.forward(between), "after"));
    });
  }
}

/** Multi-head self-attention: softmax(q·kᵀ / √d)·v, d channels a head. Vaswani et al., 2017. */
class SelfAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  readonly #heads: number;

  constructor({ width, heads }: { width: number; heads: number }, init: RandomSource) {
    super();
    const layer = (name: string): Linear => new Linear({ from: width, to: width }, init.derive(name));
    this.query = layer("query");
    this.key = layer("key");
    this.value = layer("value");
    this.out = layer("out");
    this.#heads = heads;
  }

  forward(tokens: Tensor): Tensor {
    const [samples = 0, count = 0, width = 0] = tokens.shape;
    const ofHead = width / this.#heads;
    return scope(() => {
      const apart = (x: Tensor): Tensor => x.reshape([samples, count, this.#heads, ofHead]).permute([0, 2, 1, 3]);
      const [q, k, v] = [this.query, this.key, this.value].map((layer) => apart(layer.forward(tokens))) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const weights = q
        .matmul(k.permute([0, 1, 3, 2]))
        .div(Math.sqrt(ofHead))
        .softmax(-1);
      const joined = weights.matmul(v).permute([0, 2, 1, 3]).reshape([samples, count, width]);
      return this.out.forward(joined);
    });
  }
}
