import type { RandomSource } from "@multirnet/base";
import { asLogits, cat, Module, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import { AxialBlock, type Positions } from "../blocks/axial-attention.js";
import { chain, reluChain } from "../blocks/chain.js";
import { ConvolutionNorm } from "../blocks/convolution-norm.js";
import { requireRegion } from "../input.js";
import { Convolution } from "../layers/convolution.js";
import { enlarge } from "../layers/resize.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { TORCH_COUNTER, TORCH_NORM, type NameRule, type Reference } from "../reference.js";

/** Patches along each side of the picture that the local branch looks at one by one. */
const PATCHES = 4;

/** The side of the input is a multiple of this: each patch is halved five times. */
export const MEDT_MULTIPLE = PATCHES * 2 ** 5;

const VARIANTS = {
  medt: { global: "gated", local: "none" },
  logo: { global: "relative", local: "relative" },
  gated: { global: "gated", local: undefined },
  axial: { global: "relative", local: undefined },
} as const satisfies Record<string, { global: Positions; local: Positions | undefined }>;

export const medtOptions = z.strictObject({
  lesions: LESIONS,
  variant: z
    .enum(["medt", "logo", "gated", "axial"])
    .default("medt")
    .describe(
      "medt: gated global and positionless local branch; logo: both with positions; gated, axial: the global branch alone, four stages",
    ),
  side: z
    .int()
    .multipleOf(MEDT_MULTIPLE)
    .min(MEDT_MULTIPLE)
    .default(128)
    .describe("pixels of the input's side: positions are learned for it"),
  planes: z.int().multipleOf(16).min(16).default(16).describe("channels of attention in the first stage"),
  stem: z.int().min(1).default(8).describe("channels of the stem's first and last convolution"),
  between: z.int().min(1).default(128).describe("channels of the stem's middle convolution"),
  statistics: z
    .enum(["running", "batch"])
    .default("running")
    .describe(
      "of the norms in evaluation: running ones, as published, or those of the slices that are seen together, as in training: a patch of air and one of lung have so different ones that running ones are neither's",
    ),
});
export type MedtOptions = z.infer<typeof medtOptions>;

export const medtPresets = {
  full: {},
  small: { between: 32, statistics: "batch" },
  tiny: { stem: 4, between: 6 },
} as const satisfies Record<string, z.input<typeof medtOptions>>;

const BLOCKS = [1, 2, 4, 1] as const;

/**
 * MedT: gated axial attention over the whole picture, and beside it attention within sixteen patches. Valanarasu et al., MICCAI 2021
 * (jeya-maria-jose/Medical-Transformer): 1,524,570 parameters with two outputs, which its paper counts with 35,570 more that nothing uses.
 *
 * Differs: those are left out; a sigmoid channel a lesion type in place of a softmax over classes. The gates stand before batch norms, as published, so
 * that their gradients are nearly 0.
 */
export class MedT extends Network {
  readonly task = "segmentation";
  override readonly sees = "slice";
  override readonly side: number;
  readonly global: AxialBranch;
  readonly local: AxialBranch | undefined;
  readonly fusion: Convolution | undefined;
  readonly head: Convolution;
  readonly #statistics: MedtOptions["statistics"];

  constructor({ lesions, variant, side, planes, stem, between, statistics }: MedtOptions, init: RandomSource) {
    super();
    this.#statistics = statistics;
    const { global, local } = VARIANTS[variant];
    const alone = local === undefined;
    this.side = side;
    this.global = new AxialBranch(
      { side, stem, between, planes, stages: alone ? 4 : 2, positions: global },
      init.derive("global"),
    );
    this.local = alone
      ? undefined
      : new AxialBranch(
          // Its stem is as wide as the global branch's last stage, as published.
          { side: side / PATCHES, stem: 4 * planes, between, planes, stages: 4, positions: local },
          init.derive("local"),
        );
    this.fusion = alone
      ? undefined
      : new Convolution({ dims: 2, from: planes, to: planes, kernel: 3, bias: true }, init.derive("fusion"));
    this.head = new Convolution(
      { dims: 2, from: planes, to: lesions.length, kernel: 1, bias: true },
      init.derive("head"),
    );
  }

  /** @param input N×3×side×side in [0, 1] */
  forward(input: Tensor, given: Pass): Prediction {
    requireRegion("medt", input, { dims: 2, channels: 3, multipleOf: this.side, only: this.side });
    const pass: Pass = this.#statistics === "batch" ? { ...given, statistics: "batch" } : given;
    return scope(() => {
      const whole = part("global", () => this.global.forward(input, pass));
      const { local, fusion } = this;
      const feature =
        local === undefined || fusion === undefined
          ? whole
          : part("local", () => fusion.forward(whole.add(this.#byPatches(local, input, pass))).reluInPlace());
      return { task: "segmentation", lesion: part("head", () => asLogits(this.head.forward(feature))), auxiliary: [] };
    });
  }

  /** Each patch by itself: in training each moves the norms on its own. */
  #byPatches(local: AxialBranch, input: Tensor, pass: Pass): Tensor {
    const side = this.side / PATCHES;
    const places = [...Array(PATCHES).keys()];
    const rows = places.map((row) =>
      cat(
        places.map((column) =>
          scope(() =>
            local.forward(
              input
                .narrow(2, row * side, side)
                .narrow(3, column * side, side)
                .contiguous(),
              pass,
            ),
          ),
        ),
        { dim: 3 },
      ),
    );
    return cat(rows, { dim: 2 });
  }
}

/** A stem, stages of axial blocks, and a decoder that doubles the sides and adds the stages' features. */
class AxialBranch extends Module {
  readonly stem: readonly ConvolutionNorm[];
  readonly stages: readonly (readonly AxialBlock[])[];
  readonly decoder: readonly Convolution[]; // the deepest first

  constructor(
    {
      side,
      stem,
      between,
      planes,
      stages,
      positions,
    }: { side: number; stem: number; between: number; planes: number; stages: 2 | 4; positions: Positions },
    init: RandomSource,
  ) {
    super();
    this.stem = [
      new ConvolutionNorm({ dims: 2, from: 3, to: stem, kernel: 7, stride: 2 }, init.derive("stem", 0)),
      new ConvolutionNorm({ dims: 2, from: stem, to: between, kernel: 3 }, init.derive("stem", 1)),
      new ConvolutionNorm({ dims: 2, from: between, to: stem, kernel: 3 }, init.derive("stem", 2)),
    ];
    const widths = [0, 1, 2, 3].slice(0, stages).map((stage) => planes * 2 ** stage);
    this.stages = widths.map((width, stage) =>
      Array.from({ length: BLOCKS[stage] ?? 0 }, (_, index) => {
        const first = index === 0;
        const from = !first ? 2 * width : stage === 0 ? stem : width;
        const stride = first && stage > 0 ? 2 : 1;
        const length = side / 2 ** (stage === 0 || first ? Math.max(1, stage) : stage + 1);
        return new AxialBlock({ from, planes: width, stride, length, positions }, init.derive("stage", stage, index));
      }),
    );
    // The innermost of a four-stage decoder halves once more before it doubles.
    const steps = [
      ...(stages === 4 ? [{ from: 16 * planes, to: 16 * planes, stride: 2 }] : []),
      ...widths.map((width) => ({ from: 2 * width, to: width, stride: 1 })).toReversed(),
    ];
    this.decoder = steps.map(
      ({ from, to, stride }, index) =>
        new Convolution({ dims: 2, from, to, kernel: 3, stride, bias: true }, init.derive("decoder", index)),
    );
  }

  /** @returns N×planes×side×side */
  forward(x: Tensor, pass: Pass): Tensor {
    return scope(() => {
      const features = [reluChain(this.stem, x, pass)];
      for (const stage of this.stages) features.push(chain(stage, features.at(-1) as Tensor, pass));
      const skips = features.slice(1);
      let feature = skips.at(-1) as Tensor;
      const [deepest, ...rest] = this.decoder.length > this.stages.length ? this.decoder : [undefined, ...this.decoder];
      if (deepest !== undefined) feature = enlarge(deepest.forward(feature), 2).reluInPlace().add(feature);
      for (const [index, step] of rest.entries()) {
        const skip = skips.at(-2 - index);
        const up = enlarge((step as Convolution).forward(feature), 2).reluInPlace();
        feature = skip === undefined ? up : up.add(skip);
      }
      return feature;
    });
  }
}

const ATTENTION: readonly NameRule[] = [
  [/\.hight_block\./, ".height."],
  [/\.width_block\./, ".width."],
  [/\.qkv_transform\.weight$/, ".weight"],
  [/\.bn_qkv\./, ".norm."],
  [/\.bn_similarity\./, ".similarityNorm."],
  [/\.bn_output\./, ".outputNorm."],
  [/\.f_qr$/, ".gates.query"],
  [/\.f_kr$/, ".gates.key"],
  [/\.f_sv$/, ".gates.value"],
  [/\.f_sve$/, ".gates.position"],
  [/\.conv_down\./, ".squeeze.convolution."],
  [/^((?:global|local)\.stages\.\d\.\d)\.bn1\./, "$1.squeeze.norm."],
  [/\.conv_up\./, ".widen.convolution."],
  [/^((?:global|local)\.stages\.\d\.\d)\.bn2\./, "$1.widen.norm."],
  [/\.downsample\.0\./, ".shortcut.convolution."],
  [/\.downsample\.1\./, ".shortcut.norm."],
];

/** @param last how the names of a branch end @param decoder of its first step in the published numbering */
function branchRules(branch: string, last: string, decoder: number): NameRule[] {
  return [
    ...[1, 2, 3].flatMap((index): NameRule[] => [
      [new RegExp(`^conv${String(index)}${last}\\.`), `${branch}.stem.${String(index - 1)}.convolution.`],
      [new RegExp(`^bn${String(index)}${last}\\.`), `${branch}.stem.${String(index - 1)}.norm.`],
    ]),
    ...[1, 2, 3, 4].map((index): NameRule => [
      new RegExp(`^layer${String(index)}${last}\\.`),
      `${branch}.stages.${String(index - 1)}.`,
    ]),
    ...[1, 2, 3, 4, 5]
      .filter((index) => index >= decoder)
      .map((index): NameRule => [
        new RegExp(`^decoder${String(index)}${last}\\.`),
        `${branch}.decoder.${String(index - decoder)}.`,
      ]),
  ];
}

const UNUSED = [/^adjust_p\./, /_p\.\d\.conv1\./, /flatten_index$/, TORCH_COUNTER];

const BOTH_BRANCHES: Omit<Reference, "name" | "source" | "options"> = {
  head: { tensors: /^head\./, outputs: "softmax" },
  rules: [
    ...branchRules("local", "_p", 1),
    ...branchRules("global", "", 4),
    ...ATTENTION,
    [/^decoderf\./, "fusion."],
    [/^adjust\./, "head."],
    ...TORCH_NORM,
  ],
  ignored: UNUSED,
};

const GLOBAL_BRANCH: typeof BOTH_BRANCHES = {
  head: { tensors: /^head\./, outputs: "softmax" },
  rules: [...branchRules("global", "", 1), ...ATTENTION, [/^adjust\./, "head."], ...TORCH_NORM],
  ignored: UNUSED,
};

/** A reference for each variant, by what its source calls the function that makes it. */
export const MEDT_REFERENCES: readonly Reference[] = (
  [
    ["medt", "MedT", BOTH_BRANCHES],
    ["logo", "logo", BOTH_BRANCHES],
    ["gated", "gated", GLOBAL_BRANCH],
    ["axial", "axialunet", GLOBAL_BRANCH],
  ] as const
).map(([variant, made, branches]) => ({
  name: variant,
  source: `jeya-maria-jose/Medical-Transformer lib/models/axialnet.py, ${made}`,
  options: { variant },
  ...branches,
}));
