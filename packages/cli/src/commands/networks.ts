import { RECIPES } from "@multirnet/learning";
import {
  layerTable,
  networkEntry,
  networkFacts,
  NETWORKS,
  optionTable,
  optionWords,
  parameterCount,
  resolveNetwork,
  type LayerRow,
  type NetworkSpec,
  type Reference,
} from "@multirnet/networks";
import { z } from "zod";

import { command, type Answer } from "../command.js";
import { countedText, countText } from "../count-text.js";
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
    const known = NETWORKS.map((entry) => factsOf(resolveNetwork({ name: entry.name })));
    const details = known.map((facts) => detailsOf(facts).join("\n"));
    return { json: known, text: [overview(known), ...details].join("\n\n") };
  },
});

type Facts = ReturnType<typeof factsOf>;

function factsOf(spec: NetworkSpec) {
  const entry = networkEntry(spec.name);
  const { name, tasks, dims, cites, differs, presets, references } = entry;
  const { task, input, parameters, classes, lesions, passes } = networkFacts(spec);
  return {
    ...{ name, task, tasks, dims, parameters, input, classes, lesions, passes },
    presets: Object.keys(presets),
    cites,
    differs,
    recipe: RECIPES[name],
    references: references.map(({ name: reference, source, options = {} }) => ({ name: reference, source, options })),
    options: optionTable(entry),
  };
}

function overview(known: readonly Facts[]): string {
  return textTable([
    ["name", "tasks", "dims", "parameters", "input C×D×H×W or C×H×W", "presets"],
    ...known.map(({ name, tasks, dims, parameters, input, presets }) => [
      name,
      tasks.join(", "),
      `${String(dims)}-D`,
      countText(parameters),
      input.join("×"),
      presets.join(", "),
    ]),
  ]);
}

/** @param about lines that only one network by itself has */
function detailsOf({ name, cites, differs, recipe, options }: Facts, about: readonly string[] = []): string[] {
  return [
    `${name}: ${cites}.`,
    `  Differs: ${differs}.`,
    ...about,
    ...(recipe === undefined
      ? []
      : [
          `  Published training (\`recipe: published\` in a config). ${capital(recipe.cites)}. Differs: ${recipe.differs}.`,
        ]),
    ...networkEntry(name).references.map((reference) => `  ${referenceText(reference)}`),
    ...options.map(
      (row) =>
        `  ${row.name}: ${row.takes}${row.default === undefined ? "" : `; default ${JSON.stringify(row.default)}`}. ${capital(row.says)}.`,
    ),
  ];
}

function referenceText(reference: Reference): string {
  const { name, source, options, covers } = reference;
  const of = covers === undefined ? "" : ` of its ${covers.join(", ")}`;
  const by = options === undefined ? "" : `, for ${optionWords(reference)}`;
  return `Weights${of} from ${source}: \`weights import --reference ${name}\`${by}.`;
}

function oneNetwork(spec: NetworkSpec): Answer {
  const facts = factsOf(spec);
  const { name, task, dims, input, parameters, passes } = facts;
  const layers = layerTable(spec);
  const multiplyAdds = sumOf(layers, (layer) => layer.multiplyAdds);
  const multiplyAddsOf = `one ${dims === 2 ? "slice" : "region"}${passes === 1 ? "" : ` in ${String(passes)} passes`}`;
  const presetParameters = Object.fromEntries(
    facts.presets.map((preset) => [preset, parameterCount(resolveNetwork({ name, preset }))]),
  );
  const table = textTable([
    ["layer", "operator", "input", "output", "parameters", "multiply-adds"],
    ...layers.map(({ path, op, input: from, output, parameters: own, multiplyAdds: products }) => [
      path,
      op,
      from.join("×"),
      output.join("×"),
      own === 0 ? "" : countText(own),
      products === 0 ? "" : countText(products),
    ]),
    ["all", "", input.join("×"), "", countText(parameters), countText(multiplyAdds)],
  ]);
  const about = [
    `  ${capital(task)}, ${String(dims)}-D. Input ${dims === 2 ? "C×H×W" : "C×D×H×W"}: ${input.join("×")}. ` +
      `${countedText(parameters, "parameter")}; ${billions(multiplyAdds)} multiply-adds for ${multiplyAddsOf}.`,
    `  Presets: ${Object.entries(presetParameters)
      .map(([preset, count]) => `${preset} ${countText(count)}`)
      .join(", ")} parameters.`,
  ];
  const json = { ...facts, presetParameters, resolved: spec.options, multiplyAdds, multiplyAddsOf, layers };
  return { json, text: [table, detailsOf(facts, about).join("\n")].join("\n\n") };
}

/** 31,850,496; from a thousand million on 8.15 G, 104 G. */
function billions(count: number): string {
  if (count < 1e9) return countText(count);
  return `${count < 1e11 ? (count / 1e9).toPrecision(3) : countText(Math.round(count / 1e9))} G`;
}

function sumOf(layers: readonly LayerRow[], of: (layer: LayerRow) => number): number {
  return layers.reduce((sum, layer) => sum + of(layer), 0);
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
