import { ESTIMATES, type Estimate } from "@multirnet/artifacts";
import { nearestName } from "@multirnet/base";

import { CASE_COLUMNS, SPLITS, type CaseColumn, type Split } from "./case-entry.js";
import { formatCsv, parseCsv } from "./csv.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";

/** A row of `cases.csv`: what a dataset says of a case, before its files are looked for. */
export interface CaseRow {
  readonly name: string;
  readonly row: number;
  readonly patient: string;
  readonly diagnosis?: string;
  readonly split?: Split;
  readonly source?: string;
  readonly fold?: number;
  readonly estimated: readonly Estimate[];
}

/**
 * Reads `cases.csv`. Rows with a problem are left out, so that all problems of a table can be told at once.
 *
 * @param path names the file in messages
 * @throws DatasetError DATASET_CSV_BROKEN, DATASET_COLUMN_MISSING: a table of which no row can be trusted
 */
export function parseCaseTable(
  text: string,
  path: string,
): { readonly rows: CaseRow[]; readonly problems: DatasetProblem[] } {
  const { columns, rows } = parseCsv(text, path);
  if (!columns.includes("case"))
    throw new DatasetError({ code: "DATASET_COLUMN_MISSING", path, column: "case", columns });
  const problems: DatasetProblem[] = columns
    .filter((column) => !CASE_COLUMNS.some((known) => known === column))
    .map((column) => unknownColumn(path, column, columns));
  if (rows.length === 0) problems.push({ code: "DATASET_CSV_BROKEN", path, row: 1, because: NO_ROWS });
  const found = new Map<string, CaseRow>();
  for (const { row, cells } of rows) {
    const cell = (column: CaseColumn): string | undefined => cells[column];
    const name = cell("case") ?? "";
    const wrong = (column: CaseColumn, expected: string): void => {
      problems.push({
        code: "DATASET_CELL",
        path,
        row,
        case: name || "without a name",
        column,
        expected,
        got: cell(column) ?? "",
      });
    };
    const before = problems.length;
    if (!isCaseName(name)) wrong("case", CASE_NAME);
    const patient = cell("patient") ?? name;
    if (patient === "") wrong("patient", "the patient's name or number");
    const split = cell("split") ?? "";
    if (split !== "" && !isOneOf(SPLITS, split)) wrong("split", "train, test or empty");
    const fold = cell("fold") ?? "";
    if (!/^\d{0,4}$/.test(fold)) wrong("fold", "a whole number from 0, or empty");
    const estimated = (cell("estimated") ?? "")
      .split(";")
      .map((word) => word.trim())
      .filter((word) => word !== "");
    if (!estimated.every((word) => isOneOf(ESTIMATES, word)))
      wrong("estimated", "of spacing and intensity, with ; between");
    const twin = found.get(name);
    if (twin !== undefined) problems.push({ code: "DATASET_CASE_TWICE", path, row, case: name, firstRow: twin.row });
    if (problems.length > before) continue;
    found.set(name, {
      name,
      row,
      patient,
      ...optional("diagnosis", cell("diagnosis")),
      ...(isOneOf(SPLITS, split) ? { split } : {}),
      ...optional("source", cell("source")),
      ...(fold === "" ? {} : { fold: Number(fold) }),
      estimated: ESTIMATES.filter((word) => estimated.includes(word)),
    });
  }
  return { rows: [...found.values()], problems };
}

/** Writes `cases.csv`; the columns `fold` and `estimated` only where some case has them. */
export function formatCaseTable(rows: readonly Omit<CaseRow, "row">[]): string {
  const columns = CASE_COLUMNS.filter((column) => {
    if (column === "fold") return rows.some(({ fold }) => fold !== undefined);
    if (column === "estimated") return rows.some(({ estimated }) => estimated.length > 0);
    return true;
  });
  const cells = rows.map((row): Record<CaseColumn, string> => ({
    case: row.name,
    patient: row.patient,
    diagnosis: row.diagnosis ?? "",
    split: row.split ?? "",
    source: row.source ?? "",
    fold: row.fold === undefined ? "" : String(row.fold),
    estimated: row.estimated.join(";"),
  }));
  return formatCsv(columns, cells);
}

const NO_ROWS = "the table has a header but no case";

/** What `isCaseName` asks for, in words. */
export const CASE_NAME = "a file name without its ending (no / and no leading dot)";

/** A case's name becomes file names, so it must not lead out of its folder. */
export function isCaseName(name: string): boolean {
  return /^[^./\\\0][^/\\\0]*$/.test(name);
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return words.some((known) => known === word);
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === "" ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}

/** @param columns of the table: what it has already is not what was meant */
function unknownColumn(path: string, column: string, columns: readonly string[]): DatasetProblem {
  const nearest = nearestName(
    column,
    CASE_COLUMNS.filter((known) => !columns.includes(known)),
  );
  return {
    code: "DATASET_COLUMN_UNKNOWN",
    path,
    column,
    ...(nearest === undefined ? {} : { nearest }),
    known: CASE_COLUMNS,
  };
}
