import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { importsOf } from "./arrows/imports.js";
import { ARROWS, faults, type Tree } from "./arrows/rules.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = /^(?:packages\/[^/]+\/(?:src|generator|ops|bin)|src|tests|examples|benchmarks)\/.*\.[jt]s$/;
const MANIFESTS = /^packages\/[^/]+\/package\.json$/;

function treeOfThisRepository(): Tree {
  const wanted = (path: string): boolean => SOURCES.test(path) || MANIFESTS.test(path);
  const paths = ["packages", "src", "tests", "examples", "benchmarks"].flatMap((folder) => walk(folder)).filter(wanted);
  return new Map(paths.map((path) => [path, readFileSync(`${root}${path}`, "utf8")]));
}

function walk(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(`${root}${folder}`, { withFileTypes: true });
  } catch {
    return []; // benchmarks and examples may not be there
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return ["node_modules", "dist", "native"].includes(entry.name) ? [] : walk(path);
  });
}

test("this repository keeps its arrows", () => {
  const tree = treeOfThisRepository();
  for (const room of Object.keys(ARROWS)) expect(tree.has(`packages/${room}/src/index.ts`), room).toBe(true);
  expect(faults(tree)).toEqual([]);
});

test("the table has no way round: each room names only rooms above it", () => {
  const order = Object.keys(ARROWS);
  for (const [room, allowed] of Object.entries(ARROWS)) {
    for (const other of allowed) expect(order.indexOf(other), `${room} -> ${other}`).toBeLessThan(order.indexOf(room));
  }
  expect(ARROWS.evaluation).not.toContain("engine");
});

test("every way to name a module is read, and what only looks like one is not", () => {
  const text = `
    import a, { b } from "one";
    import type { C } from "two";
    import "three";
    export * from "four";
    export { d } from "five";
    export const e = 1, words = 'import x from "nothing"'; // import y from "nothing"
    const later = async (): Promise<unknown> => import("six");
    type F = import("seven").F;
  `;
  expect(importsOf("x.ts", text)).toEqual(["one", "two", "three", "four", "five", "six", "seven"]);
});

/** A small tree that keeps the rules, with files laid over it. */
function made(over: Readonly<Record<string, string>>): Tree {
  return new Map(
    Object.entries({
      "packages/base/package.json": "{}",
      "packages/base/src/index.ts": `export * from "./errors.js";`,
      "packages/base/src/errors.ts": "export const words = 1;",
      "packages/base/src/node.ts": `import "node:fs"; export * from "./errors.js";`,
      "packages/imaging/package.json": `{ "dependencies": { "@multirnet/base": "0.1.0" } }`,
      "packages/imaging/src/index.ts": `import { words } from "@multirnet/base"; export * from "./volume.js";`,
      "packages/imaging/src/volume.ts": "export {};",
      "src/index.ts": `export * from "@multirnet/imaging"; export * from "@multirnet/base/node";`,
      "examples/first.ts": `import { words } from "multirnet";`,
      ...over,
    }),
  );
}

test("a tree that keeps the rules has no faults", () => {
  expect(faults(made({}))).toEqual([]);
});

test.each([
  {
    fault: "an arrow that the table does not have",
    over: { "packages/base/src/errors.ts": `import type { Volume } from "@multirnet/imaging";` },
    words: [
      "packages/base/src/errors.ts imports imaging: no arrow runs from base to imaging",
      "packages/base/package.json does not name @multirnet/imaging, which is imported",
    ],
  },
  {
    fault: "an arrow from a test",
    over: { "packages/imaging/src/volume.test.ts": `import { sum } from "@multirnet/engine";` },
    words: ["packages/imaging/src/volume.test.ts imports engine: no arrow runs from imaging to engine"],
  },
  {
    fault: "an import() of a room below",
    over: { "packages/base/src/errors.test.ts": `const later = import("@multirnet/cli");` },
    words: ["packages/base/src/errors.test.ts imports cli: no arrow runs from base to cli"],
  },
  {
    fault: "a reach into another room's folder",
    over: { "packages/imaging/src/volume.ts": `export * from "../../base/src/errors.js";` },
    words: ["packages/imaging/src/volume.ts reaches past a face: ../../base/src/errors.js (import @multirnet/base)"],
  },
  {
    fault: "a reach past index.ts by name",
    over: { "packages/imaging/src/volume.ts": `export * from "@multirnet/base/dist/errors.js";` },
    words: [
      "packages/imaging/src/volume.ts reaches past a face: @multirnet/base/dist/errors.js (import @multirnet/base)",
    ],
  },
  {
    fault: "a node face that a room does not have",
    over: { "examples/first.ts": `import "@multirnet/engine/node";` },
    words: ["examples/first.ts reaches past a face: @multirnet/engine/node (import @multirnet/engine)"],
  },
  {
    fault: "an example that reaches into a room",
    over: { "examples/first.ts": `import "../packages/base/src/errors.js";` },
    words: ["examples/first.ts reaches past a face: ../packages/base/src/errors.js (import @multirnet/base)"],
  },
  {
    fault: "a room that imports itself by name",
    over: { "packages/base/src/node.ts": `import { words } from "@multirnet/base";` },
    words: [
      "packages/base/src/node.ts imports its own room by name: @multirnet/base",
      "packages/base/package.json does not name @multirnet/base, which is imported",
    ],
  },
  {
    fault: "a room that imports the facade",
    over: { "packages/base/src/errors.test.ts": `import "multirnet";` },
    words: ["packages/base/src/errors.test.ts imports the facade multirnet; rooms import rooms"],
  },
  {
    fault: "a facade that imports the command line",
    over: { "src/index.ts": `export * from "@multirnet/cli";` },
    words: ["src/index.ts imports cli: the facade gives every room but the command line"],
  },
  {
    fault: "two files that import each other",
    over: {
      "packages/base/src/errors.ts": `import type { Other } from "./other.js";`,
      "packages/base/src/other.ts": `export * from "./errors.js";`,
    },
    words: [
      "files import each other: packages/base/src/errors.ts -> packages/base/src/other.ts -> packages/base/src/errors.ts",
    ],
  },
  {
    fault: "a file that imports itself",
    over: { "packages/base/src/errors.ts": `import "./errors.js";` },
    words: ["files import each other: packages/base/src/errors.ts -> packages/base/src/errors.ts"],
  },
  {
    fault: "Node behind a pure face, two files deep",
    over: { "packages/imaging/src/volume.ts": `import "./file.js";`, "packages/imaging/src/file.ts": `import "zlib";` },
    words: ["packages/imaging/src/file.ts imports zlib, and @multirnet/imaging must run in a browser"],
  },
  {
    fault: "another room's node face behind a pure face",
    over: { "packages/imaging/src/volume.ts": `import "@multirnet/base/node";` },
    words: [
      "packages/imaging/src/volume.ts imports @multirnet/base/node, and @multirnet/imaging must run in a browser",
    ],
  },
  {
    fault: "a package that package.json does not name",
    over: { "packages/imaging/src/volume.ts": `import { gunzipSync } from "fflate/browser";` },
    words: ["packages/imaging/package.json does not name fflate, which is imported"],
  },
  {
    fault: "a package that nothing imports any more",
    over: { "packages/base/package.json": `{ "dependencies": { "left-pad": "1.0.0" } }` },
    words: ["packages/base/package.json names left-pad, which nothing imports"],
  },
  {
    fault: "a room that the table does not know",
    over: { "packages/misc/src/index.ts": "", "packages/misc/package.json": "{}" },
    words: ["packages/misc has no row in the table of arrows"],
  },
])("$fault is found", ({ over, words }) => {
  expect(faults(made(over as Record<string, string>))).toEqual(words);
});
