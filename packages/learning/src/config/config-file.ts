import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { messageOf } from "@multirnet/base";
import { isCollection, isMap, isScalar, LineCounter, parseDocument, type ParsedNode } from "yaml";

import { LearningError } from "../errors.js";
import { isMapping, type Layer } from "./layers.js";
import { withWholePaths } from "./paths.js";

/**
 * Reads a config file, and the file that it extends, and so on; the farthest comes first. Paths in each are made whole.
 *
 * @throws LearningError CONFIG_UNREADABLE; CONFIG_INVALID for what is no YAML or no mapping, and for files that extend each other
 */
export async function readConfigLayers(path: string): Promise<Layer[]> {
  const layers: Layer[] = [];
  const seen: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const whole = resolve(next);
    if (seen.includes(whole)) {
      const because = `key extends: goes round in a circle, ${[...seen, whole].join(" extends ")}`;
      throw new LearningError({ code: "CONFIG_INVALID", path, because });
    }
    seen.push(whole);
    const { layer, base } = parseConfigLayer(await textOf(next, seen.at(-2)), next);
    layers.unshift(withWholePaths(layer, dirname(next)));
    next = base === undefined ? undefined : resolve(dirname(next), base);
  }
  return layers;
}

async function textOf(path: string, extendedBy: string | undefined): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const asked = extendedBy === undefined ? "" : `; ${extendedBy} extends it`;
    const because = `${missing ? "there is no such file" : messageOf(error)}${asked}`;
    throw new LearningError({ code: "CONFIG_UNREADABLE", path, because }, { cause: error });
  }
}

/**
 * One file's values, with the line of each.
 *
 * @returns the layer without its `extends`, and that
 * @throws LearningError CONFIG_INVALID
 */
export function parseConfigLayer(
  text: string,
  path: string,
): { readonly layer: Layer; readonly base: string | undefined } {
  const refuse = (because: string, cause?: unknown): LearningError =>
    new LearningError({ code: "CONFIG_INVALID", path, because }, { cause });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw refuse(`not YAML: ${error.message.split("\n")[0]?.replace(/:$/, "") ?? ""}`, error);
  let values: unknown;
  try {
    values = document.toJS() ?? {};
  } catch (cause) {
    throw refuse(`not YAML: ${messageOf(cause).split("\n")[0] ?? ""}`, cause); // such as an alias to what is not there
  }
  if (!isMapping(values)) throw refuse(`the document: expected object, came ${JSON.stringify(values)}`);
  const { extends: base, ...rest } = values;
  if (base !== undefined && (typeof base !== "string" || base === "")) {
    throw refuse(`key extends: expected the path of another config, came ${JSON.stringify(base)}`);
  }
  const originOf: Layer["originOf"] = (keys) => ({ kind: "file", path, line: lineOf(document.contents, keys, lines) });
  return { layer: { values: rest, originOf }, base };
}

/** The line of a key, or of the nearest one above it that the file has as it stands. */
function lineOf(root: ParsedNode | null, keys: readonly string[], lines: LineCounter): number {
  let at: unknown = root;
  let line = 1;
  for (const key of keys) {
    if (!isMap(at)) break;
    const pair = at.items.find(({ key: name }) => isScalar(name) && String(name.value) === key);
    if (pair === undefined) break;
    const { range } = pair.key as { readonly range?: readonly [number, number, number] };
    if (range !== undefined) line = lines.linePos(range[0]).line;
    at = isCollection(pair.value) ? pair.value : undefined;
  }
  return line;
}
