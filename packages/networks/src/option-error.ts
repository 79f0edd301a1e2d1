import { nearestName } from "@multirnet/base";
import type { z } from "zod";

import { NetworkError } from "./errors.js";
import { optionTable } from "./option-table.js";

/** A preset that a network has not. */
export function presetError(name: string, known: readonly string[], came: unknown): NetworkError {
  const because = `expected ${known.join(" | ")}, but ${shown(came)} came`;
  return new NetworkError({ code: "NETWORK_OPTION", network: name, key: "preset", because });
}

/** What is wrong with the first option; a misspelt one comes first. The words for what it takes are those of its reference. */
export function optionError(
  name: string,
  schema: z.ZodType,
  given: Record<string, unknown>,
  error: z.ZodError,
): NetworkError {
  const rows = optionTable({ options: schema });
  const refused = (key: string, because: string): NetworkError =>
    new NetworkError({ code: "NETWORK_OPTION", network: name, key, because }, { cause: error });
  const unknown = error.issues.find((issue) => issue.code === "unrecognized_keys");
  if (unknown !== undefined) {
    const [key = ""] = unknown.keys;
    const known = ["preset", ...rows.map((row) => row.name)];
    const nearest = nearestName(key, known);
    const hint = nearest === undefined ? ` (known: ${known.join(", ")})` : `; did you mean ${nearest}?`;
    return refused(key, `unknown option${hint}`);
  }
  const [issue] = error.issues;
  const key = String(issue?.path[0] ?? "");
  const takes = rows.find((row) => row.name === key)?.takes;
  // A rule of our own (`names must differ`) has words of its own.
  const wanted =
    issue?.code === "custom" || takes === undefined ? (issue?.message ?? "not valid") : `expected ${takes}`;
  return refused(key, `${wanted}, but ${shown(given[key])} came`);
}

const SHOWN_CHARACTERS = 80;

/** A value in a message. JSON has no words for NaN, and none at all for some of what a program may pass. */
function shown(value: unknown): string {
  const words = wordsFor(value);
  return words.length > SHOWN_CHARACTERS ? `${words.slice(0, SHOWN_CHARACTERS)}…` : words;
}

function wordsFor(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(wordsFor).join(", ")}]`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
