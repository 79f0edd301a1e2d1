import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A program that answers each line with a line of JSON. */
export class Side {
  readonly #process;
  readonly #answers;

  /** @param environment beside the own one */
  constructor(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = command;
    this.#process = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    this.#process.on("error", () => undefined); // a program that is not there has no answers
    this.#process.stdin.on("error", () => undefined);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error where the process has ended, or never began */
  async ask(line: string): Promise<Record<string, unknown>> {
    this.#process.stdin.write(`${line}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`the process ended at: ${line.slice(0, 100)}`);
    return JSON.parse(answer.value) as Record<string, unknown>;
  }

  end(): void {
    this.#process.stdin.end();
  }
}

/** A work that a peer does, ready to be timed; or why there is none. */
export type PeerWork =
  | {
      readonly version: string;
      readonly run: () => Promise<number>; // milliseconds
      readonly numbers: () => Promise<readonly number[]>; // what the last run found
    }
  | { readonly undefined: string };

/** Python with scipy and nibabel, where this machine has them. */
export class Peer {
  readonly #python: string;
  readonly #side: Side;

  constructor(python: string) {
    this.#python = python;
    this.#side = new Side([python, fileURLToPath(new URL("../peer/peer.py", import.meta.url))]);
  }

  async prepare(settings: Readonly<Record<string, unknown>>): Promise<PeerWork> {
    try {
      const answer = await this.#side.ask(JSON.stringify(settings));
      if (answer["ready"] !== true) return { undefined: `${this.#python}: ${String(answer["missing"])}` };
      return {
        version: String(answer["version"]),
        run: async () => Number((await this.#side.ask("run"))["ms"]),
        numbers: async () => (await this.#side.ask("answer"))["numbers"] as number[],
      };
    } catch {
      return { undefined: `${this.#python} with numpy could not be run` };
    }
  }

  end(): void {
    this.#side.end();
  }
}
