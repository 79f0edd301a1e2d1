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
  ['a,b\n1,"2"3\n', "t.csv row 2: a quote is opened but not closed, or stands inside an unquoted cell"],
  [
    'a,b\n\n"1\n\n",2\n3,"4\n\n5,6\n',
    "t.csv row 6: a quote is opened but not closed, or stands inside an unquoted cell",
  ],
  ["a,b,a\n1,2,3\n", "t.csv row 1: the column a is named twice"],
  ["", "t.csv row 1: the table is empty; expected a header"],
])("a broken table names its row: %j", (text, message) => {
  expect(() => parseCsv(text, "t.csv")).toThrow(expect.objectContaining({ message, code: "DATASET_CSV_BROKEN" }));
});

test("a table without a last line end and with empty last cells is whole", () => {
  expect(parseCsv("a,b\n1,", "t.csv").rows).toEqual([{ row: 2, cells: { a: "1", b: "" } }]);
});

test("blank lines and line ends in cells, of any kind, count in the rows' numbers", () => {
  const text = 'a,b\r\n\r\n"1\r\n\r\n1",2\r , \r\t3\u00a0, "4"\t\n5,6';
  expect(parseCsv(text, "t.csv").rows).toEqual([
    { row: 3, cells: { a: "1\n\n1", b: "2" } },
    { row: 7, cells: { a: "3", b: "4" } },
    { row: 8, cells: { a: "5", b: "6" } },
  ]);
});

test("what is written is read back", () => {
  const rows = [
    { x: 'with "quotes", commas', y: " blanks " },
    { x: "line\nend", y: "" },
  ];
  const table = parseCsv(formatCsv(["x", "y"], rows), "t.csv");
  expect(table.rows.map(({ cells }) => cells)).toEqual(rows);
});
