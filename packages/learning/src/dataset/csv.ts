import { CsvError, parse } from "csv-parse/sync";

import { DatasetError } from "./dataset-error.js";

/** One row of a table with a header: its cells by column, and the line it starts on (the header is line 1). */
export interface CsvRow {
  readonly row: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/**
 * Reads a comma-separated table as RFC 4180 has it (quoted cells, doubled quotes, CRLF), with what spreadsheets add: a byte-order
 * mark and empty lines. Cells are trimmed of blanks around them unless quoted; line ends in quoted ones become \n.
 *
 * @param path names the file in messages
 * @throws DatasetError DATASET_CSV_BROKEN: a quote that is not closed, a row with more or fewer cells than the header, a column
 * named twice, no header
 */
export function parseCsv(text: string, path: string): CsvTable {
  const [header, ...body] = lines(text, path);
  if (header === undefined) throw broken(path, 1, "the table is empty; expected a header");
  const columns = header.cells;
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw broken(path, header.row, `the column ${twice} is named twice`);
  const rows = body.map(({ row, cells }): CsvRow => {
    if (cells.length !== columns.length) {
      throw broken(path, row, `expected ${columns.length} cells (${columns.join(", ")}), got ${cells.length}`);
    }
    return { row, cells: Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])) };
  });
  return { columns, rows };
}

/** Writes a table that `parseCsv` reads back: cells with commas, quotes, line ends or outer blanks are quoted. */
export function formatCsv(columns: readonly string[], rows: readonly Readonly<Record<string, string>>[]): string {
  const line = (cells: readonly string[]): string => `${cells.map(quoted).join(",")}\n`;
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ""))).join("");
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function broken(path: string, row: number, because: string, cause?: CsvError): DatasetError {
  return new DatasetError({ code: "DATASET_CSV_BROKEN", path, row, because }, cause === undefined ? {} : { cause });
}

interface Line {
  readonly row: number;
  readonly cells: readonly string[];
}

/** The cells of each line that is not blank. A quoted cell may span lines; its row is the line where it began. */
function lines(text: string, path: string): Line[] {
  const found: Line[] = [];
  let row = 1; // where the record that is being read begins
  try {
    parse(text.replace(/\r\n?/g, "\n"), {
      bom: true,
      trim: true,
      relax_column_count: true, // counted by the caller, who knows the header's names
      record_delimiter: "\n",
      on_record: (cells: string[], { lines }) => {
        if (cells.some((cell) => cell !== "")) found.push({ row, cells });
        row = lines + 1;
        return null; // kept here, with its row
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw broken(path, row, "a quote is opened but not closed, or stands inside an unquoted cell", error);
  }
  return found;
}
