import { CodedError, nearestName, type Blame } from "@multirnet/base";

export type LearningProblem =
  | { readonly code: "CONFIG_UNREADABLE"; readonly path: string; readonly because: string }
  | { readonly code: "CONFIG_INVALID"; readonly path: string; readonly because: string }
  | { readonly code: "CONFIG_SETTING"; readonly setting: string; readonly because: string }
  | { readonly code: "INITIAL_WEIGHTS"; readonly path: string; readonly because: string }
  | { readonly code: "FROZEN_PART"; readonly part: string }
  | { readonly code: "FROZEN_ALL"; readonly parts: readonly string[] }
  | {
      readonly code: "CASE_UNKNOWN";
      readonly case: string;
      readonly dataset: string;
      readonly known: readonly string[];
    }
  | { readonly code: "TRAINING_NO_CASES"; readonly dataset: string; readonly because: string }
  | {
      readonly code: "TRAINING_NOT_FINITE";
      readonly what: "loss" | "weights"; // of the step: its loss, or what it made of the weights
      readonly step: number;
      readonly epoch: number;
      readonly cases: readonly string[];
      readonly layer: string;
    }
  | { readonly code: "TRAINING_WORKER"; readonly because: string }
  | { readonly code: "LICENCE_UNREADABLE"; readonly path: string; readonly because: string }
  | { readonly code: "METRICS_UNREADABLE"; readonly path: string; readonly because: string }
  | { readonly code: "COMPARE_NOTHING"; readonly a: string; readonly b: string }
  | {
      readonly code: "COMPARE_UNLIKE";
      readonly a: string;
      readonly b: string;
      readonly what: "dataset" | "region";
      readonly values: readonly [string, string];
    }
  | { readonly code: "MEASURE_NO_DATASET"; readonly path: string }
  | { readonly code: "MEASURE_NO_CASES"; readonly dataset: string; readonly split: string }
  | {
      readonly code: "MEASURE_SPLIT_OF_FOLDS";
      readonly path: string;
      readonly split: string;
      readonly folds: readonly number[];
    }
  | { readonly code: "RUN_FACTS"; readonly path: string; readonly because: string }
  | { readonly code: "TRAINING_STATE"; readonly path: string; readonly because: string }
  | {
      readonly code: "TRAINING_CHANGED";
      readonly run: string;
      readonly what: string;
      readonly was: string;
      readonly is: string;
      readonly remedy?: string;
    };

export type TrainingChange = LearningProblem & { readonly code: "TRAINING_CHANGED" };

const BLAME: { readonly [C in LearningProblem["code"]]: Blame } = {
  CONFIG_UNREADABLE: "input",
  CONFIG_INVALID: "input",
  CONFIG_SETTING: "input",
  INITIAL_WEIGHTS: "input",
  FROZEN_PART: "input",
  FROZEN_ALL: "input",
  CASE_UNKNOWN: "input",
  TRAINING_NO_CASES: "input",
  TRAINING_NOT_FINITE: "work",
  TRAINING_WORKER: "work",
  LICENCE_UNREADABLE: "input",
  METRICS_UNREADABLE: "input",
  COMPARE_NOTHING: "input",
  COMPARE_UNLIKE: "input",
  MEASURE_NO_DATASET: "input",
  MEASURE_NO_CASES: "input",
  MEASURE_SPLIT_OF_FOLDS: "input",
  RUN_FACTS: "input",
  TRAINING_STATE: "input",
  TRAINING_CHANGED: "input",
};

/** A training that cannot start, go on or resume. */
export class LearningError extends CodedError<LearningProblem> {
  readonly blame = BLAME[this.problem.code];

  constructor(problem: LearningProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: LearningProblem): string {
  switch (problem.code) {
    case "CONFIG_UNREADABLE":
      return `cannot read the config ${problem.path}: ${problem.because}`;
    case "CONFIG_INVALID":
      return `${problem.path}: ${problem.because}`;
    case "CONFIG_SETTING":
      return `--set ${problem.setting}: ${problem.because}`;
    case "INITIAL_WEIGHTS":
      return `cannot begin with the weights ${problem.path}: ${problem.because}`;
    case "FROZEN_PART":
      return `no weight of the network has ${problem.part} in its path, so nothing can be frozen by it`;
    case "FROZEN_ALL":
      return `${problem.parts.join(", ")} are all weights of the network, so nothing would be trained; leave a part out`;
    case "CASE_UNKNOWN": {
      const nearest = nearestName(problem.case, problem.known);
      const hint = nearest === undefined ? `it has ${String(problem.known.length)} others` : `did you mean ${nearest}?`;
      return `${problem.dataset} has no case ${problem.case}; ${hint}`;
    }
    case "TRAINING_NO_CASES":
      return `nothing to train on in ${problem.dataset}: ${problem.because}`;
    case "TRAINING_NOT_FINITE":
      return (
        `the ${problem.what} of step ${String(problem.step)} (epoch ${String(problem.epoch)}; cases ${problem.cases.join(", ")}) ` +
        `${problem.what === "loss" ? "is not a number" : "are not all numbers"}; ` +
        `what went wrong first: ${problem.layer}`
      );
    case "TRAINING_WORKER":
      return `the thread that makes regions ready failed: ${problem.because}`;
    case "LICENCE_UNREADABLE":
      return `cannot read the licence ${problem.path}: ${problem.because}`;
    case "METRICS_UNREADABLE":
      return `cannot read the metrics ${problem.path}: ${problem.because}`;
    case "COMPARE_NOTHING":
      return `nothing to compare: ${problem.a} and ${problem.b} were measured on no case in common`;
    case "COMPARE_UNLIKE":
      return `cannot compare ${problem.a} and ${problem.b}: expected one ${problem.what}, but ${problem.values.join(" and ")} came`;
    case "MEASURE_NO_DATASET":
      return `${problem.path} is no run folder, so it does not say on which dataset it was trained; say by --dataset what to measure it on`;
    case "MEASURE_NO_CASES":
      return `nothing to measure on in ${problem.dataset}: it has no ${problem.split} cases`;
    case "MEASURE_SPLIT_OF_FOLDS":
      return `${problem.path} is a cross validation, of which a ${problem.split} case stands in several folds and would count more than once; expected test or apart, or one of its runs (fold-${problem.folds.join(", fold-")})`;
    case "RUN_FACTS":
      return `cannot read what ${problem.path} says of the run: ${problem.because}`;
    case "TRAINING_STATE":
      return `cannot resume from ${problem.path}: ${problem.because}`;
    case "TRAINING_CHANGED":
      return `cannot resume ${problem.run}: its ${problem.what} was ${problem.was} and is ${problem.is} now, so it would not go on as it began${
        problem.remedy === undefined ? "" : `; ${problem.remedy}`
      }`;
  }
}
