import { stringify } from "yaml";

import { writeFileAtomically } from "@multirnet/base/node";

import { ArtifactError } from "./errors.js";

/**
 * @param path only for the words of the error
 * @returns JSON of `value`; `undefined` members are left out
 * @throws ArtifactError NOT_FINITE: JSON.stringify would write `null` for NaN and infinities
 */
export function jsonText(value: unknown, path: string, indent?: number): string {
  requireFinite(value, path, []);
  return JSON.stringify(value, undefined, indent);
}

/** Writes `value` as indented JSON, all of it or nothing. @throws ArtifactError NOT_FINITE @throws FileError */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, [jsonText(value, path, 2), "\n"]);
}

/** Writes `value` as YAML, all of it or nothing. @throws ArtifactError NOT_FINITE @throws FileError */
export async function writeYaml(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, [yamlText(value, path)]);
}

/** @returns YAML of `value` without aliases, so that equal parts can be edited apart */
export function yamlText(value: unknown, path: string): string {
  requireFinite(value, path, []);
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function requireFinite(value: unknown, path: string, keys: readonly string[]): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ArtifactError({ code: "NOT_FINITE", path, key: keys.join("."), value });
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) requireFinite(member, path, [...keys, key]);
}
