import { expect, test } from "vitest";

import { merged, originText, withoutNulls, type Layer, type Mapping } from "./layers.js";

/** A layer of a file whose keys all stand in one line. */
const file = (path: string, values: Mapping): Layer => ({ values, originOf: () => ({ kind: "file", path, line: 3 }) });

test("mappings are joined key by key, and anything else is replaced", () => {
  const below = file("a", { loss: { alpha: 1, beta: 2, levels: [1, 2, 3] }, seed: 4 });
  const above = file("b", { loss: { beta: 5, levels: [6] } });
  const { values, origins } = merged([below, above]);
  expect(values).toEqual({ loss: { alpha: 1, beta: 5, levels: [6] }, seed: 4 });
  expect(Array.from(origins, ([key, origin]) => [key, originText(origin)])).toEqual([
    ["loss.alpha", "a:3"],
    ["seed", "a:3"],
    ["loss.beta", "b:3"],
    ["loss.levels", "b:3"],
  ]);
});

test("null takes an inherited value away, with all below it; where nothing is inherited it stays, and is nobody's", () => {
  const { values, origins } = merged([
    file("a", { initialWeights: { file: "w", part: "p" }, seed: 1 }),
    file("b", { initialWeights: null, loss: null }),
  ]);
  expect(values).toEqual({ seed: 1, loss: null });
  expect([...origins.keys()]).toEqual(["seed"]);
});

test("what is no mapping over one takes the place of all of it, and the other way round", () => {
  const { values, origins } = merged([
    file("a", { loss: { alpha: 1 }, seed: 2 }),
    file("b", { loss: 3, seed: { a: 4 } }),
  ]);
  expect(values).toEqual({ loss: 3, seed: { a: 4 } });
  expect([...origins.keys()]).toEqual(["loss", "seed.a"]);
});

test("another network begins anew, the same one is joined", () => {
  const base = file("a", { network: { name: "multirnet", passes: 2, kernel: 3 } });
  expect(merged([base, file("b", { network: { name: "vnet" } })]).values).toEqual({ network: { name: "vnet" } });
  for (const network of [{ passes: 1 }, { name: "multirnet", passes: 1 }]) {
    expect(merged([base, file("b", { network })]).values).toEqual({
      network: { name: "multirnet", passes: 1, kernel: 3 },
    });
  }
});

test("nulls are taken out at every depth, but not out of lists", () => {
  expect(withoutNulls({ a: null, b: { c: null, d: { e: null, f: 0 } }, g: [null] })).toEqual({
    b: { d: { f: 0 } },
    g: [null],
  });
});

test("layers are left as they were", () => {
  const below = file("a", { loss: { alpha: 1 } });
  merged([below, file("b", { loss: { alpha: 2 } })]);
  expect(below.values).toEqual({ loss: { alpha: 1 } });
});

test("origins in words", () => {
  const origins = [
    { kind: "file", path: "c/a.yaml", line: 12 },
    { kind: "set" },
    { kind: "preset", name: "small" },
    { kind: "recipe" },
    { kind: "default" },
  ] as const;
  expect(origins.map(originText)).toEqual(["c/a.yaml:12", "--set", "preset small", "recipe", "default"]);
});
