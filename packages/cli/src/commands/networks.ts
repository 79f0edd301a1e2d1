import { RECIPES } from "@multirnet/learning";
import {
  headsOf,
  layerTable,
  networkEntry,
  NETWORKS,
  optionTable,
  parameterCount,
  resolveNetwork,
  type LayerRow,
  type NetworkEntry,
  type NetworkSpec,
} from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { networkFrom } from "../network-file.js";
import { textTable } from "../text-table.js";
import { UsageError } from "../usage-error.js";

export const networks = command({
  name: "networks",
  summary: "The networks that can be trained, with their parameters, sources and options; of one, its layers.",
  args: [
    {
      name: "name",
      says: "of one network, to see its layers with shapes, parameters and multiply-adds",
      optional: true,
    },
  ],
  options: { config: { value: "f", says: "YAML of the one network's options, or a training config" } },
  input: z.strictObject({ name: z.string().optional(), config: z.string().optional() }),
  async run({ name, config }) {
    if (name !== undefined) return oneNetwork(await networkFrom(name, config));
    if (config !== undefined) throw new UsageError("--config: expected the name of a network before it, came none");
    const known = NETWORKS.map((entry) => factsOf(entry, resolveNetwork({ name: entry.name })));
    const details = known.map(detailsOf);
    return { json: known, text: [overview(known), ...details].join("\n\n") };
  },
});

type Facts = ReturnType<typeof factsOf>;

function factsOf(entry: NetworkEntry, spec: NetworkSpec) {
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
    recipe: RECIPES[entry.name],
    options: optionTable(entry),
  };
}

function overview(known: readonly Facts[]): string {
  return textTable([
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
}

function detailsOf({ name, cites, differs, recipe, options }: Facts): string {
  return [
    `${name}: ${cites}.`,
    `  Differs: ${differs}.`,
    ...(recipe === undefined
      ? []
      : [`  Trained, with recipe: published: ${recipe.cites}. Differs: ${recipe.differs}.`]),
    ...options.map(
      (row) =>
        `  ${row.name}: ${row.takes}${row.default === undefined ? "" : `; default ${JSON.stringify(row.default)}`}. ${capital(row.says)}.`,
    ),
  ].join("\n");
}

function oneNetwork(spec: NetworkSpec) {
  const facts = factsOf(networkEntry(spec.name), spec);
  const layers = layerTable(spec);
  const multiplyAdds = sumOf(layers, (layer) => layer.multiplyAdds);
  const table = textTable([
    ["layer", "operator", "input", "output", "parameters", "multiply-adds"],
    ...layers.map(({ path, op, input, output, parameters, multiplyAdds: products }) => [
      path,
      op,
      input.join("×"),
      output.join("×"),
      parameters === 0 ? "" : String(parameters),
      products === 0 ? "" : String(products),
    ]),
    ["all", "", facts.input.join("×"), "", String(sumOf(layers, (layer) => layer.parameters)), String(multiplyAdds)],
  ]);
  const json = { ...facts, resolved: spec.options, multiplyAdds, layers };
  return { json, text: [table, detailsOf(facts)].join("\n\n") };
}

function sumOf(layers: readonly LayerRow[], of: (layer: LayerRow) => number): number {
  return layers.reduce((sum, layer) => sum + of(layer), 0);
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
