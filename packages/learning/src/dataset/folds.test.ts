import { expect, test } from "vitest";

import type { DatasetError } from "./dataset-error.js";
import { assignFolds, innerSplit, setApart, splitCases, type FoldCase } from "./folds.js";

function made(name: string, facts: Partial<FoldCase> = {}): FoldCase {
  return { name, patient: name, split: "train", ...facts };
}

/** 10 covid and 7 cap from hospital A, 6 normal from B; every third patient has two scans. */
function mixed(): FoldCase[] {
  const kinds = [
    ...Array.from({ length: 10 }, () => ({ diagnosis: "covid-19", source: "A" })),
    ...Array.from({ length: 7 }, () => ({ diagnosis: "cap", source: "A" })),
    ...Array.from({ length: 6 }, () => ({ diagnosis: "normal", source: "B" })),
  ];
  return kinds.flatMap((kind, i) => {
    const scans = i % 3 === 0 ? ["x", "y"] : ["x"];
    return scans.map((scan) => made(`${String(i)}${scan}`, { patient: `p${String(i)}`, ...kind }));
  });
}

function messageFrom(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as DatasetError).message;
  }
  return "nothing was thrown";
}

test("every fold holds the same number of patients of each diagnosis to within one, and no patient is in two", () => {
  const cases = mixed();
  const foldOf = assignFolds(cases, { folds: 4, seed: 1 });
  expect(foldOf.size).toBe(cases.length);
  const patientFolds = new Map<string, Set<number>>();
  for (const { name, patient } of cases) {
    patientFolds.set(patient, (patientFolds.get(patient) ?? new Set()).add(foldOf.get(name) ?? -1));
  }
  expect([...patientFolds.values()].every((folds) => folds.size === 1)).toBe(true);
  const expectedSpread: Record<string, number[]> = { "covid-19": [2, 3], cap: [1, 2], normal: [1, 2] }; // 10/4, 7/4, 6/4
  for (const [diagnosis, allowed] of Object.entries(expectedSpread)) {
    for (const fold of [0, 1, 2, 3]) {
      const inFold = cases.filter((item) => item.diagnosis === diagnosis && foldOf.get(item.name) === fold);
      expect(allowed).toContain(new Set(inFold.map(({ patient }) => patient)).size);
    }
  }
  // 23 patients in 4 folds: 5 or 6 each, since the last of each stratum go to the folds that have fewest.
  const perFold = [0, 1, 2, 3].map((fold) => [...patientFolds.values()].filter((folds) => folds.has(fold)).length);
  expect(perFold.sort()).toEqual([5, 6, 6, 6]);
});

test("folds do not depend on the order of the cases, but on the seed", () => {
  const cases = mixed();
  const sorted = (foldOf: ReadonlyMap<string, number>): unknown => [...foldOf].sort();
  const once = sorted(assignFolds(cases, { folds: 4, seed: 1 }));
  expect(sorted(assignFolds([...cases].reverse(), { folds: 4, seed: 1 }))).toEqual(once);
  expect(sorted(assignFolds(cases, { folds: 4, seed: 2 }))).not.toEqual(once);
});

test("a fold that the table names wins over the seed", () => {
  const cases = [made("a", { fold: 3 }), made("b", { fold: 0 }), made("c", { fold: 3 })];
  expect([...assignFolds(cases, { folds: 2, seed: 9 })]).toEqual([
    ["a", 3],
    ["b", 0],
    ["c", 3],
  ]);
});

test.each([
  [
    [made("a", { fold: 1 }), made("b")],
    2,
    "case a has a fold and case b has none; give every training case a fold, or none",
  ],
  [
    [made("a", { fold: 1, patient: "p" }), made("b", { fold: 0, patient: "p" })],
    2,
    "patient p is in folds 0 and 1 (cases a, b); all cases of a patient belong in one fold",
  ],
  [
    [made("a", { patient: "p" }), made("b", { patient: "p" })],
    2,
    "cannot make 2 folds of 1 patient; expected a whole number from 2 to the number of patients",
  ],
  [
    [made("a"), made("b")],
    1.5,
    "cannot make 1.5 folds of 2 patients; expected a whole number from 2 to the number of patients",
  ],
])("folds that cannot be are refused", (cases, folds, message) => {
  expect(messageFrom(() => assignFolds(cases, { folds, seed: 0 }))).toBe(message);
});

test("each case is held out in exactly one fold, and test cases in none", () => {
  const cases = [...mixed(), made("t", { split: "test" })];
  const held: string[] = [];
  for (const fold of [0, 1, 2, 3]) {
    const { train, heldOut, test } = splitCases(cases, { fold, folds: 4, seed: 5 });
    expect([...train, ...heldOut, ...test].map(({ name }) => name).sort()).toEqual(
      cases.map(({ name }) => name).sort(),
    );
    expect(test.map(({ name }) => name)).toEqual(["t"]);
    held.push(...heldOut.map(({ name }) => name));
  }
  expect(held.sort()).toEqual(
    mixed()
      .map(({ name }) => name)
      .sort(),
  );
});

test("without a fold all training cases train", () => {
  const { train, heldOut } = splitCases([made("a"), made("t", { split: "test" })], { folds: 4, seed: 0 });
  expect(train.map(({ name }) => name)).toEqual(["a"]);
  expect(heldOut).toEqual([]);
});

test("a fold that is not there and a patient in train and test are refused", () => {
  const named = [made("a", { fold: 0 }), made("b", { fold: 1 })];
  expect(messageFrom(() => splitCases(named, { fold: 2, folds: 4, seed: 0 }))).toBe(
    "there is no fold 2; the folds are 0, 1",
  );
  const torn = [made("a", { patient: "p" }), made("b", { patient: "p", split: "test" })];
  expect(messageFrom(() => splitCases(torn, { fold: 0, folds: 4, seed: 0 }))).toBe(
    "patient p is in train and in test (cases a, b)",
  );
});

test("an inner split takes its share of the patients from each group", () => {
  const cases = mixed();
  const { train, validation } = innerSplit(cases, { share: 0.2, seed: 3 });
  const patients = new Map(validation.map((item) => [item.patient, item.diagnosis]));
  // 0.2 · 23 = 4.6, so 5 patients: exact parts 2.17, 1.52, 1.30, so 2 + 1 + 1 and one more for the largest remainder (cap).
  const counts = { "covid-19": 0, cap: 0, normal: 0 };
  for (const diagnosis of patients.values()) counts[diagnosis as keyof typeof counts]++;
  expect(counts).toEqual({ "covid-19": 2, cap: 2, normal: 1 });
  expect(train.some(({ patient }) => patients.has(patient))).toBe(false);
  expect(train.length + validation.length).toBe(cases.length);
  expect(
    innerSplit([...cases].reverse(), { share: 0.2, seed: 3 })
      .validation.map(({ name }) => name)
      .sort(),
  ).toEqual(validation.map(({ name }) => name).sort());
  expect(innerSplit(cases, { share: 0.2, seed: 4 }).validation).not.toEqual(validation);
});

test("a share of 0 keeps all to train on; a tiny share still validates on one; all of them is refused", () => {
  const cases = [made("a"), made("b"), made("c")];
  expect(innerSplit(cases, { share: 0, seed: 0 }).validation).toEqual([]);
  expect(innerSplit(cases, { share: 0.01, seed: 0 }).validation).toHaveLength(1);
  expect(messageFrom(() => innerSplit(cases, { share: 0.9, seed: 0 }))).toBe(
    "cannot hold back a share of 0.9 of 3 patients for validation; expected 0 to below 1, with at least one patient left to train on",
  );
  expect(messageFrom(() => innerSplit(cases, { share: Number.NaN, seed: 0 }))).toContain(
    "a share of NaN of 3 patients",
  );
});

test("a share of the patients is kept for the end, of each diagnosis as many as its share, and folds are of the rest", () => {
  const cases = mixed();
  const apart = setApart(cases, { share: 0.3, seed: 4 });
  expect(apart.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
  const patients = (diagnosis: string, split: string): number =>
    new Set(apart.filter((one) => one.diagnosis === diagnosis && one.split === split).map(({ patient }) => patient))
      .size;
  expect(["covid-19", "cap", "normal"].map((diagnosis) => patients(diagnosis, "test"))).toEqual([3, 2, 2]); // of 10, 7, 6
  const { test: kept, heldOut, train } = splitCases(apart, { folds: 4, seed: 0, fold: 1 });
  expect(kept.length + heldOut.length + train.length).toBe(cases.length);
  const shared = new Set(kept.map(({ patient }) => patient));
  expect([...heldOut, ...train].some(({ patient }) => shared.has(patient))).toBe(false);
  expect(setApart(cases, { share: 0.3, seed: 4 })).toEqual(apart);
  expect(setApart(cases, { share: 0.3, seed: 5 })).not.toEqual(apart);
});

test("nothing is kept where nothing is asked for, or where the dataset has said what is kept", () => {
  const cases = mixed();
  expect(setApart(cases, { share: 0, seed: 4 })).toBe(cases);
  const named = [made("kept", { split: "test" }), ...cases];
  expect(setApart(named, { share: 0.3, seed: 4 })).toBe(named);
});
