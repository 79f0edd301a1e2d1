import { readFileSync } from "node:fs";

import { linear, zeros } from "./generated/tensor.js";
import { scope } from "./scope.js";

/** The library that does matrix products. The reference one is slower than the others by far more than ten times. */
export interface Blas {
  readonly name: "OpenBLAS" | "MKL" | "BLIS" | "ATLAS" | "reference" | "unknown";
  readonly path: string | undefined; // undefined where it is a part of libtorch, or nothing is known
}

/**
 * The shared libraries that this process has loaded, after a matrix product has made libtorch load its own.
 *
 * @returns paths, each once; none where the system does not tell (it takes `/proc`)
 * @throws EngineError ENGINE_NOT_BUILT, ENGINE_OTHER_THREAD
 */
export function loadedLibraries(): string[] {
  scope(() => {
    const square = zeros([64, 64], { dtype: "float64" }); // oneDNN has no float64: this goes to BLAS
    linear(square, square);
  });
  try {
    return librariesIn(readFileSync("/proc/self/maps", "utf8"));
  } catch {
    return [];
  }
}

/** @returns the shared libraries in the text of `/proc/PID/maps`, each once */
export function librariesIn(maps: string): string[] {
  // address permissions offset device inode, then the path, which may hold blanks
  const paths = maps.split("\n").map((line) => /^(?:\S+\s+){5}(\/.*)$/.exec(line)?.[1] ?? "");
  return [...new Set(paths.filter((path) => /\.so(\.[\w.]+)?$/.test(path)))];
}

/**
 * Which BLAS libtorch uses. Debian's links `libblas.so.3`, a place that the system's alternatives fill: the folder, not the file,
 * says with what. Other builds link a BLAS by its own name, or contain it.
 *
 * @param libraries as `loadedLibraries` gives them
 * @param config libtorch's own words about its build
 */
export function blasInUse(libraries: readonly string[], config: string): Blas {
  const alternative = libraries.find((path) => path.includes("/libblas.so"));
  if (alternative !== undefined) return { name: nameOf(alternative) ?? "reference", path: alternative };
  const own = libraries.find((path) => nameOf(path.slice(path.lastIndexOf("/"))) !== undefined);
  if (own !== undefined) return { name: nameOf(own) ?? "unknown", path: own };
  const built = /\bBLAS_INFO=(\w+)/.exec(config)?.[1] ?? "";
  return { name: nameOf(`lib${built}`) ?? "unknown", path: undefined };
}

const NAMES: readonly (readonly [pattern: RegExp, name: Exclude<Blas["name"], "reference" | "unknown">])[] = [
  [/openblas|libopen\b/i, "OpenBLAS"],
  [/libmkl(?!dnn)|\/mkl\b/i, "MKL"],
  [/blis\b/i, "BLIS"],
  [/atlas/i, "ATLAS"],
];

function nameOf(path: string): Blas["name"] | undefined {
  return NAMES.find(([pattern]) => pattern.test(path))?.[1];
}
