import type { RandomSource } from "@multirnet/base";
import { asLogits, scope, type Tensor } from "@multirnet/engine";
import { z } from "zod";

import type { UnitStyle } from "../blocks/conv-norm-activation.js";
import { DoubleConvolution } from "../blocks/double-convolution.js";
import { UpStage } from "../blocks/up-stage.js";
import { requireRegion, requireStatistics } from "../input.js";
import { Convolution } from "../layers/convolution.js";
import { MaxPool } from "../layers/pooling.js";
import { Network, type Auxiliary, type Pass, type Prediction } from "../network.js";
import { LESIONS } from "../options.js";
import { part } from "../part.js";
import { CHANNELS, type UnetShape } from "./unet.js";

/** Each side of the input is a multiple of this: four halvings. */
export const UNETPP_MULTIPLE = 16;

export const unetppOptions = z.strictObject({
  lesions: LESIONS,
  widths: z
    .array(z.int().min(2).multipleOf(2))
    .length(6)
    .default([32, 32, 64, 128, 256, 32])
    .describe("channels of the five levels, and of the last feature before the head"),
});
export type UnetppOptions = z.infer<typeof unetppOptions>;

export const unetppPresets = {
  full: {},
  small: { widths: [16, 16, 32, 64, 128, 16] },
  tiny: { widths: [4, 4, 6, 8, 10, 4] },
} as const satisfies Record<string, z.input<typeof unetppOptions>>;

const STYLE: UnitStyle = { kernel: 3, norm: "instance", activation: "leaky", bias: true };

/**
 * U-Net++: a U-Net whose skips are themselves small U-Nets. Node (level, column) takes all nodes left of it on its level and the one below; each
 * node of the top level has a head. Zhou et al., DLMIA 2018, in the form of MONAI `nets/basic_unetplusplus.py`: 6,979,976 parameters in 3-D with two outputs.
 *
 * Differs: 3-D convolutions where it is of volumes; as in MONAI the last head is the outline and heads are never averaged, the other three are there for deep supervision.
 */
export class Unetpp extends Network {
  readonly task = "segmentation";
  readonly encoder: readonly DoubleConvolution[];
  readonly columns: readonly (readonly UpStage[])[]; // the first column of nodes right of the encoder, top level first
  readonly heads: readonly Convolution[];
  readonly pool: MaxPool;
  override readonly sees: Network["sees"];
  readonly #shape: UnetShape;

  constructor(shape: UnetShape, { lesions, widths }: UnetppOptions, init: RandomSource) {
    super();
    const { dims } = shape;
    const style = { ...STYLE, dims };
    this.sees = dims === 2 ? "slice" : "volume";
    this.pool = new MaxPool({ dims, kernel: 2 });
    this.#shape = shape;
    const levels = widths.slice(0, -1);
    const deepest = levels.length - 1;
    const last = widths.at(-1) ?? 0;
    this.encoder = levels.map(
      (to, level) =>
        new DoubleConvolution({ from: levels[level - 1] ?? CHANNELS[dims], to, style }, init.derive("encoder", level)),
    );
    this.columns = Array.from({ length: deepest }, (_, index) =>
      Array.from({ length: deepest - index }, (_, level) => {
        const [from, own] = [levels[level + 1] ?? 0, levels[level] ?? 0];
        const up = level === 0 ? from : from / 2; // the top level keeps all channels
        const to = level === 0 && index === deepest - 1 ? last : own;
        const skip = own * (index + 1);
        return new UpStage({ from, up, skip, to, upBias: true, style }, init.derive("node", level, index));
      }),
    );
    this.heads = this.columns.map(
      (_, index) =>
        new Convolution(
          { dims, from: index === deepest - 1 ? last : (levels[0] ?? 0), to: lesions.length, kernel: 1, bias: true },
          init.derive("head", index),
        ),
    );
  }

  /** @param input N×1×D×H×W in [0, 1], or N×3×H×W, each side a multiple of 16 */
  forward(input: Tensor, pass: Pass): Prediction {
    const { name, dims } = this.#shape;
    requireRegion(name, input, { dims, channels: CHANNELS[dims], multipleOf: UNETPP_MULTIPLE });
    requireStatistics(name, input, { dims, multipleOf: UNETPP_MULTIPLE, norm: STYLE.norm }, pass);
    return scope(() => {
      const rows: Tensor[][] = []; // the nodes of each level, from the encoder's on
      for (const [level, stage] of this.encoder.entries()) {
        const above = rows[level - 1]?.[0];
        const feature = part(`encoder.${String(level)}`, () =>
          stage.forward(above === undefined ? input : this.pool.forward(above), pass),
        );
        rows.push([feature]);
      }
      for (const [index, column] of this.columns.entries()) {
        for (const [level, node] of column.entries()) {
          const skips = rows[level] as Tensor[];
          const below = rows[level + 1]?.[index] as Tensor;
          skips.push(part(`columns.${String(index)}.${String(level)}`, () => node.forward(skips.slice(), below, pass)));
        }
      }
      const logits = this.heads.map((head, index) =>
        part(`heads.${String(index)}`, () => asLogits(head.forward(rows[0]?.[index + 1] as Tensor))),
      );
      const lesion = logits.at(-1) as (typeof logits)[number];
      const auxiliary = logits
        .slice(0, -1)
        .map((side, index): Auxiliary => ({ name: `head${String(index)}`, of: "lesion", role: "level", logits: side }));
      return { task: "segmentation", lesion, auxiliary };
    });
  }
}
