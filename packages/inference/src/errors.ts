import { CodedError, type Blame } from "@multirnet/base";

export type InferenceProblem =
  | { readonly code: "INFERENCE_ABORTED"; readonly done: number; readonly windows: number }
  | { readonly code: "INFERENCE_NOT_FINITE"; readonly what: string }
  | { readonly code: "INFERENCE_ONE_PASS"; readonly network: string; readonly passes: number }
  | { readonly code: "INFERENCE_FOLDS_UNLIKE"; readonly path: string; readonly folds: readonly string[] }
  | {
      readonly code: "INFERENCE_CARD_UNLIKE";
      readonly path: string;
      readonly what: "lesion types" | "classes";
      readonly card: readonly string[];
      readonly network: readonly string[];
    };

const BLAME: { readonly [C in InferenceProblem["code"]]: Blame } = {
  INFERENCE_ABORTED: "stop",
  INFERENCE_NOT_FINITE: "work",
  INFERENCE_ONE_PASS: "input",
  INFERENCE_FOLDS_UNLIKE: "input",
  INFERENCE_CARD_UNLIKE: "input",
};

export class InferenceError extends CodedError<InferenceProblem> {
  readonly blame = BLAME[this.problem.code];

  constructor(problem: InferenceProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: InferenceProblem): string {
  switch (problem.code) {
    case "INFERENCE_ABORTED":
      return `stopped after ${String(problem.done)} of ${String(problem.windows)} windows`;
    case "INFERENCE_NOT_FINITE":
      return `the network gave ${problem.what} that is not a number: its weights are damaged, or it does not know such a scan`;
    case "INFERENCE_ONE_PASS":
      return `${problem.network} does not look at its own map again, but ${String(problem.passes)} extra passes were asked for`;
    case "INFERENCE_FOLDS_UNLIKE":
      return `the folds of ${problem.path} cannot answer together: ${problem.folds.join(" and ")} differ in network, preprocessing, classes or labels`;
    case "INFERENCE_CARD_UNLIKE":
      return (
        `the card of ${problem.path} is not its network's: it names ${listed(problem.card)} as ${problem.what}, ` +
        `the network has ${listed(problem.network)}`
      );
  }
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
