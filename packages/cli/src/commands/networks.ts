import { headsOf, NETWORKS, optionTable, parameterCount, resolveNetwork } from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { textTable } from "../text-table.js";

export const networks = command({
  name: "networks",
  summary: "The networks that can be trained, with their parameters, sources and options.",
  args: [],
  options: {},
  input: z.strictObject({}),
  run() {
    const known = NETWORKS.map((entry) => {
      const spec = resolveNetwork({ name: entry.name });
      return {
        name: entry.name,
        task: entry.tasks[0],
        tasks: entry.tasks,
        dims: entry.dims,
        parameters: parameterCount(spec),
        input: entry.input,
        classes: headsOf(spec).classes,
        presets: Object.keys(entry.presets),
        cites: entry.cites,
        differs: entry.differs,
        options: optionTable(entry),
      };
    });
    const table = textTable([
      ["name", "tasks", "dims", "parameters", "input C×D×H×W", "presets"],
      ...known.map(({ name, tasks, dims, parameters, input, presets }) => [
        name,
        tasks.join(", "),
        `${String(dims)}-D`,
        String(parameters),
        input.join("×"),
        presets.join(", "),
      ]),
    ]);
    const details = known.map(({ name, cites, differs, options }) =>
      [
        `${name}: ${cites}.`,
        `  Differs: ${differs}.`,
        ...options.map(
          (row) => `  ${row.name}: ${row.takes}; default ${JSON.stringify(row.default)}. ${capital(row.says)}.`,
        ),
      ].join("\n"),
    );
    return Promise.resolve({ json: known, text: [table, ...details].join("\n\n") });
  },
});

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
