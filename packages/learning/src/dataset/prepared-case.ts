import type { Box, Grid, Xyz } from "@multirnet/imaging";

import type { CaseEntry } from "./case-entry.js";

/** A connected piece of lesion, all types together. */
export interface LesionComponent {
  /** Mean place of its voxels on the prepared grid, in voxels; it may lie between voxels, and outside a bent piece. */
  readonly centre: Xyz;
  readonly voxels: number;
  /** Some of its voxels, spread evenly over it, as indices; all of a small one. */
  readonly places: readonly number[];
}

/** What cutting a region looks at: a scan ready for a network, resident in memory at 2 or 3 bytes a voxel. */
export interface PreparedScan {
  /** The working grid: axes along LPS, the spacing asked for. */
  readonly grid: Grid;
  /** The scan clipped to the CT window and scaled so that 0 is air (and below) and 65535 the window's top; x fastest. */
  readonly image: Uint16Array;
  /** 0 background, i + 1 for the i-th channel; all 0 for a normal case; absent where nothing is known of the lesions. */
  readonly mask?: Uint8Array;
  /** Pieces of lesion, largest first. */
  readonly components: readonly LesionComponent[];
  /** Where the patient is: what whole-case validation tiles, as inference does. */
  readonly body: Box;
  /** Where a region may be centred that is not aimed at a lesion: voxel indices spread evenly over lung or body. */
  readonly places: Uint32Array;
}

/** A case of a dataset, ready for training and for whole-case validation. */
export interface PreparedCase extends PreparedScan {
  readonly entry: CaseEntry;
  /** What the values of `mask` mean: value i + 1 is `channels[i]`. */
  readonly channels: readonly string[];
  readonly placesAre: "lung" | "body";
  /** The grid of the image file, for the way back. */
  readonly sourceGrid: Grid;
}

/** Full scale of `PreparedScan.image`: a step is 1/65535 of the window, 0.02 HU of 1400. */
export const FULL_SCALE = 65535;
