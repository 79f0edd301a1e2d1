import type { z } from "zod";

import type { Io } from "./io.js";

/** What a command gives back: one JSON object for `--json`, and the same for people. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  /** What the exit code says though there is an answer: what was looked at is at fault (2), or this machine is (1). */
  readonly fault?: "input" | "work";
}

/** An option as it stands on the command line. */
export interface OptionFlag {
  readonly value?: string; // the name of its value in the help; a switch has none
  readonly says: string;
  readonly many?: true; // it may be given more than once, and is a list
}

/**
 * A command: parse, call, print. Positional arguments and options are checked together by `input`, whose keys are the names of the
 * arguments and the camelCase names of the options.
 */
export interface Command<Input extends z.ZodType = z.ZodType> {
  readonly name: string; // may have two words: dataset check
  readonly summary: string;
  readonly args: readonly { readonly name: string; readonly says: string; readonly optional?: true }[];
  readonly options: Readonly<Record<string, OptionFlag>>; // by camelCase name
  readonly input: Input;
  readonly run: (input: z.output<Input>, io: Io) => Promise<Answer>;
}

/** Hides the type of a command's input, which `run` gets only after `input` has checked it. */
export function command<Input extends z.ZodType>(definition: Command<Input>): Command {
  return definition;
}
