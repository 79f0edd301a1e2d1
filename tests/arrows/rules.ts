import { builtinModules } from "node:module";
import { posix } from "node:path";

import { importsOf } from "./imports.js";

/** The rooms, and which others each may import: those above it, and of these only what it is for. A metric is arithmetic on
 * volumes, so `evaluation` never sees the engine; nothing imports the command line. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  imaging: ["base"],
  engine: ["base"],
  networks: ["base", "imaging", "engine"],
  artifacts: ["base"],
  inference: ["base", "imaging", "engine", "networks", "artifacts"],
  evaluation: ["base", "imaging"],
  report: ["base", "imaging", "inference", "evaluation"],
  learning: ["base", "imaging", "engine", "networks", "artifacts", "inference", "evaluation", "report"],
  bench: ["base", "imaging", "engine", "networks", "evaluation", "learning"],
  cli: ["base", "bench", "imaging", "engine", "networks", "artifacts", "inference", "evaluation", "report", "learning"],
};

/** Rooms whose `index.ts` runs in a browser; what touches files there stands behind `node.ts`. */
const PURE_ROOMS = ["base", "imaging"];

/** Source files and package.json files by their path from the root, with `/`. */
export type Tree = ReadonlyMap<string, string>;

interface SourceFile {
  readonly path: string;
  readonly room: string | undefined; // undefined outside packages/
  readonly imports: readonly string[];
}

/** @returns a sentence for each import that the rules of the house forbid; none for a tree that keeps them */
export function faults(tree: Tree): string[] {
  const files = [...tree].flatMap(([path, text]): SourceFile[] =>
    /\.[jt]s$/.test(path) ? [{ path, room: roomOf(path), imports: importsOf(path, text) }] : [],
  );
  const rooms = [...new Set(files.flatMap(({ room }) => room ?? []))];
  return [
    ...rooms.filter((room) => !(room in ARROWS)).map((room) => `packages/${room} has no row in the table of arrows`),
    ...files.flatMap((file) => file.imports.flatMap((specifier) => importFault(file, specifier) ?? [])),
    ...cycles(files, tree),
    ...PURE_ROOMS.flatMap((room) => impurities(room, files, tree)),
    ...rooms.flatMap((room) => dependencyFaults(room, files, tree)),
  ];
}

function roomOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

function importFault({ path, room }: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(path), specifier);
    if (roomOf(target) !== room)
      return `${path} reaches past a face: ${specifier} (import @multirnet/${roomOf(target) ?? "ROOM"})`;
    return undefined;
  }
  if (specifier === "multirnet")
    return room === undefined ? undefined : `${path} imports the facade multirnet; rooms import rooms`;
  if (!specifier.startsWith("@multirnet/")) return undefined;

  const [, to = "", face] = /^@multirnet\/([^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (face !== undefined && !(face === "node" && PURE_ROOMS.includes(to))) {
    return `${path} reaches past a face: ${specifier} (import @multirnet/${to})`;
  }
  if (to === room) return `${path} imports its own room by name: ${specifier}`;
  if (room !== undefined && !(ARROWS[room] ?? []).includes(to))
    return `${path} imports ${to}: no arrow runs from ${room} to ${to}`;
  if (path.startsWith("src/") && to === "cli")
    return `${path} imports cli: the facade gives every room but the command line`;
  return undefined;
}

/** The file of the tree that a relative import means: `./x.js` is written for `./x.ts`. */
function resolved(from: string, specifier: string, tree: Tree): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(from), specifier);
  return [target.replace(/\.js$/, ".ts"), target].find((candidate) => tree.has(candidate));
}

function cycles(files: readonly SourceFile[], tree: Tree): string[] {
  const targets = new Map(
    files.map(({ path, imports }) => [path, imports.flatMap((specifier) => resolved(path, specifier, tree) ?? [])]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) found.push(`files import each other: ${[...way.slice(start), path].join(" -> ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return found;
}

/** What is reachable from the pure face of a room and needs Node. */
function impurities(room: string, files: readonly SourceFile[], tree: Tree): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const waiting = [`packages/${room}/src/index.ts`];
  const seen = new Set(waiting);
  const found: string[] = [];
  for (const path of waiting) {
    for (const specifier of byPath.get(path)?.imports ?? []) {
      if (isBuiltin(specifier) || /^@multirnet\/.*\/node$/.test(specifier)) {
        found.push(`${path} imports ${specifier}, and @multirnet/${room} must run in a browser`);
      }
      const target = resolved(path, specifier, tree);
      if (target !== undefined && !seen.has(target)) {
        seen.add(target);
        waiting.push(target);
      }
    }
  }
  return found;
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

/** What a room ships and imports is what its package.json names, no less and no more. */
function dependencyFaults(room: string, files: readonly SourceFile[], tree: Tree): string[] {
  const manifest = `packages/${room}/package.json`;
  const text = tree.get(manifest);
  if (text === undefined) return [`${manifest} is missing`];
  const { dependencies = {} } = JSON.parse(text) as { readonly dependencies?: Readonly<Record<string, string>> };
  const shipped = files.filter((file) => file.path.startsWith(`packages/${room}/src/`) && !isForTests(file.path));
  const used = new Set(shipped.flatMap(({ imports }) => imports.flatMap((specifier) => packageOf(specifier) ?? [])));
  return [
    ...[...used]
      .filter((name) => !(name in dependencies))
      .map((name) => `${manifest} does not name ${name}, which is imported`),
    ...Object.keys(dependencies)
      .filter((name) => !used.has(name))
      .map((name) => `${manifest} names ${name}, which nothing imports`),
  ];
}

function isForTests(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/");
}

function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || isBuiltin(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
