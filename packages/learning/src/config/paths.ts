import { resolve } from "node:path";

import { isMapping, type Layer, type Mapping } from "./layers.js";

/** Keys whose value is a path, relative to the file in which it stands, or to where the shell stands. */
const PATHS: readonly (readonly string[])[] = [["dataset"], ["initialWeights", "file"]];

/** A layer whose paths mean the same wherever they are read again. */
export function withWholePaths({ values, originOf }: Layer, folder: string): Layer {
  return { values: PATHS.reduce((changed, keys) => withWholePath(changed, keys, folder), values), originOf };
}

function withWholePath(values: Mapping, [key = "", ...rest]: readonly string[], folder: string): Mapping {
  const value = values[key];
  if (rest.length > 0) return isMapping(value) ? { ...values, [key]: withWholePath(value, rest, folder) } : values;
  return typeof value === "string" && value !== "" ? { ...values, [key]: resolve(folder, value) } : values;
}
