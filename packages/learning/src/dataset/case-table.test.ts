import { expect, test } from "vitest";

import { formatCaseTable, parseCaseTable } from "./case-table.js";
import { explainDatasetProblem } from "./dataset-error.js";

test("a whole row becomes a case; an empty cell leaves the fact out", () => {
  const text =
    "case,patient,diagnosis,split,source,fold,estimated\n" +
    "a,p1,covid-19,train,radiopaedia,0,intensity; spacing\n" +
    "b,p2,,,,,\n";
  const { rows, problems } = parseCaseTable(text, "cases.csv");
  expect(problems).toEqual([]);
  expect(rows).toEqual([
    {
      name: "a",
      row: 2,
      patient: "p1",
      diagnosis: "covid-19",
      split: "train",
      source: "radiopaedia",
      fold: 0,
      estimated: ["spacing", "intensity"],
    },
    { name: "b", row: 3, patient: "p2", estimated: [] },
  ]);
});

test("without a column patient every case is its own patient", () => {
  expect(parseCaseTable("case\na\nb\n", "cases.csv").rows.map(({ patient }) => patient)).toEqual(["a", "b"]);
});

test("all problems of a table are told at once, and the sound rows are kept", () => {
  const text =
    "case,patient,split,fold,estimated,diagnoses\n" +
    "a,p1,val,,,\n" +
    "b,,train,1.5,size,\n" +
    "../c,p3,,,,\n" +
    "d,p4,,,,\n" +
    "d,p5,,,,\n" +
    ",p6,,,,\n";
  const { rows, problems } = parseCaseTable(text, "cases.csv");
  expect(rows.map(({ name }) => name)).toEqual(["d"]);
  expect(problems.map(explainDatasetProblem)).toEqual([
    "cases.csv has a column diagnoses that nothing reads (did you mean diagnosis?); known columns are case, patient, diagnosis, split, source, fold, estimated",
    "cases.csv row 2 (case a): split must be train, test or empty, got val",
    "cases.csv row 3 (case b): patient must be the patient's name or number, got nothing",
    "cases.csv row 3 (case b): fold must be a whole number from 0, or empty, got 1.5",
    "cases.csv row 3 (case b): estimated must be of spacing and intensity, with ; between, got size",
    "cases.csv row 4 (case ../c): case must be a file name without its ending (no / and no leading dot), got ../c",
    "cases.csv row 6: case d stands already in row 5",
    "cases.csv row 7 (case without a name): case must be a file name without its ending (no / and no leading dot), got nothing",
  ]);
});

test("a table without cases or without the column case is refused", () => {
  expect(parseCaseTable("case,patient\n", "cases.csv").problems.map(explainDatasetProblem)).toEqual([
    "cases.csv row 1: the table has a header but no case",
  ]);
  expect(() => parseCaseTable("id,fold\n1,2\n", "cases.csv")).toThrow("cases.csv has no column case; it has id, fold");
});

test("what is written is read back, with fold and estimated only where they are used", () => {
  const plain = [{ name: "a", patient: "p,1", split: "test", estimated: [] }] as const;
  expect(formatCaseTable(plain)).toBe('case,patient,diagnosis,split,source\na,"p,1",,test,\n');
  const full = [
    {
      name: "a",
      patient: "p1",
      diagnosis: "cap",
      source: "x",
      fold: 0,
      split: "train",
      estimated: ["spacing", "intensity"],
    },
  ] as const;
  expect(parseCaseTable(formatCaseTable(full), "cases.csv").rows).toEqual([{ row: 2, ...full[0] }]);
});
