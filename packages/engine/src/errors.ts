import { CodedError, messageOf, type Blame } from "@multirnet/base";

/** All the ways the engine can refuse. */
export type EngineProblem =
  | { readonly code: "ENGINE_NOT_BUILT"; readonly path: string; readonly because: string }
  | { readonly code: "ENGINE_OTHER_THREAD" }
  | { readonly code: "ENGINE_OP_UNKNOWN"; readonly op: string; readonly because: string }
  | { readonly code: "ENGINE_OP_FAILED"; readonly op: string; readonly inputs: string; readonly because: string }
  | { readonly code: "ENGINE_SCOPE_ASYNC" }
  | { readonly code: "ENGINE_ARGUMENT"; readonly where: string; readonly expected: string; readonly came: string }
  | { readonly code: "ENGINE_SHAPE"; readonly where: string; readonly expected: string; readonly came: string }
  | {
      readonly code: "ENGINE_STATE_MISMATCH";
      readonly missing: readonly string[];
      readonly extra: readonly string[];
      readonly misshaped: readonly string[];
    }
  | { readonly code: "ENGINE_SAFETENSORS"; readonly where: string; readonly because: string };

const BLAME: { readonly [C in EngineProblem["code"]]: Blame } = {
  ENGINE_NOT_BUILT: "work",
  ENGINE_OTHER_THREAD: "work",
  ENGINE_OP_UNKNOWN: "work",
  ENGINE_OP_FAILED: "work",
  ENGINE_SCOPE_ASYNC: "work",
  ENGINE_ARGUMENT: "work",
  ENGINE_SHAPE: "work",
  ENGINE_STATE_MISMATCH: "input",
  ENGINE_SAFETENSORS: "input",
};

export class EngineError extends CodedError<EngineProblem> {
  readonly blame = BLAME[this.problem.code];

  constructor(problem: EngineProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

const LONGEST_REASON = 400;

/** What the addon threw, with the operator and what went into it. */
export function opFailed(op: string, inputs: string, thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  // Some of libtorch's reasons go on with all the backends that it knows; all of it stands in the cause.
  const [reason = ""] = messageOf(thrown).split("\n");
  const because = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason;
  return new EngineError({ code: "ENGINE_OP_FAILED", op, inputs, because }, { cause: thrown });
}

function explain(problem: EngineProblem): string {
  switch (problem.code) {
    case "ENGINE_NOT_BUILT":
      return `the engine's addon cannot be loaded from ${problem.path}: ${problem.because}. Build it with: npm run setup`;
    case "ENGINE_OTHER_THREAD":
      return "the engine belongs to the thread that used it first: call it from there, or run it in a process of its own";
    case "ENGINE_OP_UNKNOWN":
      return `this libtorch has no operator ${problem.op}: ${problem.because}`;
    case "ENGINE_OP_FAILED":
      return `${problem.op}(${problem.inputs}): ${problem.because}`;
    case "ENGINE_SCOPE_ASYNC":
      return "a scope must be synchronous: its function returned a promise, whose tensors would be freed before it is done";
    case "ENGINE_ARGUMENT":
    case "ENGINE_SHAPE":
      return `${problem.where}: expected ${problem.expected}, but ${problem.came} came`;
    case "ENGINE_STATE_MISMATCH":
      return `these weights are not this network's: ${[
        listed("missing", problem.missing),
        listed("not known here", problem.extra),
        listed("of another shape", problem.misshaped),
      ]
        .filter((part) => part !== "")
        .join("; ")}`;
    case "ENGINE_SAFETENSORS":
      return `${problem.where} is not a safetensors file that can be read: ${problem.because}`;
  }
}

/** The first few names, so that a message stays readable when all are wrong. */
function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, 5).join(", ");
  return `${String(names.length)} ${what} (${shown}${names.length > 5 ? ", …" : ""})`;
}
