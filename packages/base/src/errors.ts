/** A fault that a caller can tell apart by `code`; each room lists its own problems as a union on it. */
export interface Problem {
  readonly code: string;
}

/**
 * What is at fault: what was asked or given (`input`: mend it and try again), the work on it (`work`: the disk, the machine, a
 * network's numbers), or nothing: it was stopped on request (`stop`). The command line makes its exit code of this.
 */
export type Blame = "input" | "work" | "stop";

/**
 * An error that carries its facts as data. A room extends this once with its own union of problems and the one function
 * that puts them into words, so that a new problem does not compile until it has words,
 * and says what is at fault.
 */
export abstract class CodedError<P extends Problem> extends Error {
  readonly problem: P;
  abstract readonly blame: Blame;

  constructor(problem: P, words: string, options?: ErrorOptions) {
    super(words, options);
    this.problem = problem;
    this.name = new.target.name;
  }

  get code(): P["code"] {
    return this.problem.code;
  }
}

/** The words of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
