import type { NotGiven } from "@multirnet/base";
import type { Box, Volume, Xyz } from "@multirnet/imaging";

/** All that a report on one scan says. Volumes may lie in any orientation, on one grid. */
export interface ScanReport {
  readonly title: string; // the case, as its reader knows it
  readonly createdAt: string; // ISO 8601
  readonly synthetic: boolean; // a phantom, no patient
  readonly scan: Volume<"hounsfield">;
  readonly lesions: Volume<"label"> | NotGiven;
  readonly probability?: Volume<"probability">; // of any lesion
  readonly lesionTypes: readonly string[]; // what the labels 1, 2, … mean
  readonly diagnosis: readonly Likelihood[] | NotGiven;
  readonly facts: readonly Fact[];
  readonly lesionTable: readonly LesionRow[];
  readonly trainedOn: readonly TrainedOn[];
  readonly warnings: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly notice: string;
}

export interface Likelihood {
  readonly name: string;
  readonly probability: number; // [0, 1]
}

/** A measured value under its name, with its unit: `{ name: "Lesions", value: 56.8, unit: "ml" }`. */
export interface Fact {
  readonly name: string;
  readonly value: number | string | NotGiven;
  readonly unit?: string;
}

export interface LesionRow {
  readonly rank: number; // 1 is the largest
  readonly ml: number | NotGiven;
  readonly voxels: number;
  readonly centreMm: Xyz; // LPS
  readonly box: Box; // in voxels of the scan as it came
}

/** What one of the model's outputs has learnt from: `{ output: "Lesion outline", data: "12 CTs of …" }`. */
export interface TrainedOn {
  readonly output: string;
  readonly data: string | NotGiven;
}
