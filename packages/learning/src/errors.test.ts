import { expect, test } from "vitest";

import { LearningError, type LearningProblem } from "./errors.js";

/** Every problem, word for word, and what is to blame; a new code does not compile until it is here. */
const words: {
  readonly [C in LearningProblem["code"]]: readonly [
    Extract<LearningProblem, { code: C }>,
    words: string,
    blame: LearningError["blame"],
  ];
} = {
  CONFIG_UNREADABLE: [
    { code: "CONFIG_UNREADABLE", path: "a.yaml", because: "there is no such file" },
    "cannot read the config a.yaml: there is no such file",
    "input",
  ],
  CONFIG_SETTING: [
    { code: "CONFIG_SETTING", setting: "seed", because: "expected KEY=VALUE, such as optimiser.learningRate=1e-3" },
    "--set seed: expected KEY=VALUE, such as optimiser.learningRate=1e-3",
    "input",
  ],
  CONFIG_INVALID: [
    { code: "CONFIG_INVALID", path: "a.yaml", because: "unknown key sed; did you mean seed?" },
    "a.yaml: unknown key sed; did you mean seed?",
    "input",
  ],
  INITIAL_WEIGHTS: [
    { code: "INITIAL_WEIGHTS", path: "w.safetensors", because: "the network has no part backbne" },
    "cannot begin with the weights w.safetensors: the network has no part backbne",
    "input",
  ],
  FROZEN_ALL: [
    { code: "FROZEN_ALL", parts: ["segmentation", "classifier"] },
    "segmentation, classifier are all weights of the network, so nothing would be trained; leave a part out",
    "input",
  ],
  FROZEN_PART: [
    { code: "FROZEN_PART", part: "gats" },
    "no weight of the network has gats in its path, so nothing can be frozen by it",
    "input",
  ],
  CASE_UNKNOWN: [
    { code: "CASE_UNKNOWN", case: "case-01", dataset: "data/a", known: ["case-001", "other"] },
    "data/a has no case case-01; did you mean case-001?",
    "input",
  ],
  TRAINING_NO_CASES: [
    {
      code: "TRAINING_NO_CASES",
      dataset: "data/a",
      because: "none of its 3 training cases has what the network learns from",
    },
    "nothing to train on in data/a: none of its 3 training cases has what the network learns from",
    "input",
  ],
  TRAINING_NOT_FINITE: [
    {
      code: "TRAINING_NOT_FINITE",
      what: "loss",
      step: 12,
      epoch: 1,
      cases: ["a", "b"],
      layer: "weight up.0.head.weight",
    },
    "the loss of step 12 (epoch 1; cases a, b) is not a number; what went wrong first: weight up.0.head.weight",
    "work",
  ],
  RUN_FACTS: [
    { code: "RUN_FACTS", path: "run/run.json", because: "key seed is missing; expected number" },
    "cannot read what run/run.json says of the run: key seed is missing; expected number",
    "input",
  ],
  TRAINING_STATE: [
    { code: "TRAINING_STATE", path: "run/checkpoints/last.state.safetensors", because: "it was cut short" },
    "cannot resume from run/checkpoints/last.state.safetensors: it was cut short",
    "input",
  ],
  TRAINING_CHANGED: [
    {
      code: "TRAINING_CHANGED",
      run: "runs/a",
      what: "number of threads",
      was: "2",
      is: "1",
      remedy: "run it with --threads 2",
    },
    "cannot resume runs/a: its number of threads was 2 and is 1 now, so it would not go on as it began; run it with --threads 2",
    "input",
  ],
  TRAINING_WORKER: [
    { code: "TRAINING_WORKER", because: "out of memory" },
    "the thread that makes regions ready failed: out of memory",
    "work",
  ],
  LICENCE_UNREADABLE: [
    { code: "LICENCE_UNREADABLE", path: "LICENCE", because: "ENOENT: no such file or directory, open 'LICENCE'" },
    "cannot read the licence LICENCE: ENOENT: no such file or directory, open 'LICENCE'",
    "input",
  ],
  METRICS_UNREADABLE: [
    { code: "METRICS_UNREADABLE", path: "metrics.json", because: "key split is missing; expected string" },
    "cannot read the metrics metrics.json: key split is missing; expected string",
    "input",
  ],
  COMPARE_NOTHING: [
    { code: "COMPARE_NOTHING", a: "runs/a", b: "runs/b" },
    "nothing to compare: runs/a and runs/b were measured on no case in common",
    "input",
  ],
  COMPARE_UNLIKE: [
    { code: "COMPARE_UNLIKE", a: "runs/a", b: "runs/b", what: "region", values: ["whole", "roi"] },
    "cannot compare runs/a and runs/b: expected one region, but whole and roi came",
    "input",
  ],
  MEASURE_NO_DATASET: [
    { code: "MEASURE_NO_DATASET", path: "models/a" },
    "models/a is no run folder, so it does not say on which dataset it was trained; say by --dataset what to measure it on",
    "input",
  ],
  MEASURE_SPLIT_OF_FOLDS: [
    { code: "MEASURE_SPLIT_OF_FOLDS", path: "runs/a", split: "train", folds: [0, 2] },
    "runs/a is a cross validation, of which a train case stands in several folds and would count more than once; expected test or apart, or one of its runs (fold-0, fold-2)",
    "input",
  ],
  MEASURE_NO_CASES: [
    { code: "MEASURE_NO_CASES", dataset: "data/a", split: "test" },
    "nothing to measure on in data/a: it has no test cases",
    "input",
  ],
};

test.each(Object.values(words))("$code in words", (problem, expected, blame) => {
  const error = new LearningError(problem);
  expect(error.message).toBe(expected);
  expect([error.code, error.blame, error.name]).toEqual([problem.code, blame, "LearningError"]);
});
