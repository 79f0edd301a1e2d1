import { networkEntry } from "@multirnet/networks";

import { isMapping, type Mapping, type Merged, type Origin } from "./layers.js";
import type { TrainConfig } from "./train-config.js";

/**
 * Where each value of a resolved config comes from, by its dotted path, in the config's order. Lists are single values.
 *
 * @param merged what the config was resolved from
 */
export function originsOf(config: TrainConfig, { values, origins }: Merged): Map<string, Origin> {
  const preset = presetOf(config.network.name, values["network"]);
  const originAt = (path: readonly string[]): Origin => {
    const [first, second, ...rest] = path;
    const written = first === "network" && second === "options" ? [first, ...rest] : path; // options stand beside the name
    const found = origins.get(path.join(".")) ?? origins.get(written.join("."));
    if (found !== undefined) return found;
    if (written !== path && preset !== undefined && Object.hasOwn(preset.options, rest[0] ?? ""))
      return { kind: "preset", name: preset.name };
    return { kind: "default" };
  };
  return new Map(leavesOf(config as unknown as Mapping, []).map((path) => [path.join("."), originAt(path)]));
}

function presetOf(name: string, network: unknown): { readonly name: string; readonly options: object } | undefined {
  const preset = isMapping(network) ? network["preset"] : undefined;
  if (typeof preset !== "string") return undefined;
  return { name: preset, options: networkEntry(name).presets[preset] ?? {} };
}

/** The paths of all that is no mapping, and of empty mappings. */
function leavesOf(value: Mapping, path: readonly string[]): (readonly string[])[] {
  return Object.entries(value).flatMap(([key, member]) =>
    isMapping(member) && Object.keys(member).length > 0 ? leavesOf(member, [...path, key]) : [[...path, key]],
  );
}
