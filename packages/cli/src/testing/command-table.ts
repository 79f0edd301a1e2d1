import type { Command } from "../command.js";
import { kebab } from "../options.js";

/** All commands with their arguments and options, as the README's table. */
export function commandTable(commands: readonly Command[]): string {
  return ["| command | what | arguments and options |", "| --- | --- | --- |", ...commands.map(row)].join("\n");
}

function row({ name, summary, args, options }: Command): string {
  const words = [
    ...args.map((arg) => `${arg.name.toUpperCase()}: ${arg.says}${arg.optional === true ? " (may be left out)" : ""}`),
    ...Object.entries(options).map(
      ([key, { value, says }]) => `\`--${kebab(key)}${value === undefined ? "" : ` ${value.toUpperCase()}`}\`: ${says}`,
    ),
  ];
  return `| \`${name}\` | ${summary} | ${words.join("<br>").replaceAll("|", "\\|")} |`;
}
