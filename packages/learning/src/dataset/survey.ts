import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import { messageOf } from "@multirnet/base";

import type { CaseEntry, MaskState, Split } from "./case-entry.js";
import { parseCaseTable, type CaseRow } from "./case-table.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";
import { parseDescription } from "./description.js";
import { patientProblems } from "./folds.js";

/** What a dataset folder holds, as far as it can be known without opening a scan, and all that is wrong with it so far. */
export interface Survey {
  readonly dir: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, number>>;
  /** How image and mask files end, with the dot. */
  readonly fileEnding: string;
  readonly cases: readonly CaseEntry[];
  /** Row of each case in `cases.csv`; empty where there is no such file. */
  readonly rows: ReadonlyMap<string, number>;
  readonly problems: readonly DatasetProblem[];
}

/**
 * Reads the tables of a dataset folder and finds each case's files: `imagesTr`, `imagesTs` (`CASE_0000` + ending), `labelsTr`,
 * `labelsTs` and, ours, `lungsTr`, `lungsTs` (`CASE` + ending). Without `cases.csv` every image is a case and a patient of its
 * own. The folder says train or test where the table does not.
 */
export async function surveyDataset(dir: string): Promise<Survey> {
  const problems: DatasetProblem[] = [];
  const none = {
    dir,
    name: basename(resolve(dir)),
    labels: {},
    fileEnding: "",
    cases: [],
    rows: new Map<string, number>(),
    problems,
  };
  const entries = await list(dir);
  if (entries === undefined) {
    problems.push({ code: "DATASET_FOLDER_MISSING", path: dir });
    return none;
  }
  try {
    const descriptionPath = join(dir, "dataset.json");
    const description = parseDescription(await readText(descriptionPath), descriptionPath);
    const ending = description.fileEnding;
    const files = await findFiles(dir, ending);
    const tablePath = join(dir, "cases.csv");
    const table = entries.includes("cases.csv") ? parseCaseTable(await readText(tablePath), tablePath) : undefined;
    problems.push(...(table?.problems ?? []));
    const listed: readonly CaseRow[] = table?.rows ?? plainRows(files.images);
    const cases: CaseEntry[] = [];
    for (const row of listed) {
      const [image, second] = files.images.get(row.name) ?? [];
      if (second !== undefined) {
        problems.push({ code: "DATASET_CASE_IN_BOTH", case: row.name, paths: [image?.path ?? "", second.path] });
      } else if (image === undefined) {
        const file = `${row.name}_0000${ending}`;
        problems.push({ code: "DATASET_IMAGE_MISSING", path: tablePath, row: row.row, case: row.name, file });
      } else {
        cases.push(caseEntry(row, image, files));
      }
    }
    const known = new Set([...listed.map(({ name }) => name), ...(table?.problems.map(namedCase) ?? [])]);
    for (const [name, [image]] of files.images) {
      if (known.has(name) || image === undefined) continue;
      problems.push({ code: "DATASET_IMAGE_UNLISTED", case: name, path: tablePath, file: image.path });
    }
    for (const [name, [mask]] of files.labels) {
      if (files.images.has(name) || mask === undefined) continue;
      problems.push({ code: "DATASET_MASK_WITHOUT_IMAGE", case: name, path: mask.path });
    }
    if (listed.length === 0 && problems.length === 0) {
      problems.push({ code: "DATASET_NO_CASES", path: join(dir, "imagesTr"), ending });
    }
    for (const [name, [image]] of files.secondChannels) {
      if (files.images.has(name) && image !== undefined)
        problems.push({ code: "DATASET_SECOND_CHANNEL", path: image.path });
    }
    problems.push(...patientProblems(cases));
    const rows = new Map(table?.rows.map(({ name, row }) => [name, row]));
    return {
      ...none,
      name: description.name ?? none.name,
      labels: description.labels,
      fileEnding: ending,
      cases,
      rows,
    };
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    problems.push(error.problem);
    return none;
  }
}

interface FoundFile {
  readonly path: string;
  readonly split: Split;
}
/** Files by case name; more than one where a name stands in the training and the test folder. */
type FilesByCase = ReadonlyMap<string, readonly FoundFile[]>;
interface Files {
  readonly images: FilesByCase;
  readonly secondChannels: FilesByCase;
  readonly labels: FilesByCase;
  readonly lungs: FilesByCase;
}

const SUFFIXES: readonly { readonly suffix: string; readonly split: Split }[] = [
  { suffix: "Tr", split: "train" },
  { suffix: "Ts", split: "test" },
];

async function findFiles(dir: string, ending: string): Promise<Files> {
  const find = async (folder: string, tail: string): Promise<FilesByCase> => {
    const found = new Map<string, FoundFile[]>();
    for (const { suffix, split } of SUFFIXES) {
      const path = join(dir, folder + suffix);
      for (const file of ((await list(path)) ?? []).sort()) {
        if (!file.endsWith(tail) || file.startsWith(".") || file.length === tail.length) continue;
        const name = file.slice(0, -tail.length);
        found.set(name, [...(found.get(name) ?? []), { path: join(path, file), split }]);
      }
    }
    return found;
  };
  return {
    images: await find("images", `_0000${ending}`),
    secondChannels: await find("images", `_0001${ending}`),
    labels: await find("labels", ending),
    lungs: await find("lungs", ending),
  };
}

function caseEntry(row: CaseRow, image: FoundFile, files: Files): CaseEntry {
  const { row: _, name, ...facts } = row;
  const label = files.labels.get(name)?.[0]?.path;
  const lung = files.lungs.get(name)?.[0]?.path;
  const mask: MaskState = label !== undefined ? "drawn" : row.diagnosis === "normal" ? "empty" : "unknown";
  return {
    name,
    ...facts,
    split: row.split ?? image.split,
    image: image.path,
    mask,
    ...(label === undefined ? {} : { label }),
    ...(lung === undefined ? {} : { lung }),
  };
}

/** Without a table every case is its own patient, and the folder names the split. */
function plainRows(images: FilesByCase): CaseRow[] {
  return [...images.keys()].sort().map((name) => ({ name, row: 0, patient: name, estimated: [] }));
}

/** The case that a problem of the table is about; its image is not also told to be unlisted. */
function namedCase(problem: DatasetProblem): string {
  return "case" in problem ? problem.case : "";
}

/** The names in a folder; undefined where there is no such folder. */
async function list(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const because = missing ? "there is no such file" : messageOf(error);
    throw new DatasetError({ code: "DATASET_FILE_UNREADABLE", path, because }, { cause: error });
  }
}
