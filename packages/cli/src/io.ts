import { ProgressBar } from "./progress-bar.js";

/** Where a command writes, and how it is stopped. Standard output carries the answer and nothing else. */
export interface Io {
  readonly signal: AbortSignal;
  /** A line for people, on standard error; silent with `--quiet`. */
  log(line: string): void;
  /** Shows how far the work is; `done` of `of`, and what is being done. */
  progress(done: number, of: number, what: string): void;
}

/** Lines on standard error, and on a terminal a bar that is drawn over. */
export class ConsoleIo implements Io {
  readonly signal: AbortSignal;
  readonly #quiet: boolean;
  readonly #bar: ProgressBar;

  constructor({ signal, quiet }: { signal: AbortSignal; quiet: boolean }) {
    this.signal = signal;
    this.#quiet = quiet;
    this.#bar = new ProgressBar(process.stderr);
  }

  log(line: string): void {
    if (this.#quiet) return;
    this.#bar.clear();
    process.stderr.write(`${line}\n`);
  }

  progress(done: number, of: number, what: string): void {
    if (!this.#quiet) this.#bar.show(done, of, what);
  }
}
