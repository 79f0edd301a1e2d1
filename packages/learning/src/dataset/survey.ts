import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import { messageOf } from "@multirnet/base";

import type { CaseEntry, MaskState, Split } from "./case-entry.js";
import { parseCaseTable, type CaseRow } from "./case-table.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";
import { parseDescription } from "./description.js";
import { patientProblems } from "./folds.js";
import { listFolder } from "./list-folder.js";

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
  const nothing = { dir, name: basename(resolve(dir)), labels: {}, fileEnding: "", cases: [], rows: new Map() };
  try {
    const entries = await listFolder(dir);
    if (entries === undefined) return { ...nothing, problems: [{ code: "DATASET_FOLDER_MISSING", path: dir }] };
    const descriptionPath = join(dir, "dataset.json");
    const {
      name = nothing.name,
      labels,
      fileEnding,
    } = parseDescription(await readText(descriptionPath), descriptionPath);
    const files = await findFiles(dir, fileEnding);
    const tablePath = join(dir, "cases.csv");
    const table = entries.includes("cases.csv") ? parseCaseTable(await readText(tablePath), tablePath) : undefined;
    const matched = matchCases(table?.rows ?? plainRows(files.images), files, { tablePath, fileEnding });
    const named = new Set([...(table?.rows.map((row) => row.name) ?? []), ...(table?.problems.map(caseOf) ?? [])]);
    const problems = [
      ...(table?.problems ?? []),
      ...matched.problems,
      ...(table === undefined ? [] : unlistedImages(files, named, tablePath)),
      ...strayFiles(files),
      ...patientProblems(matched.cases),
    ];
    if (table === undefined && files.images.size === 0) {
      problems.push({ code: "DATASET_NO_CASES", path: join(dir, "imagesTr"), ending: fileEnding });
    }
    const rows = new Map(table?.rows.map((row) => [row.name, row.row]));
    return { dir, name, labels, fileEnding, cases: matched.cases, rows, problems };
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    return { ...nothing, problems: [error.problem] };
  }
}

/** Finds the files of each row. */
function matchCases(
  rows: readonly CaseRow[],
  files: Files,
  { tablePath, fileEnding }: { readonly tablePath: string; readonly fileEnding: string },
): { readonly cases: CaseEntry[]; readonly problems: DatasetProblem[] } {
  const cases: CaseEntry[] = [];
  const problems: DatasetProblem[] = [];
  for (const row of rows) {
    const { name } = row;
    const [image] = files.images.get(name) ?? [];
    const double = [files.images, files.labels, files.lungs].map((found) => found.get(name) ?? []).find(isDouble);
    if (double !== undefined) {
      problems.push({ code: "DATASET_CASE_IN_BOTH", case: name, paths: double.map(({ path }) => path) });
    } else if (image === undefined) {
      const file = `${name}_0000${fileEnding}`;
      problems.push({ code: "DATASET_IMAGE_MISSING", path: tablePath, row: row.row, case: name, file });
    } else {
      cases.push(caseEntry(row, image, files));
    }
  }
  return { cases, problems };
}

function isDouble(found: readonly FoundFile[]): boolean {
  return found.length > 1;
}

function unlistedImages({ images }: Files, named: ReadonlySet<string>, path: string): DatasetProblem[] {
  return [...images].flatMap(([name, found]) =>
    found
      .filter(() => !named.has(name))
      .map((image): DatasetProblem => ({ code: "DATASET_IMAGE_UNLISTED", case: name, path, file: image.path })),
  );
}

/** Masks of no image, and images with a second channel. */
function strayFiles({ images, labels, lungs, secondChannels }: Files): DatasetProblem[] {
  const masks = [...labels, ...lungs].filter(([name]) => !images.has(name));
  const channels = [...secondChannels].filter(([name]) => images.has(name));
  return [
    ...masks.flatMap(([name, found]) =>
      found.map(({ path }): DatasetProblem => ({ code: "DATASET_MASK_WITHOUT_IMAGE", case: name, path })),
    ),
    ...channels.flatMap(([, found]) =>
      found.map(({ path }): DatasetProblem => ({ code: "DATASET_SECOND_CHANNEL", path })),
    ),
  ];
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
      for (const file of ((await listFolder(path)) ?? []).sort()) {
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
function caseOf(problem: DatasetProblem): string {
  return "case" in problem ? problem.case : "";
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
