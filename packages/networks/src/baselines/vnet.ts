import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Logits, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { chain } from "../blocks/chain.js";
import { ConvolutionNorm } from "../blocks/convolution-norm.js";
import { activationOf, type Activation } from "../layers/activation.js";
import { Convolution, UpConvolution } from "../layers/convolution.js";
import { dropout } from "../layers/dropout.js";
import { BatchNorm, type Layer } from "../layers/norm.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference, type ReferenceHead } from "../reference.js";

const KERNEL = 5;

/** Each side of the input is a multiple of this: four halvings. */
export const VNET_MULTIPLE = 16;

export const vnetOptions = z.strictObject({
  lesions: LESIONS,
  widths: z
    .array(z.int().min(2).multipleOf(2))
    .length(5)
    .default([16, 32, 64, 128, 256])
    .describe("channels of the five stages"),
  activation: z.enum(["elu", "prelu"]).default("elu").describe("elu as in MONAI, prelu as in vnet.pytorch"),
  biases: z
    .enum(["up", "all"])
    .default("up")
    .describe("which 5×5×5 and strided convolutions have one: only the transposed (MONAI), or all (vnet.pytorch)"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe("share of channels dropped in training, in the deep stages and the skips"),
});
export type VnetOptions = z.infer<typeof vnetOptions>;

export const vnetPresets = {
  full: {},
  small: { widths: [8, 16, 32, 64, 128] },
  tiny: { widths: [2, 4, 6, 8, 10] },
  pytorch: { activation: "prelu", biases: "all" },
} as const satisfies Record<string, z.input<typeof vnetOptions>>;

interface Style {
  readonly activation: Activation;
  readonly bias: boolean; // of convolutions followed by a norm, other than the transposed ones
}

/**
 * V-Net. Milletari et al., 3DV 2016, in the form of its two public implementations, mattmacy/vnet.pytorch and MONAI `nets/vnet.py`.
 *
 * 45,597,898 parameters with one lesion type (MONAI's with two outputs), 45,603,934 with PReLU and all biases (vnet.pytorch's). The last channels are
 * background and a lesion type each, as there. Differs: the outline is the sigmoid of how much a lesion's channel stands above the background's, which
 * for one type is the softmax over the two, and lets several types overlap.
 */
export class Vnet extends Network {
  readonly task = "segmentation";
  readonly body: VnetBody;

  constructor({ lesions, ...options }: VnetOptions, init: RandomSource) {
    super();
    this.body = new VnetBody({ ...options, channels: 1, lesions }, init);
  }

  /** @param input N×1×D×H×W in [0, 1], each side a multiple of 16 */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("vnet", input, { channels: 1, multipleOf: VNET_MULTIPLE });
    requireStatistics("vnet", input, { multipleOf: VNET_MULTIPLE }, pass);
    return scope(() => ({ task: "segmentation", lesion: this.body.forward(input, input, pass).lesion, auxiliary: [] }));
  }
}

/** The encoder, decoder and head of a V-Net. */
export class VnetBody extends Module {
  readonly first: ConvolutionNorm;
  readonly firstActivation: Layer;
  readonly down: readonly Down[];
  readonly up: readonly Up[];
  readonly out: ConvolutionNorm;
  readonly outActivation: Layer;
  readonly head: Convolution;

  constructor(
    { channels, lesions, widths, activation, biases, dropout: rate }: VnetOptions & { readonly channels: number },
    init: RandomSource,
  ) {
    super();
    const outputs = 1 + lesions.length; // the first is the background
    const style: Style = { activation, bias: biases === "all" };
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, w4 = 0] = widths;
    this.first = unitOf({ from: channels, to: w0, style }, init.derive("first"));
    this.firstActivation = activationOf(activation, w0);
    this.down = [
      new Down({ from: w0, to: w1, convolutions: 1, dropped: 0, style }, init.derive("down", 0)),
      new Down({ from: w1, to: w2, convolutions: 2, dropped: 0, style }, init.derive("down", 1)),
      new Down({ from: w2, to: w3, convolutions: 3, dropped: rate, style }, init.derive("down", 2)),
      new Down({ from: w3, to: w4, convolutions: 2, dropped: rate, style }, init.derive("down", 3)),
    ];
    this.up = [
      new Up({ from: w4, skip: w3, convolutions: 2, dropped: rate, rate, style }, init.derive("up", 0)),
      new Up({ from: 2 * w3, skip: w2, convolutions: 2, dropped: rate, rate, style }, init.derive("up", 1)),
      new Up({ from: 2 * w2, skip: w1, convolutions: 1, dropped: 0, rate, style }, init.derive("up", 2)),
      new Up({ from: 2 * w1, skip: w0, convolutions: 1, dropped: 0, rate, style }, init.derive("up", 3)),
    ];
    this.out = unitOf({ from: 2 * w0, to: outputs, style }, init.derive("out"));
    this.outActivation = activationOf(activation, outputs);
    this.head = new Convolution({ from: outputs, to: outputs, kernel: 1, bias: true }, init.derive("head"));
  }

  /**
   * @param scan what the first stage adds to its output, one channel
   * @returns the logits of the lesion types, and the features of the five encoder stages, the finest first
   */
  forward(input: Tensor, scan: Tensor, pass: Pass): { readonly lesion: Logits; readonly stages: readonly Tensor[] } {
    return scope(() => {
      const stages = [
        part("first", () => this.firstActivation.forward(this.first.forward(input, pass).add(scan), pass)),
      ];
      for (const [index, stage] of this.down.entries()) {
        stages.push(
          part(`down.${String(index)}`, () => stage.forward(stages[index] as Tensor, pass, `down ${String(index)}`)),
        );
      }
      let feature = stages.at(-1) as Tensor;
      for (const [index, stage] of this.up.entries()) {
        const deeper = feature;
        const skip = stages.at(-2 - index) as Tensor;
        feature = part(`up.${String(index)}`, () => stage.forward(deeper, skip, pass, `up ${String(index)}`));
        if (index > 0) deeper.release();
      }
      const lesion = part("out", () => {
        const outputs = chain([this.out, this.outActivation, this.head], feature, pass);
        const [, channels = 0] = outputs.shape;
        return asLogits(outputs.narrow(1, 1, channels - 1).sub(outputs.narrow(1, 0, 1)));
      });
      return { lesion, stages };
    });
  }
}

/** 5×5×5 convolution and batch norm. */
function unitOf({ from, to, style }: { from: number; to: number; style: Style }, init: RandomSource): ConvolutionNorm {
  return new ConvolutionNorm({ from, to, kernel: KERNEL, bias: style.bias }, init);
}

/** Units with an activation each, also the last. */
class Units extends Module {
  readonly units: readonly ConvolutionNorm[];
  readonly activations: readonly Layer[];

  constructor({ channels, count, style }: { channels: number; count: number; style: Style }, init: RandomSource) {
    super();
    this.units = Array.from({ length: count }, (_, index) =>
      unitOf({ from: channels, to: channels, style }, init.derive(index)),
    );
    this.activations = this.units.map(() => activationOf(style.activation, channels));
  }

  forward(x: Tensor, pass: Pass): Tensor {
    return chain(
      this.units.flatMap((unit, index) => [unit, this.activations[index] as Layer]),
      x,
      pass,
    );
  }
}

/** Strided convolution, norm, activation, dropout; units; their sum with what was halved; activation. */
class Down extends Module {
  readonly convolution: Convolution;
  readonly norm: BatchNorm;
  readonly halvedActivation: Layer;
  readonly units: Units;
  readonly activation: Layer;
  readonly #dropped: number;

  constructor(
    {
      from,
      to,
      convolutions,
      dropped,
      style,
    }: { from: number; to: number; convolutions: number; dropped: number; style: Style },
    init: RandomSource,
  ) {
    super();
    this.convolution = new Convolution({ from, to, kernel: 2, stride: 2, bias: style.bias }, init.derive("halve"));
    this.norm = new BatchNorm(to);
    this.halvedActivation = activationOf(style.activation, to);
    this.units = new Units({ channels: to, count: convolutions, style }, init.derive("units"));
    this.activation = activationOf(style.activation, to);
    this.#dropped = dropped;
  }

  forward(x: Tensor, pass: Pass, purpose: string): Tensor {
    const half = chain([this.convolution, this.norm, this.halvedActivation], x, pass);
    const kept = dropout(half, this.#dropped, pass, { purpose, over: "channels" });
    return this.activation.forward(this.units.forward(kept, pass).add(half), pass);
  }
}

/** Transposed convolution to the width of the skip, norm, activation; joined with the skip, which is the residual; units; activation. */
class Up extends Module {
  readonly convolution: UpConvolution;
  readonly norm: BatchNorm;
  readonly doubledActivation: Layer;
  readonly units: Units;
  readonly activation: Layer;
  readonly #dropped: number;
  readonly #skipDropped: number;

  constructor(
    options: {
      readonly from: number;
      readonly skip: number;
      readonly convolutions: number;
      readonly dropped: number;
      readonly rate: number;
      readonly style: Style;
    },
    init: RandomSource,
  ) {
    super();
    const { from, skip, convolutions, dropped, rate, style } = options;
    this.convolution = new UpConvolution({ from, to: skip, stride: 2, bias: true }, init.derive("double"));
    this.norm = new BatchNorm(skip);
    this.doubledActivation = activationOf(style.activation, skip);
    this.units = new Units({ channels: 2 * skip, count: convolutions, style }, init.derive("units"));
    this.activation = activationOf(style.activation, 2 * skip);
    this.#dropped = dropped;
    this.#skipDropped = rate;
  }

  forward(x: Tensor, skip: Tensor, pass: Pass, purpose: string): Tensor {
    const kept = dropout(x, this.#dropped, pass, { purpose, over: "channels" });
    const keptSkip = dropout(skip, this.#skipDropped, pass, { purpose: `${purpose} skip`, over: "channels" });
    const joined = scope(() => {
      const up = chain([this.convolution, this.norm, this.doubledActivation], kept, pass);
      return cat([up, keptSkip], { dim: 1 });
    });
    return this.activation.forward(this.units.forward(joined, pass).add(joined), pass);
  }
}

const STAGES: readonly NameRule[] = [
  ...[32, 64, 128, 256].map((width, index): NameRule => [
    new RegExp(`^down_tr${String(width)}\\.`),
    `body.down.${String(index)}.`,
  ]),
  ...[256, 128, 64, 32].map((width, index): NameRule => [
    new RegExp(`^up_tr${String(width)}\\.`),
    `body.up.${String(index)}.`,
  ]),
  [/\.(?:down|up)_conv\./, ".convolution."],
];

/** The last unit is as narrow as the head: both have a channel for the background and each lesion type. */
const HEAD: ReferenceHead = { tensors: /^body\.(?:out|outActivation|head)\./, outputs: "background" };

export const VNET_MONAI: Reference = {
  name: "monai",
  source: "Project-MONAI/MONAI monai/networks/nets/vnet.py",
  head: HEAD,
  rules: [
    ...STAGES,
    [/^in_tr\.conv_block\./, "body.first."],
    [/^in_tr\.act_function\./, "body.firstActivation."],
    [/^out_tr\.conv_block\./, "body.out."],
    [/^out_tr\.act_function1\./, "body.outActivation."],
    [/^out_tr\.conv2\./, "body.head."],
    [/^(body\.(?:down|up)\.\d)\.bn1\./, "$1.norm."],
    [/^(body\.down\.\d)\.act_function1\./, "$1.halvedActivation."],
    [/^(body\.up\.\d)\.act_function1\./, "$1.doubledActivation."],
    [/\.act_function2\./, ".activation."],
    [/\.ops\.(\d)\.act_function\./, ".units.activations.$1."],
    [/\.ops\.(\d)\.conv_block\./, ".units.units.$1."],
    [/\.conv\./, ".convolution."],
    [/\.adn\.N\./, ".norm."],
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER],
};

/** Its forward does not run as published: the check of its norm, and the input repeated along the batch. */
export const VNET_PYTORCH: Reference = {
  name: "pytorch",
  source: "mattmacy/vnet.pytorch vnet.py",
  options: { preset: "pytorch" },
  head: HEAD,
  rules: [
    ...STAGES,
    [/^in_tr\.conv1\./, "body.first.convolution."],
    [/^in_tr\.bn1\./, "body.first.norm."],
    [/^in_tr\.relu1\./, "body.firstActivation."],
    [/^out_tr\.conv1\./, "body.out.convolution."],
    [/^out_tr\.bn1\./, "body.out.norm."],
    [/^out_tr\.relu1\./, "body.outActivation."],
    [/^out_tr\.conv2\./, "body.head."],
    [/\.ops\.(\d)\.conv1\./, ".units.units.$1.convolution."],
    [/\.ops\.(\d)\.bn1\./, ".units.units.$1.norm."],
    [/\.ops\.(\d)\.relu1\./, ".units.activations.$1."],
    [/^(body\.(?:down|up)\.\d)\.bn1\./, "$1.norm."],
    [/^(body\.down\.\d)\.relu1\./, "$1.halvedActivation."],
    [/^(body\.up\.\d)\.relu1\./, "$1.doubledActivation."],
    [/\.relu2\./, ".activation."],
    ...TORCH_NORM,
  ],
  ignored: [TORCH_COUNTER],
};
