import { checkAgainst, faultWords, type Checked, type Fault } from "@multirnet/artifacts";
import type { Xyz } from "@multirnet/imaging";
import {
  headsOf,
  networkEntry,
  NetworkError,
  resolveNetwork,
  sideMultiple,
  taskOf,
  type NetworkSpec,
} from "@multirnet/networks";
import type { z } from "zod";

import { LearningError } from "../errors.js";
import { RECIPES } from "../recipes/index.js";
import { parseConfigLayer, readConfigLayers } from "./config-file.js";
import { isMapping, merged, originText, withoutNulls, type Layer, type Merged, type Origin } from "./layers.js";
import { plateauSchema, type OptimiserSettings } from "./optimiser.js";
import { trainConfigSchema } from "./schema.js";
import { settingLayers } from "./settings.js";

/** A config with every key filled in, and its network's options resolved. */
export type TrainConfig = Omit<z.infer<typeof trainConfigSchema>, "network"> & { readonly network: NetworkSpec };

/**
 * Reads a config file, what it extends, and the settings over it. Paths in a file are relative to it.
 *
 * @param settings as `a.b=c`
 * @throws LearningError CONFIG_UNREADABLE, CONFIG_SETTING, CONFIG_INVALID with the key, what was expected and what came, and the nearest key for a
 * misspelt one
 */
export async function readTrainConfig(path: string, settings: readonly string[] = []): Promise<TrainConfig> {
  return resolveTrainConfig(await readMergedConfig(path, settings), path);
}

/** As `readTrainConfig`, before it is checked: the values of all files and settings, and where each comes from. */
export async function readMergedConfig(path: string, settings: readonly string[] = []): Promise<Merged> {
  return withRecipe([...(await readConfigLayers(path)), ...settingLayers(settings)]);
}

/** As `readTrainConfig`, of a text that extends nothing; `path` is only for messages. */
export function parseTrainConfig(text: string, path: string): TrainConfig {
  return resolveTrainConfig(withRecipe([parseConfigLayer(text, path).layer]), path);
}

/** Checks a config and fills in what it leaves out. @throws LearningError CONFIG_INVALID; `path` is only for its words */
export function resolveTrainConfig({ values, origins }: Merged, path: string): TrainConfig {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "CONFIG_INVALID", path, because }, { cause });
  const checked = checkedConfig(values);
  if (!checked.ok) throw refuse(faultWords(checked.fault) + hintAt(checked.fault) + elsewhere(checked.fault));
  try {
    const { network, preprocessing, loss, initialWeights } = checked.value;
    const spec = resolved(network);
    requireMultiple(spec, preprocessing.region);
    requireLevels(spec.name, loss.deepSupervision.length);
    requireClasses(taskOf(spec) === "segmentation" ? [] : headsOf(spec).classes, loss.classWeights);
    requireEdges(spec, loss.edge);
    if (initialWeights?.from !== undefined && initialWeights.part === undefined)
      throw refuse("key initialWeights.from: expected initialWeights.part beside it, which says where the weights go");
    if (loss.alpha + loss.beta === 0)
      throw refuse("keys loss.alpha and loss.beta: at least one above 0, but both are 0");
    if (checked.value.activationStretches > 1 && networkEntry(spec.name).dims === 2)
      throw refuse(
        `key activationStretches: expected 1 for ${spec.name}, which looks at slices, but ${String(checked.value.activationStretches)} came`,
      );
    if (checked.value.activationStretches > 1 && checked.value.precision === "mixed")
      throw refuse(
        `key precision: expected float32 beside activationStretches ${String(checked.value.activationStretches)}, but mixed came`,
      );
    requireValidation(checked.value);
    return { ...checked.value, optimiser: withPlateau(checked.value.optimiser), network: spec };
  } catch (error) {
    if (error instanceof NetworkError) throw refuse(`key network: ${error.message}`, error);
    throw error;
  }

  function requireValidation({
    validation: { share, everyEpochs, patience },
    optimiser: { schedule, plateau },
  }: Pick<TrainConfig, "validation" | "optimiser">): void {
    if (share > 0 && patience < everyEpochs) {
      throw refuse(
        `key validation.patience: expected at least validation.everyEpochs, ${String(everyEpochs)}, but ${String(patience)} came: ` +
          `the run would stop before it was judged again`,
      );
    }
    if (schedule === "plateau" && share === 0) {
      throw refuse(
        "key optimiser.schedule: expected validation.share above 0 for a plateau, as validation is what stands still",
      );
    }
    const waits = schedule === "plateau" ? (plateau?.patience ?? plateauSchema.parse({}).patience) : Infinity;
    if (waits < everyEpochs) {
      throw refuse(
        `key optimiser.plateau.patience: expected at least validation.everyEpochs, ${String(everyEpochs)}, but ${String(waits)} came: ` +
          `the rate would fall before it was judged`,
      );
    }
    if (schedule !== "plateau" && plateau !== undefined) {
      throw refuse(`key optimiser.plateau: expected optimiser.schedule plateau beside it, but ${schedule} came`);
    }
  }

  function requireClasses(classes: readonly string[], weights: TrainConfig["loss"]["classWeights"]): void {
    if (weights === undefined) return;
    if (weights === "balanced") {
      if (classes.length === 0)
        throw refuse("key loss.classWeights: expected none, as the network has no diagnosis, but balanced came");
      return;
    }
    const unknown = Object.keys(weights).find((name) => !classes.includes(name));
    if (unknown === undefined) return;
    const known = classes.length === 0 ? "none, as the network has no diagnosis" : classes.join(", ");
    throw refuse(`key loss.classWeights: expected classes of the network (${known}), but ${unknown} came`);
  }

  function requireEdges({ name }: NetworkSpec, weight: number): void {
    if (weight === 0 || networkEntry(name).edges === true) return;
    throw refuse(`key loss.edge: expected 0, as ${name} has no edge head, but ${String(weight)} came`);
  }

  /** Where a faulty value stands, if not in the file that was asked for. */
  function elsewhere(fault: Fault): string {
    const origin = originAt(fault.key);
    if (origin === undefined || (origin.kind === "file" && origin.path === path)) return "";
    const inherited = fault.kind === "unknown key" && fault.goesWith !== undefined && origin.kind === "file";
    const remedy = inherited ? "; null in its place takes it away" : "";
    return ` (from ${originText(origin)}${remedy})`;
  }

  /** Of a value, or of the first one in it. */
  function originAt(key: string): Origin | undefined {
    return origins.get(key) ?? [...origins].find(([inner]) => inner.startsWith(`${key}.`))?.[1];
  }

  function requireLevels(name: string, weights: number): void {
    const { levels } = networkEntry(name);
    if (weights <= levels) return;
    const expected =
      levels === 0 ? `no weight, as ${name} has no coarser outlines` : `at most ${String(levels)} weights`;
    throw refuse(`key loss.deepSupervision: expected ${expected}, but ${String(weights)} came`);
  }

  function requireMultiple(spec: NetworkSpec, region: Xyz): void {
    const { name, dims, resizes } = networkEntry(spec.name);
    if (resizes === true) return;
    const multipleOf = sideMultiple(spec);
    for (const axis of dims === 2 ? (["x", "y"] as const) : (["x", "y", "z"] as const)) {
      if (region[axis] % multipleOf === 0) continue;
      const key = `preprocessing.region.${axis}`;
      throw refuse(
        `key ${key}: expected a multiple of ${String(multipleOf)} for ${name}, but ${String(region[axis])} came`,
      );
    }
  }
}

function hintAt({ kind, key }: Fault): string {
  return key === "optimiser.method" && kind === "wrong value" ? "; AdamW is adam with weightDecay above 0" : "";
}

/** A key without a value is as one that is left out, but a misspelt one is told. */
function checkedConfig(values: Merged["values"]): Checked<z.output<typeof trainConfigSchema>> {
  const asWritten = checkAgainst(trainConfigSchema, values);
  const misspelt = !asWritten.ok && asWritten.fault.kind === "unknown key" && asWritten.fault.goesWith === undefined;
  return misspelt ? asWritten : checkAgainst(trainConfigSchema, withoutNulls(values));
}

/** What a plateau leaves out is filled in where there is one. */
function withPlateau(optimiser: OptimiserSettings): OptimiserSettings {
  return optimiser.schedule === "plateau" && optimiser.plateau === undefined
    ? { ...optimiser, plateau: plateauSchema.parse({}) }
    : optimiser;
}

/** A resolved config names its network as `{name, options}`; one written by hand has the options beside the name. */
function resolved({ name, options, ...beside }: z.infer<typeof trainConfigSchema>["network"]): NetworkSpec {
  return resolveNetwork({ name, ...options, ...beside });
}

/** Joins layers, with the recipe of the network under them where they ask for it. */
function withRecipe(layers: readonly Layer[]): Merged {
  const all = merged(layers);
  const { recipe, network } = all.values;
  if (recipe !== "published" || !isMapping(network)) return all;
  const settings = RECIPES[String(network["name"])]?.settings;
  if (settings === undefined) return all;
  return merged([{ values: settings, originOf: () => ({ kind: "recipe" }) }, ...layers]);
}
