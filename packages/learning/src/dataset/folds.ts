import { RandomSource } from "@multirnet/base";

import type { CaseEntry } from "./case-entry.js";
import { DatasetError, type DatasetProblem } from "./dataset-error.js";

/** What a split looks at: who the patient is, and what the parts should have equal shares of. */
export type FoldCase = Pick<CaseEntry, "name" | "patient" | "diagnosis" | "source" | "fold" | "split">;

export interface FoldOptions {
  /** How many folds to make where the cases name none; the paper has 4. */
  readonly folds: number;
  readonly seed: number;
}

/**
 * Gives every case a fold: the one its table names, or else one of 0…folds-1 by patient, so that every fold has the same number
 * of patients of each diagnosis and source to within one, and cases as equal in number as that allows. The answer does not
 * depend on the order of the cases.
 *
 * @returns fold by case name
 * @throws DatasetError DATASET_PATIENT_IN_TWO_FOLDS, DATASET_FOLDS_MIXED, DATASET_FOLDS_COUNT
 */
export function assignFolds(cases: readonly FoldCase[], { folds, seed }: FoldOptions): ReadonlyMap<string, number> {
  const [problem] = foldProblems(cases);
  if (problem !== undefined) throw new DatasetError(problem);
  if (cases.some(({ fold }) => fold !== undefined)) return new Map(cases.map(({ name, fold = 0 }) => [name, fold]));

  const groups = strata(cases);
  const patients = groups.reduce((sum, { patients }) => sum + patients.length, 0);
  if (!Number.isInteger(folds) || folds < 2 || folds > patients) {
    throw new DatasetError({ code: "DATASET_FOLDS_COUNT", folds, patients });
  }
  const result = new Map<string, number>();
  const patientsPerFold = new Array<number>(folds).fill(0);
  const casesPerFold = new Array<number>(folds).fill(0);
  for (const { key, patients } of groups) {
    const ofStratum = new Array<number>(folds).fill(0);
    const shuffled = new RandomSource(seed, "folds", key).shuffled(patients);
    shuffled.sort((a, b) => b.length - a.length); // patients with many scans first, while the folds can still be evened out
    for (const patient of shuffled) {
      const fold = smallest([ofStratum, patientsPerFold, casesPerFold]);
      for (const { name } of patient) result.set(name, fold);
      ofStratum[fold] = (ofStratum[fold] ?? 0) + 1;
      patientsPerFold[fold] = (patientsPerFold[fold] ?? 0) + 1;
      casesPerFold[fold] = (casesPerFold[fold] ?? 0) + patient.length;
    }
  }
  return result;
}

export interface SplitCases<C> {
  readonly train: readonly C[];
  /** The cases of the fold that is held back; none where no fold is named. */
  readonly heldOut: readonly C[];
  /** The cases that the dataset keeps for the end; in no fold. */
  readonly test: readonly C[];
}

/**
 * Parts the cases of a dataset for one fold of cross validation. Without `fold` all training cases train.
 *
 * @throws DatasetError DATASET_FOLD_UNKNOWN, DATASET_PATIENT_IN_TWO_SPLITS and what `assignFolds` throws
 */
export function splitCases<C extends FoldCase>(
  cases: readonly C[],
  { fold, folds, seed }: FoldOptions & { readonly fold?: number | undefined },
): SplitCases<C> {
  const [problem] = splitProblems(cases);
  if (problem !== undefined) throw new DatasetError(problem);
  const test = cases.filter(({ split }) => split === "test");
  const training = cases.filter(({ split }) => split === "train");
  if (fold === undefined) return { train: training, heldOut: [], test };
  const foldOf = assignFolds(training, { folds, seed });
  const known = [...new Set(foldOf.values())].sort((a, b) => a - b);
  if (!known.includes(fold)) throw new DatasetError({ code: "DATASET_FOLD_UNKNOWN", fold, known });
  return {
    train: training.filter(({ name }) => foldOf.get(name) !== fold),
    heldOut: training.filter(({ name }) => foldOf.get(name) === fold),
    test,
  };
}

/**
 * Keeps a share of the patients for the end, spread over diagnoses and sources, where no case is kept for it yet.
 *
 * @param share of the patients, [0, 1)
 * @returns the cases in their order
 * @throws DatasetError DATASET_SHARE when no patient would be left to train on
 */
export function setApart<C extends FoldCase>(
  cases: readonly C[],
  { share, seed }: { readonly share: number; readonly seed: number },
): readonly C[] {
  if (share === 0 || cases.some(({ split }) => split === "test")) return cases;
  const chosen = new Set(sharedOut(cases, { share, seed, purpose: "test split" }));
  return cases.map((one) => (chosen.has(one.name) ? { ...one, split: "test" } : one));
}

/**
 * Takes a share of the training patients for validation, spread over diagnoses and sources; what chooses weights must never be
 * what judges them, so this is done inside the training part of a fold.
 *
 * @param share of the patients, [0, 1); above 0 at least one patient validates
 * @throws DatasetError DATASET_SHARE when no patient would be left to train on
 */
export function innerSplit<C extends FoldCase>(
  cases: readonly C[],
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: readonly C[]; readonly validation: readonly C[] } {
  const chosen = new Set(sharedOut(cases, { share, seed, purpose: "inner split" }));
  return {
    train: cases.filter(({ name }) => !chosen.has(name)),
    validation: cases.filter(({ name }) => chosen.has(name)),
  };
}

/** The names of the cases of a share of the patients, of each diagnosis and source as equal a share as whole patients allow. */
function sharedOut(
  cases: readonly FoldCase[],
  { share, seed, purpose }: { readonly share: number; readonly seed: number; readonly purpose: string },
): string[] {
  const groups = strata(cases);
  const total = groups.reduce((sum, { patients }) => sum + patients.length, 0);
  const wanted = share === 0 ? 0 : Math.max(1, Math.round(share * total));
  if (!(share >= 0 && share < 1) || (wanted > 0 && wanted >= total)) {
    throw new DatasetError({ code: "DATASET_SHARE", share, patients: total });
  }
  // Hamilton's method: whole parts first, then the largest remainders; equal remainders in a random order.
  const random = new RandomSource(seed, purpose);
  const quotas = random.shuffled(groups).map((group) => {
    const exact = (wanted * group.patients.length) / total;
    return { group, whole: Math.floor(exact), rest: exact - Math.floor(exact) };
  });
  quotas.sort((a, b) => b.rest - a.rest);
  let left = wanted - quotas.reduce((sum, { whole }) => sum + whole, 0);
  return quotas.flatMap(({ group, whole }) => {
    const take = whole + (left-- > 0 ? 1 : 0);
    const patients = random.derive(group.key).shuffled(group.patients).slice(0, take);
    return patients.flat().map(({ name }) => name);
  });
}

/** @returns all that is wrong between cases of one patient: train against test, and the folds of the table */
export function patientProblems(cases: readonly FoldCase[]): DatasetProblem[] {
  return [...splitProblems(cases), ...foldProblems(cases.filter(({ split }) => split === "train"))];
}

function splitProblems(cases: readonly FoldCase[]): DatasetProblem[] {
  return byPatient(cases)
    .filter((patient) => new Set(patient.map(({ split }) => split)).size > 1)
    .map((patient) => ({ code: "DATASET_PATIENT_IN_TWO_SPLITS", patient: patientOf(patient), cases: names(patient) }));
}

function foldProblems(cases: readonly FoldCase[]): DatasetProblem[] {
  const problems: DatasetProblem[] = [];
  const withFold = cases.find(({ fold }) => fold !== undefined);
  const withoutFold = cases.find(({ fold }) => fold === undefined);
  if (withFold !== undefined && withoutFold !== undefined) {
    problems.push({ code: "DATASET_FOLDS_MIXED", withFold: withFold.name, withoutFold: withoutFold.name });
  }
  for (const patient of byPatient(cases)) {
    const folds = [...new Set(patient.flatMap(({ fold }) => fold ?? []))].sort((a, b) => a - b);
    if (folds.length < 2) continue;
    problems.push({ code: "DATASET_PATIENT_IN_TWO_FOLDS", patient: patientOf(patient), cases: names(patient), folds });
  }
  return problems;
}

interface Stratum {
  readonly key: string;
  readonly patients: readonly (readonly FoldCase[])[];
}

/** Patients alike in the diagnoses and sources of their cases, in an order that does not depend on that of the cases. */
function strata(cases: readonly FoldCase[]): Stratum[] {
  const groups = new Map<string, (readonly FoldCase[])[]>();
  for (const patient of byPatient(cases)) {
    const kinds = patient.map(({ diagnosis, source }) => JSON.stringify([diagnosis ?? "", source ?? ""]));
    const key = [...new Set(kinds)].sort().join();
    groups.set(key, [...(groups.get(key) ?? []), patient]);
  }
  return [...groups].map(([key, patients]) => ({ key, patients })).sort((a, b) => (a.key < b.key ? -1 : 1));
}

function byPatient(cases: readonly FoldCase[]): FoldCase[][] {
  const patients = new Map<string, FoldCase[]>();
  for (const item of cases) {
    const known = patients.get(item.patient);
    if (known === undefined) patients.set(item.patient, [item]);
    else known.push(item);
  }
  return [...patients].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, patient]) => patient);
}

/** @returns the first index with the smallest entry in the first list; among equals, in the second, and so on */
function smallest(lists: readonly (readonly number[])[]): number {
  const indices = [...(lists[0] ?? []).keys()];
  return lists.reduce((left, list) => {
    const least = Math.min(...left.map((index) => list[index] ?? 0));
    return left.filter((index) => list[index] === least);
  }, indices)[0] as number;
}

function patientOf(patient: readonly FoldCase[]): string {
  return patient[0]?.patient ?? "";
}

function names(cases: readonly FoldCase[]): string[] {
  return cases.map(({ name }) => name).sort();
}
