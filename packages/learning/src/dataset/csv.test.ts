import { expect, test } from "vitest";

import { formatCsv, parseCsv } from "./csv.js";

test("quotes, doubled quotes, a line end in a cell, CRLF and a byte-order mark are read", () => {
  const text = '\uFEFFcase, note\r\na,"one, two"\r\n"b ","said ""so""\nand more"\r\nc,\r\n\r\n';
  expect(parseCsv(text, "t.csv")).toEqual({
    columns: ["case", "note"],
    rows: [
      { row: 2, cells: { case: "a", note: "one, two" } },
      { row: 3, cells: { case: "b ", note: 'said "so"\nand more' } },
      { row: 5, cells: { case: "c", note: "" } }, // the quoted line end has pushed it one line down
    ],
  });
});

test.each([
  ["a,b\n1,2,3\n", "t.csv row 2: expected 2 cells (a, b), got 3"],
  ["a,b\n1,2\n3\n", "t.csv row 3: expected 2 cells (a, b), got 1"],
  ['a,b\n1,"2\n', "t.csv row 2: a quote is opened but not closed, or stands inside an unquoted cell"],
  ['a,b\n1,2"3\n', "t.csv row 2: a quote is opened but not closed, or stands inside an unquoted cell"],
  ["a,b,a\n1,2,3\n", "t.csv row 1: the column a is named twice"],
  ["", "t.csv row 1: the table is empty; expected a header"],
])("a broken table names its row: %j", (text, message) => {
  expect(() => parseCsv(text, "t.csv")).toThrow(expect.objectContaining({ message, code: "DATASET_CSV_BROKEN" }));
});

test("a table without a last line end and with empty last cells is whole", () => {
  expect(parseCsv("a,b\n1,", "t.csv").rows).toEqual([{ row: 2, cells: { a: "1", b: "" } }]);
});

test("what is written is read back", () => {
  const rows = [
    { x: 'with "quotes", commas', y: " blanks " },
    { x: "line\nend", y: "" },
  ];
  const table = parseCsv(formatCsv(["x", "y"], rows), "t.csv");
  expect(table.rows.map(({ cells }) => cells)).toEqual(rows);
});
