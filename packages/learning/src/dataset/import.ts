import { nearestName } from "@multirnet/base";

import { checkDataset, checkedProblem, type CheckOptions, type DatasetCheck } from "./check.js";
import { DatasetError } from "./dataset-error.js";
import { planCovidCtSegAligned } from "./import-covid-ct-seg-aligned.js";
import { planCovidSemiseg } from "./import-covid-semiseg.js";
import { planNnunet } from "./import-nnunet.js";
import type { ImportPlan } from "./import-plan.js";
import { writeDataset } from "./write-dataset.js";

/** How each kind of public set is understood; a new kind is a row here and a file beside. */
const PLANS: ReadonlyMap<string, (source: string) => Promise<ImportPlan>> = new Map([
  ["covid-ct-seg-aligned", planCovidCtSegAligned],
  ["covid-semiseg", planCovidSemiseg],
  ["nnunet", planNnunet],
]);

export const IMPORT_KINDS: readonly string[] = [...PLANS.keys()];

/**
 * Brings a public set into a dataset folder of its own: volumes are copied as they are, slices become volumes, tables are written. The folder appears whole
 * or not at all.
 *
 * @param out a new or an empty folder
 * @returns what `checkDataset` says of the result, with what is known of the source
 * @throws DatasetError DATASET_KIND_UNKNOWN, DATASET_OUT_EXISTS, DATASET_SOURCE_LAYOUT and all that is wrong with the tables
 * @throws FileError when `out` cannot be written
 */
export async function importDataset(
  kind: string,
  source: string,
  out: string,
  options: CheckOptions = {},
): Promise<DatasetCheck> {
  const plan = PLANS.get(kind);
  if (plan === undefined) {
    const nearest = nearestName(kind, IMPORT_KINDS);
    const near = nearest === undefined ? {} : { nearest };
    throw new DatasetError({ code: "DATASET_KIND_UNKNOWN", kind, known: IMPORT_KINDS, ...near });
  }
  const planned = await plan(source);
  await writeDataset(out, planned, planned.cases, { signal: options.signal });
  const { cases, problems } = await checkDataset(out, options);
  return { cases, problems: [...planned.remarks.map(checkedProblem), ...problems] };
}
