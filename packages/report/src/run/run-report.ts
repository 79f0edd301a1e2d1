import type { NotGiven } from "@multirnet/base";

import type { LineChart } from "../figures/line-chart.js";
import type { Table } from "../page/table.js";
import type { Fact } from "../scan/scan-report.js";

/** All that a page on one training says. */
export interface RunReport {
  readonly title: string;
  readonly createdAt: string; // ISO 8601
  readonly synthetic: boolean; // trained on phantoms
  readonly facts: readonly Fact[]; // the figures that a reader looks for first
  readonly curves: readonly LineChart[];
  readonly pictures: readonly EpochPictures[];
  readonly table: Table | NotGiven; // of the cases that were held back
  readonly terms: readonly Term[]; // seed, data, machine, versions
  readonly config: string; // YAML
  readonly warnings: readonly string[];
  readonly notice: string;
}

/** What the network made of a few cases at the end of an epoch. */
export interface EpochPictures {
  readonly epoch: number;
  readonly pictures: readonly { readonly name: string; readonly uri: string }[];
}

export interface Term {
  readonly name: string;
  readonly text: string;
}
