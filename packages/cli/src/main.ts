import { availableParallelism } from "node:os";

import { CodedError, messageOf, VERSION, type Blame } from "@multirnet/base";
import { Command as Program, CommanderError, Option } from "commander";
import { z } from "zod";

import type { Command } from "./command.js";
import { COMMANDS } from "./commands/index.js";
import { ConsoleIo } from "./io.js";
import { kebab, whole } from "./options.js";
import { setThreads } from "./threads.js";
import { UsageError } from "./usage-error.js";

const EXIT = { done: 0, failed: 1, badUse: 2, interrupted: 130 } as const;

const EXIT_OF_BLAME = { input: EXIT.badUse, work: EXIT.failed, stop: EXIT.interrupted } as const;

/** What every command takes. */
const common = z.object({
  json: z.boolean().default(false),
  quiet: z.boolean().default(false),
  threads: whole(1).default(availableParallelism()),
});

/** Runs the command line and ends the process with its exit code: 0 done, 1 failed while working, 2 bad usage or input, 130 stopped by Ctrl-C. */
export async function runMain(argv: readonly string[]): Promise<void> {
  process.exitCode = await main(argv);
}

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    stop.abort();
  };
  process.once("SIGINT", onInterrupt); // a second Ctrl-C ends the process at once
  let code: number = EXIT.done;
  const program = programOf(async (command, given) => {
    code = await run(command, given, stop.signal);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.badUse; // its words are on standard error already
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}

async function run(command: Command, given: Record<string, unknown>, signal: AbortSignal): Promise<number> {
  try {
    const settings = parsed(common, pick(given, Object.keys(common.shape)));
    const input = parsed(command.input, omit(given, Object.keys(common.shape)), command);
    setThreads(settings.threads);
    const io = new ConsoleIo({ signal, quiet: settings.quiet });
    const { json, text, fault } = await command.run(input, io);
    process.stdout.write(settings.json ? `${JSON.stringify(json)}\n` : text === "" ? "" : `${text}\n`);
    if (signal.aborted) return EXIT.interrupted;
    return fault === undefined ? EXIT.done : EXIT_OF_BLAME[fault];
  } catch (error) {
    const blame = blameOf(error);
    process.stderr.write(`multirnet ${command.name}: ${blame === "stop" ? "stopped" : messageOf(error)}\n`);
    if (blame === undefined) process.stderr.write(`${stackOf(error)}\n`); // a fault of this program: its writer needs the place
    return EXIT_OF_BLAME[blame ?? "work"];
  }
}

/** What an error is due to; undefined for one that nobody foresaw. */
function blameOf(error: unknown): Blame | undefined {
  if (error instanceof UsageError) return "input";
  if (error instanceof CodedError) return error.blame;
  return error instanceof Error && error.name === "AbortError" ? "stop" : undefined;
}

/** @param command whose arguments are named as they are; all else is an option */
function parsed<S extends z.ZodType>(schema: S, given: Record<string, unknown>, command?: Command): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = String(issue?.path[0] ?? "");
  const came = given[key];
  const name = command?.args.some((arg) => arg.name === key) === true ? key : `--${kebab(key)}`;
  if (came === undefined) throw new UsageError(`${name} is missing`);
  throw new UsageError(`${name}: ${issue?.message ?? "not valid"}, but ${JSON.stringify(came)} came`);
}

/** The command line as commander knows it. */
function programOf(action: (command: Command, given: Record<string, unknown>) => Promise<void>): Program {
  const program = new Program("multirnet");
  program
    .description("From a chest CT to an outline of every pneumonia lesion and a diagnosis.")
    .version(VERSION, "--version", "print the version")
    .option("--json", "print one JSON object on standard output")
    .option("--quiet", "no progress and no logs")
    .option("--threads <n>", "threads of one operator; default: all cores")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const command of COMMANDS) {
    const [first = "", second] = command.name.split(" ");
    const parent =
      second === undefined
        ? program
        : (program.commands.find((known) => known.name() === first) ??
          program.command(first).exitOverride().description(`${first} commands`));
    const sub = parent
      .command(second ?? first)
      .description(command.summary)
      .exitOverride();
    for (const { name, says, optional } of command.args)
      sub.argument(optional === true ? `[${name}]` : `<${name}>`, says);
    for (const [name, { value, says, many }] of Object.entries(command.options)) {
      const option = new Option(`--${kebab(name)}${value === undefined ? "" : ` <${value}>`}`, says);
      if (many === true) option.argParser((text, before: string[] | undefined) => [...(before ?? []), text]);
      sub.addOption(option);
    }
    sub.action(async (...values: unknown[]) => {
      const args = command.args.map(({ name }, index) => [name, values[index]] as const);
      await action(command, defined({ ...Object.fromEntries(args), ...sub.optsWithGlobals() }));
    });
  }
  return program;
}

function defined(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function pick(given: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => keys.includes(key)));
}

function omit(given: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => !keys.includes(key)));
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? "") : "";
}
