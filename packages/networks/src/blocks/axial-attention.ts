import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, stack, tensor, type Parameter, type Tensor } from "@multirnet/engine";

import { constant, normal } from "../layers/initial.js";
import { BatchNorm } from "../layers/norm.js";
import { AveragePool } from "../layers/pooling.js";
import type { Pass } from "../network.js";
import { chain } from "./chain.js";
import { ConvolutionNorm } from "./convolution-norm.js";

/** What attention knows of places: nothing; their relative positions; or those, weighed by gates. */
export type Positions = "none" | "relative" | "gated";

const GROUPS = 8;

interface AxialShape {
  readonly channels: number;
  readonly length: number; // pixels along the axis
  readonly axis: "height" | "width";
  readonly positions: Positions;
}

/**
 * Self-attention along one axis of a picture, in eight groups of channels, with relative positions in query, key and value. Wang et al., ECCV 2020;
 * the gates: Valanarasu et al., MICCAI 2021, equation 3. No division by √d; a norm on each similarity map stands for it, and one on each part of the
 * output.
 */
class AxialAttention extends Module {
  readonly weight: Parameter; // of query, key and value
  readonly norm: BatchNorm;
  readonly similarityNorm: BatchNorm;
  readonly outputNorm: BatchNorm;
  readonly relative: Parameter | undefined;
  readonly gates: Gates | undefined;
  readonly #shape: AxialShape;

  constructor(shape: AxialShape, init: RandomSource) {
    super();
    const { channels, length, positions } = shape;
    const ofGroup = channels / GROUPS;
    this.#shape = shape;
    this.weight = normal([2 * channels, channels, 1], Math.sqrt(1 / channels), init.derive("weight"));
    this.norm = new BatchNorm(2 * channels);
    this.similarityNorm = new BatchNorm(positions === "none" ? GROUPS : 3 * GROUPS);
    this.outputNorm = new BatchNorm(positions === "none" ? channels : 2 * channels);
    this.relative =
      positions === "none"
        ? undefined
        : normal([2 * ofGroup, 2 * length - 1], Math.sqrt(1 / ofGroup), init.derive("relative"));
    this.gates = positions === "gated" ? new Gates() : undefined;
  }

  /** @param x N×C×H×W @returns the same */
  forward(x: Tensor, pass: Pass): Tensor {
    const { axis, channels } = this.#shape;
    return scope(() => {
      const lines = axis === "height" ? x.permute([0, 3, 1, 2]) : x.permute([0, 2, 1, 3]); // N×lines×C×length
      const [samples = 0, count = 0, , length = 0] = lines.shape;
      const seen = this.#attend(lines.reshape([samples * count, channels, length]), pass);
      const back = seen.reshape([samples, count, channels, length]);
      return axis === "height" ? back.permute([0, 2, 3, 1]) : back.permute([0, 2, 1, 3]);
    });
  }

  /** @param x lines×C×length */
  #attend(x: Tensor, pass: Pass): Tensor {
    const { channels } = this.#shape;
    const [lines = 0, , length = 0] = x.shape;
    const ofGroup = channels / GROUPS;
    const half = ofGroup / 2;
    const joined = this.norm
      .forward(this.weight.tensor.reshape([2 * channels, channels]).matmul(x), pass)
      .reshape([lines * GROUPS, 2 * ofGroup, length]);
    const q = joined.narrow(1, 0, half).permute([0, 2, 1]); // lines·groups×length×half
    const k = joined.narrow(1, half, half).permute([0, 2, 1]);
    const v = joined.narrow(1, ofGroup, ofGroup).permute([0, 2, 1]);
    const content = q.matmul(k.permute([0, 2, 1]));
    const places = this.#embeddings(length);
    const map = (similarities: Tensor): Tensor => similarities.reshape([lines, GROUPS, length, length]);
    if (places === undefined) {
      const weights = this.similarityNorm.forward(map(content), pass).softmax(3);
      const out = weights.reshape([lines * GROUPS, length, length]).matmul(v);
      return this.outputNorm.forward(out.permute([0, 2, 1]).reshape([lines, channels, length]), pass);
    }
    const ofQuery = this.#gated("query", byPlace(q, places.query.permute([1, 0, 2])));
    const ofKey = this.#gated("key", byPlace(k, places.key.permute([1, 0, 2])).permute([0, 2, 1]));
    const maps = cat([map(content), map(ofQuery), map(ofKey)], { dim: 1 });
    const summed = this.similarityNorm.forward(maps, pass).reshape([lines, 3, GROUPS, length, length]).sum([1]);
    const weights = summed.softmax(3).reshape([lines * GROUPS, length, length]);
    const values = this.#gated("value", weights.matmul(v).permute([0, 2, 1]));
    const positions = this.#gated("position", byPlace(weights, places.value.permute([1, 2, 0])).permute([0, 2, 1]));
    const parts = stack([values, positions], { dim: 2 }).reshape([lines, 2 * channels, length]); // of each channel both
    return this.outputNorm.forward(parts, pass).reshape([lines, channels, 2, length]).sum([2]);
  }

  /** The learned vectors of relative positions, each channel×i×j. */
  #embeddings(length: number): { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor } | undefined {
    const { channels, length: known } = this.#shape;
    if (this.relative === undefined) return undefined;
    const ofGroup = channels / GROUPS;
    const index = Array.from(
      { length: length * length },
      (_, at) => Math.floor(at / length) - (at % length) + known - 1, // i − j, from 0
    );
    const { device } = this.relative.tensor;
    const all = this.relative.tensor
      .indexSelect(1, tensor(index, [index.length], "int64").toDevice(device, "int64"))
      .reshape([2 * ofGroup, length, length]);
    return {
      query: all.narrow(0, 0, ofGroup / 2),
      key: all.narrow(0, ofGroup / 2, ofGroup / 2),
      value: all.narrow(0, ofGroup, ofGroup),
    };
  }

  #gated(gate: keyof Omit<Gates, keyof Module>, x: Tensor): Tensor {
    return this.gates === undefined ? x : x.mul(this.gates[gate].tensor);
  }
}

/** How much positions count beside content. At first a tenth, so that few pictures suffice to begin with. */
class Gates extends Module {
  readonly query = constant([], 0.1);
  readonly key = constant([], 0.1);
  readonly value = constant([], 1);
  readonly position = constant([], 0.1);
}

/** For each place i of its own: x[·, i, ·] times vectors[i]. @param x B×length×K @param vectors length×K×M @returns B×length×M */
function byPlace(x: Tensor, vectors: Tensor): Tensor {
  return x.permute([1, 0, 2]).matmul(vectors).permute([1, 0, 2]);
}

/** 1×1, norm, ReLU; attention along height, then along width (then the stride, by averaging), ReLU; 1×1, norm; the sum; ReLU. */
export class AxialBlock extends Module {
  readonly squeeze: ConvolutionNorm;
  readonly height: AxialAttention;
  readonly width: AxialAttention;
  readonly widen: ConvolutionNorm;
  readonly shortcut: ConvolutionNorm | undefined;
  readonly #pool: AveragePool | undefined;

  constructor(
    {
      from,
      planes,
      stride,
      length,
      positions,
    }: { from: number; planes: number; stride: number; length: number; positions: Positions },
    init: RandomSource,
  ) {
    super();
    const to = 2 * planes;
    const attention = (axis: AxialShape["axis"]): AxialAttention =>
      new AxialAttention({ channels: planes, length, axis, positions }, init.derive(axis));
    this.squeeze = new ConvolutionNorm({ dims: 2, from, to: planes, kernel: 1 }, init.derive("squeeze"));
    this.height = attention("height");
    this.width = attention("width");
    this.widen = new ConvolutionNorm({ dims: 2, from: planes, to, kernel: 1 }, init.derive("widen"));
    this.shortcut =
      stride === 1 && from === to
        ? undefined
        : new ConvolutionNorm({ dims: 2, from, to, kernel: 1, stride }, init.derive("shortcut"));
    this.#pool = stride === 1 ? undefined : new AveragePool({ dims: 2, kernel: stride });
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const attended = chain([this.height, this.width], this.squeeze.forward(x, pass).reluInPlace(), pass);
      const shrunk = (this.#pool?.forward(attended) ?? attended).relu();
      return this.widen
        .forward(shrunk, pass)
        .add(this.shortcut?.forward(x, pass) ?? x)
        .reluInPlace();
    });
  }
}
