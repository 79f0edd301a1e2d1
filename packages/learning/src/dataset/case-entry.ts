import type { Estimate } from "@multirnet/artifacts";

export const SPLITS = ["train", "test"] as const;
export type Split = (typeof SPLITS)[number];

/**
 * What is known of where the lesions are: a mask was drawn; the case is normal, so its mask is empty by definition; or nothing,
 * and then no segmentation loss or metric may look at the case.
 */
export type MaskState = "drawn" | "empty" | "unknown";

/** One scan of a dataset, with what is known of it. Paths are whole. */
export interface CaseEntry {
  readonly name: string;
  /** All cases of a patient stay together in every split. */
  readonly patient: string;
  readonly diagnosis?: string;
  readonly split: Split;
  readonly source?: string;
  readonly fold?: number;
  /** What is not measured but guessed; no ml may be reported from an estimated spacing. */
  readonly estimated: readonly Estimate[];
  readonly image: string;
  readonly mask: MaskState;
  /** The drawn mask; there if and only if `mask` is "drawn". */
  readonly label?: string;
  readonly lung?: string;
}

/** The columns of `cases.csv`; only `case` must be there. */
export const CASE_COLUMNS = ["case", "patient", "diagnosis", "split", "source", "fold", "estimated"] as const;
export type CaseColumn = (typeof CASE_COLUMNS)[number];
