import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "@multirnet/base";

import { CASE_NAME, isCaseName } from "./case-table.js";
import { parseCsv, type CsvTable } from "./csv.js";
import { DatasetError, type DatasetProblem, type RowPlace } from "./dataset-error.js";
import { copied, type ImportPlan } from "./import-plan.js";
import type { NewCase } from "./write-dataset.js";

const KIND = "covid-ct-seg-aligned";

/**
 * The 12 volumes joined from two derivatives of Ma et al. (doi 10.5281/zenodo.3757476): `image/`, `infection/` and `lung/` on one
 * grid, `cases.csv`, and `folds.csv` where there is one. All are COVID-19, one case a patient, lesion types not told apart.
 * Spacing and intensity are estimates, and the table of the result says so.
 *
 * @throws DatasetError DATASET_SOURCE_LAYOUT, DATASET_CSV_BROKEN, DATASET_COLUMN_MISSING, DATASET_CELL,
 * DATASET_FILE_UNREADABLE
 */
export async function planCovidCtSegAligned(source: string): Promise<ImportPlan> {
  const casesPath = join(source, "cases.csv");
  const foldsPath = join(source, "folds.csv");
  const table = await readTable(source, casesPath);
  const folds = (await exists(foldsPath)) ? await readFolds(source, foldsPath) : undefined;
  const cases: NewCase[] = [];
  const remarks: DatasetProblem[] = [];
  const rowOf = new Map<string, number>();
  for (const { row, cells } of table.rows) {
    const { case: name = "" } = cells;
    if (!isCaseName(name)) throw wrongCell({ path: casesPath, row }, name, "case", CASE_NAME, name);
    const firstRow = rowOf.get(name);
    if (firstRow !== undefined) {
      throw new DatasetError({ code: "DATASET_CASE_TWICE", path: casesPath, row, case: name, firstRow });
    }
    rowOf.set(name, row);
    const file = (folder: string): string => join(source, folder, `${name}.nii.gz`);
    for (const folder of ["image", "infection"]) {
      if (!(await exists(file(folder))))
        throw unlike(source, `${folder}/${name}.nii.gz, since cases.csv names ${name}`);
    }
    const fold = folds?.get(name);
    cases.push(
      copied({
        facts: {
          name,
          patient: name,
          diagnosis: "covid-19",
          split: "train",
          ...collection(name),
          ...(fold === undefined ? {} : { fold }),
          estimated: ["spacing", "intensity"],
        },
        image: file("image"),
        label: file("infection"),
        lung: (await exists(file("lung"))) ? file("lung") : undefined,
      }),
    );
    const unlabelled = Number(cells["slices_no_infection"] ?? 0);
    if (unlabelled > 0) remarks.push({ code: "DATASET_SLICES_UNLABELLED", case: name, slices: unlabelled });
  }
  return { name: KIND, labels: { lesion: 1 }, fileEnding: ".nii.gz", cases, remarks };
}

/** The cases come from two collections with different windows; no part of a split should hold only one of them. */
function collection(name: string): { readonly source?: string } {
  const [source] = name.split("_");
  return source === undefined || source === name ? {} : { source };
}

async function readFolds(source: string, path: string): Promise<Map<string, number>> {
  const { rows, columns } = await readTable(source, path);
  if (!columns.includes("fold"))
    throw new DatasetError({ code: "DATASET_COLUMN_MISSING", path, column: "fold", columns });
  return new Map(
    rows.map(({ row, cells }) => {
      const { case: name = "", fold = "" } = cells;
      if (/^\d{1,4}$/.test(fold)) return [name, Number(fold)];
      throw wrongCell({ path, row }, name, "fold", "a whole number from 0", fold);
    }),
  );
}

async function readTable(source: string, path: string): Promise<CsvTable> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw unlike(source, "a table cases.csv beside the folders image, infection and lung", error);
    throw new DatasetError({ code: "DATASET_FILE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
  }
  const table = parseCsv(text, path);
  const { columns } = table;
  if (!columns.includes("case"))
    throw new DatasetError({ code: "DATASET_COLUMN_MISSING", path, column: "case", columns });
  return table;
}

function wrongCell(place: RowPlace, name: string, column: string, expected: string, got: string): DatasetError {
  return new DatasetError({ code: "DATASET_CELL", ...place, case: name, column, expected, got });
}

function unlike(path: string, expected: string, cause?: unknown): DatasetError {
  return new DatasetError(
    { code: "DATASET_SOURCE_LAYOUT", kind: KIND, path, expected },
    cause === undefined ? {} : { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
