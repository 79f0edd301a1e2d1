import type { RandomSource } from "@multirnet/base";
import { asLogits, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import type { UnitStyle } from "../blocks/conv-norm-activation.js";
import { DoubleConvolution } from "../blocks/double-convolution.js";
import { UpStage } from "../blocks/up-stage.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution, type Dims } from "../layers/convolution.js";
import type { Norm } from "../layers/norm.js";
import { MaxPool } from "../layers/pooling.js";
import { Network, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";

/** As published. */
const WIDTHS = { cicek: [64, 128, 256, 512], monai: [32, 32, 64, 128, 256, 32] } as const;

interface Widths {
  readonly variant: keyof typeof WIDTHS;
  readonly widths?: readonly number[] | undefined; // as published unless given
}

export const unetOptions = z
  .strictObject({
    lesions: LESIONS,
    variant: z
      .enum(["cicek", "monai"])
      .default("cicek")
      .describe("cicek: the paper's, batch norm and ReLU; monai: BasicUNet, instance norm and leaky ReLU"),
    widths: z
      .array(z.int().min(2).multipleOf(2))
      .min(4)
      .max(6)
      .optional()
      .describe(
        "channels of the levels, for monai a last one more, that of the finest decoder level; " +
          `unless given ${WIDTHS.cicek.join(", ")} for cicek, ${WIDTHS.monai.join(", ")} for monai`,
      ),
  })
  .refine((options) => levelsOf(options) >= 4, {
    path: ["widths"],
    message: "expected a list of 5 or 6 for monai, the last one for the finest decoder level",
  })
  .overwrite((options) => ({ ...options, widths: [...widthsOf(options)] }));
export type UnetOptions = z.infer<typeof unetOptions>;

function widthsOf({ variant, widths }: Widths): readonly number[] {
  return widths ?? WIDTHS[variant];
}

function levelsOf(options: Widths): number {
  return widthsOf(options).length - (options.variant === "monai" ? 1 : 0);
}

/** Each side of the input is a multiple of this: there is a halving between two levels. */
export function unetMultiple(options: Widths): number {
  return 2 ** (levelsOf(options) - 1);
}

export const unetPresets = {
  full: {},
  small: { widths: [16, 32, 64, 128] },
  tiny: { widths: [4, 6, 8, 10] },
  monai: { variant: "monai" },
} as const satisfies Record<string, z.input<typeof unetOptions>>;

/** That the input has. */
export const CHANNELS: Readonly<Record<Dims, number>> = { 2: 3, 3: 1 };

/** How a variant lays its channels. */
interface Plan {
  readonly style: UnitStyle;
  readonly upBias: boolean;
  readonly encoder: readonly { readonly between: number; readonly to: number }[];
  readonly decoder: readonly { readonly up: number; readonly to: number }[]; // the deepest first
}

/** Which form of a U-Net: of volumes, with a single channel, or of slices, which stand three times as channels. */
export interface UnetShape {
  readonly name: string;
  readonly dims: Dims;
}

/**
 * U-Net: max-pooled levels of two convolutions, and back up with skips. Çiçek et al., MICCAI 2016: four levels, the first convolution of a level
 * half as wide, biases on the 3×3×3 convolutions and the head. 19,072,834 parameters in 3-D with two outputs (the paper's 19,069,955 are for three
 * channels in and three out, without those of the norms). `variant: monai` is MONAI's BasicUNet: five levels, 5,749,410 parameters.
 *
 * Differs: convolutions are padded, so that the outline has the size of the region.
 */
export class Unet extends Network {
  readonly task = "segmentation";
  readonly encoder: readonly DoubleConvolution[];
  readonly decoder: readonly UpStage[];
  readonly head: Convolution;
  readonly pool: MaxPool;
  override readonly sees: Network["sees"];
  readonly #shape: UnetShape;
  readonly #deepest: { readonly multipleOf: number; readonly norm: Norm };

  constructor(shape: UnetShape, options: UnetOptions, init: RandomSource) {
    super();
    const { lesions, variant } = options;
    const { dims } = shape;
    const plan = variant === "cicek" ? cicekPlan : monaiPlan;
    const { style: layers, upBias, encoder, decoder } = plan(widthsOf(options));
    const style = { ...layers, dims };
    this.sees = dims === 2 ? "slice" : "volume";
    this.pool = new MaxPool({ dims, kernel: 2 });
    this.#shape = shape;
    this.#deepest = { multipleOf: unetMultiple(options), norm: style.norm };
    this.encoder = encoder.map(
      (level, index) =>
        new DoubleConvolution(
          { from: encoder[index - 1]?.to ?? CHANNELS[dims], ...level, style },
          init.derive("encoder", index),
        ),
    );
    this.decoder = decoder.map(({ up, to }, index) => {
      const from = decoder[index - 1]?.to ?? encoder.at(-1)?.to ?? 0;
      const skip = encoder.at(-2 - index)?.to ?? 0;
      return new UpStage({ from, up, skip, to, upBias, style }, init.derive("decoder", index));
    });
    const last = decoder.at(-1)?.to ?? 0;
    this.head = new Convolution({ dims, from: last, to: lesions.length, kernel: 1, bias: true }, init.derive("head"));
  }

  /** @param input N×1×D×H×W in [0, 1], or N×3×H×W, each side a multiple of `unetMultiple` */
  forward(input: Tensor, pass: Pass): Prediction {
    const { name, dims } = this.#shape;
    requireRegion(name, input, { dims, channels: CHANNELS[dims], multipleOf: this.#deepest.multipleOf });
    requireStatistics(name, input, { dims, ...this.#deepest }, pass);
    return scope(() => {
      const features: Tensor[] = [];
      for (const [index, level] of this.encoder.entries()) {
        const above = features[index - 1];
        const feature = part(`encoder.${String(index)}`, () =>
          level.forward(above === undefined ? input : this.pool.forward(above), pass),
        );
        features.push(feature);
      }
      let feature = features.pop() as Tensor;
      for (const [index, stage] of this.decoder.entries()) {
        const [deeper, skip] = [feature, features.pop() as Tensor];
        feature = part(`decoder.${String(index)}`, () => stage.forward([skip], deeper, pass));
        deeper.release();
        skip.release();
      }
      const lesion = part("head", () => asLogits(this.head.forward(feature)));
      return { task: "segmentation", lesion, auxiliary: [] };
    });
  }
}

function cicekPlan(widths: readonly number[]): Plan {
  return {
    style: { kernel: 3, norm: "batch", activation: "relu", bias: true },
    upBias: false,
    encoder: widths.map((to) => ({ between: to / 2, to })),
    decoder: widths
      .slice(1)
      .map((up, index) => ({ up, to: widths[index] ?? 0 }))
      .toReversed(),
  };
}

/** The last width is that of the finest decoder level; all but that level halve the channels where they up-sample. */
function monaiPlan(widths: readonly number[]): Plan {
  const levels = widths.slice(0, -1);
  return {
    style: { kernel: 3, norm: "instance", activation: "leaky", bias: true },
    upBias: true,
    encoder: levels.map((to) => ({ between: to, to })),
    decoder: levels
      .slice(1)
      .map((from, index) =>
        index === 0 ? { up: from, to: widths.at(-1) ?? 0 } : { up: from / 2, to: levels[index] ?? 0 },
      )
      .toReversed(),
  };
}
