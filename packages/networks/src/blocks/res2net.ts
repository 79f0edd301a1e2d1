import type { RandomSource } from "@multirnet/base";
import { cat, Module, scope, type Tensor } from "@multirnet/engine";

import { Convolution, type Dims } from "../layers/convolution.js";
import { BatchNorm, type Layer } from "../layers/norm.js";
import { AveragePool, MaxPool } from "../layers/pooling.js";
import type { Pass } from "../network.js";
import type { NameRule } from "../reference.js";
import { chain, reluChain } from "./chain.js";

export interface Res2NetShape {
  readonly dims: Dims;
  readonly channels: number; // of the input
  readonly variant: "plain" | "v1b";
  readonly blocks: readonly number[]; // of the four stages
  readonly planes: number; // of the first stage; each further one has twice as many
  readonly splits: number; // "scale"
  readonly baseWidth: number; // channels of a split at 64 planes
  readonly norm?: (channels: number) => Layer; // batch norm unless given
}

/** The backbone of Inf-Net and JCS: Res2Net v1b of 2-D images, four splits of 26 channels. */
export const RES2NET_V1B_26W_4S = {
  dims: 2,
  channels: 3,
  variant: "v1b",
  splits: 4,
  baseWidth: 26,
} as const satisfies Partial<Res2NetShape>;

const EXPANSION = 4;
const batchNorm = (channels: number): Layer => new BatchNorm(channels);

/** @returns the channels of the four stages */
export function res2netWidths({ planes }: Pick<Res2NetShape, "planes">): readonly number[] {
  return [0, 1, 2, 3].map((stage) => EXPANSION * planes * 2 ** stage);
}

/**
 * Res2Net without its head: a stem and four stages whose blocks convolve their channels in splits, each split seeing the one before. Gao et al.,
 * TPAMI 2021. `v1b` has three 3×3 convolutions for a stem and averages where a shortcut is strided.
 */
export class Res2NetFeatures extends Module {
  readonly stem: readonly Convolution[];
  readonly stemNorms: readonly Layer[];
  readonly stages: readonly (readonly Res2NetBlock[])[];
  readonly pool: MaxPool;

  constructor(shape: Res2NetShape, init: RandomSource) {
    super();
    const { dims, channels, variant, planes, norm = batchNorm } = shape;
    const layers =
      variant === "plain"
        ? [{ from: channels, to: planes, kernel: 7, stride: 2 }]
        : [
            { from: channels, to: planes / 2, kernel: 3, stride: 2 },
            { from: planes / 2, to: planes / 2, kernel: 3, stride: 1 },
            { from: planes / 2, to: planes, kernel: 3, stride: 1 },
          ];
    this.stem = layers.map(
      (layer, index) => new Convolution({ dims, ...layer, bias: false }, init.derive("stem", index)),
    );
    this.stemNorms = layers.map(({ to }) => norm(to));
    this.pool = new MaxPool({ dims, kernel: 3, stride: 2, padding: 1 });
    this.stages = shape.blocks.map((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const of = planes * 2 ** stage;
        const from = index > 0 ? EXPANSION * of : stage === 0 ? planes : (EXPANSION * of) / 2;
        const stride = index === 0 && stage > 0 ? 2 : 1;
        return new Res2NetBlock({ shape, from, planes: of, stride, first: index === 0 }, init.derive(stage, index));
      }),
    );
  }

  /** @returns the stem's feature at stride 2, and those of the four stages, at strides 4, 8, 16, 32 */
  forward(x: Tensor, pass: Pass): readonly [stem: Tensor, ...stages: Tensor[]] {
    return scope(() => {
      const units = this.stem.map((convolution, index) => ({
        forward: (feature: Tensor): Tensor => chain([convolution, this.stemNorms[index] as Layer], feature, pass),
      }));
      const stemmed = reluChain(units, x, pass);
      const features: Tensor[] = [];
      for (const stage of this.stages) {
        const before = features.at(-1) ?? this.pool.forward(stemmed);
        features.push(chain(stage, before, pass));
      }
      return [stemmed, ...features];
    });
  }
}

/** 1×1; 3×3 in splits, each adding the one before (in a stage's first block none does); 1×1; the sum with the shortcut. */
class Res2NetBlock extends Module {
  readonly squeeze: Convolution;
  readonly squeezeNorm: Layer;
  readonly splits: readonly Convolution[];
  readonly splitNorms: readonly Layer[];
  readonly widen: Convolution;
  readonly widenNorm: Layer;
  readonly shortcut: Shortcut | undefined;
  readonly #first: boolean;
  readonly #width: number;
  readonly #pool: AveragePool;

  constructor(
    {
      shape,
      from,
      planes,
      stride,
      first,
    }: { shape: Res2NetShape; from: number; planes: number; stride: number; first: boolean },
    init: RandomSource,
  ) {
    super();
    const { dims, splits, baseWidth, variant, norm = batchNorm } = shape;
    const width = Math.floor((planes * baseWidth) / 64);
    const to = EXPANSION * planes;
    this.squeeze = new Convolution({ dims, from, to: width * splits, kernel: 1, bias: false }, init.derive("squeeze"));
    this.squeezeNorm = norm(width * splits);
    this.splits = Array.from(
      { length: splits - 1 },
      (_, index) =>
        new Convolution({ dims, from: width, to: width, kernel: 3, stride, bias: false }, init.derive("split", index)),
    );
    this.splitNorms = this.splits.map(() => norm(width));
    this.widen = new Convolution({ dims, from: width * splits, to, kernel: 1, bias: false }, init.derive("widen"));
    this.widenNorm = norm(to);
    this.shortcut = first
      ? new Shortcut({ dims, from, to, stride, variant, norm }, init.derive("shortcut"))
      : undefined;
    this.#first = first;
    this.#width = width;
    this.#pool = new AveragePool({ dims, kernel: 3, stride, padding: 1 });
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const squeezed = chain([this.squeeze, this.squeezeNorm], x, pass).reluInPlace();
      const split = (index: number): Tensor => squeezed.narrow(1, index * this.#width, this.#width);
      const found: Tensor[] = [];
      for (const [index, convolution] of this.splits.entries()) {
        const before = found.at(-1);
        const own = split(index);
        const sees = before === undefined || this.#first ? own : before.add(own);
        found.push((this.splitNorms[index] as Layer).forward(convolution.forward(sees), pass).reluInPlace());
      }
      const rest = split(this.splits.length);
      found.push(this.#first ? this.#pool.forward(rest) : rest);
      const widened = chain([this.widen, this.widenNorm], cat(found, { dim: 1 }), pass);
      return widened.add(this.shortcut?.forward(x, pass) ?? x).reluInPlace();
    });
  }
}

/** What stands beside a stage's first block: 1×1 and norm; strided, or (v1b) after an average. */
class Shortcut extends Module {
  readonly convolution: Convolution;
  readonly norm: Layer;
  readonly #average: AveragePool | undefined;

  constructor(
    {
      dims,
      from,
      to,
      stride,
      variant,
      norm,
    }: {
      dims: Dims;
      from: number;
      to: number;
      stride: number;
      variant: Res2NetShape["variant"];
      norm: (channels: number) => Layer;
    },
    init: RandomSource,
  ) {
    super();
    const averages = variant === "v1b";
    this.convolution = new Convolution({ dims, from, to, kernel: 1, stride: averages ? 1 : stride, bias: false }, init);
    this.norm = norm(to);
    this.#average = averages ? new AveragePool({ dims, kernel: stride, ceil: true, countPadding: false }) : undefined;
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => chain([this.convolution, this.norm], this.#average?.forward(x) ?? x, pass));
  }
}

/** PyTorch's names of a Res2Net's parts; blocks are `stages.STAGE.INDEX`. */
export function res2netRules(prefix: string, here: string, variant: Res2NetShape["variant"]): NameRule[] {
  const there = prefix.replaceAll(".", "\\.");
  const stem: NameRule[] =
    variant === "plain"
      ? [[new RegExp(`^${there}conv1\\.`), `${here}stem.0.`]]
      : [0, 1, 2].flatMap((index): NameRule[] => [
          [new RegExp(`^${there}conv1\\.${String(3 * index)}\\.`), `${here}stem.${String(index)}.`],
          [new RegExp(`^${there}conv1\\.${String(3 * index + 1)}\\.`), `${here}stemNorms.${String(index)}.`],
        ]);
  return [
    ...stem,
    [new RegExp(`^${there}bn1\\.`), `${here}stemNorms.${variant === "plain" ? "0" : "2"}.`],
    ...[1, 2, 3, 4].map((stage): NameRule => [
      new RegExp(`^${there}layer${String(stage)}\\.`),
      `${here}stages.${String(stage - 1)}.`,
    ]),
    [/(stages\.\d\.\d+)\.conv1\./, "$1.squeeze."],
    [/(stages\.\d\.\d+)\.bn1\./, "$1.squeezeNorm."],
    [/(stages\.\d\.\d+)\.convs\./, "$1.splits."],
    [/(stages\.\d\.\d+)\.bns\./, "$1.splitNorms."],
    [/(stages\.\d\.\d+)\.conv3\./, "$1.widen."],
    [/(stages\.\d\.\d+)\.bn3\./, "$1.widenNorm."],
    [
      new RegExp(`(stages\\.\\d\\.\\d+)\\.downsample\\.${variant === "plain" ? "0" : "1"}\\.`),
      "$1.shortcut.convolution.",
    ],
    [new RegExp(`(stages\\.\\d\\.\\d+)\\.downsample\\.${variant === "plain" ? "1" : "2"}\\.`), "$1.shortcut.norm."],
  ];
}
