import { readFileSync } from "node:fs";

import { aboutEngine, operatorSchemas } from "../src/index.js";
import { expect, test } from "vitest";

import { WANTED, type WantedOp } from "../ops/table.js";
import { generate } from "./generate.js";
import { parseSchema, type Schema } from "./schema.js";
import {
  callable,
  generatedPath,
  generatedSource,
  keepWanted,
  passed,
  readSchemas,
  schemaPath,
  VERSIONS,
} from "./sources.js";

test("the generated file is what the table and the schemas give: else run `npm run generate`", async () => {
  expect(readFileSync(generatedPath, "utf8")).toBe(await generatedSource());
});

test("every name of the table stands there once", () => {
  const names = WANTED.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test.each(VERSIONS)("the schemas of libtorch %s are those of the table, sorted, and no other", (version) => {
  const text = readFileSync(schemaPath(version), "utf8");
  expect(keepWanted(text)).toBe(text);
});

const wanted = WANTED.flatMap((op) => op.aten.map((name) => ({ op, name })));

test.each(wanted)("every supported libtorch takes what is passed to $name at the same places", ({ op, name }) => {
  const [oldest, ...others] = VERSIONS.map((version) => callable(schemaOf(readSchemas(version), name), passed(op)));
  expect(others).toEqual(others.map(() => oldest));
});

test("this machine's libtorch has the schemas that are kept for its version", () => {
  const { version } = aboutEngine(); // such as 1.13.1+cpu
  const kept = VERSIONS.find((known) => version.startsWith(`${known}.`));
  const here = new Map(
    operatorSchemas()
      .filter((line) => line.startsWith("aten::"))
      .map((line) => parseSchema(line))
      .map((schema) => [schema.name, schema]),
  );
  expect(here.size).toBeGreaterThan(1500); // each one of them can be read
  // A version in between is held against the oldest one, in what is passed.
  const there = readSchemas(kept ?? VERSIONS[0]);
  for (const { op, name } of wanted)
    expect(callable(schemaOf(here, name), passed(op))).toBe(callable(schemaOf(there, name), passed(op)));
});

test("keeping the wanted schemas says which one a libtorch lacks", () => {
  const text = readFileSync(schemaPath("1.13"), "utf8").replace(/^aten::conv3d\(.*\n/m, "");
  expect(() => keepWanted(text)).toThrow("this libtorch has no conv3d");
});

test("a schema is read with its alias marks, defaults, lists and symbolic sizes", () => {
  const line =
    "aten::made_up.out(Tensor(a!) self, Tensor(b -> *)[] list, SymInt[3] stride=[1, 1, 1], *, Scalar? min=None, " +
    'str mode="none", ScalarType? dtype=None) -> (Tensor(a!), Tensor[] more)';
  expect(parseSchema(line)).toEqual({
    name: "made_up.out",
    args: [
      { name: "self", type: "Tensor", default: undefined },
      { name: "list", type: "Tensor[]", default: undefined },
      { name: "stride", type: "int[3]", default: "[1, 1, 1]" },
      { name: "min", type: "Scalar?", default: "None" },
      { name: "mode", type: "str", default: '"none"' },
      { name: "dtype", type: "ScalarType?", default: "None" },
    ],
    returns: ["Tensor", "Tensor[]"],
  });
});

test("a schema without arguments or results is read", () => {
  expect(parseSchema("aten::nothing() -> ()")).toEqual({ name: "nothing", args: [], returns: [] });
  expect(parseSchema("aten::one(int[1]? dim=None) -> bool")).toEqual({
    name: "one",
    args: [{ name: "dim", type: "int[1]?", default: "None" }],
    returns: ["bool"],
  });
});

test.each([
  ["conv3d(Tensor input) -> Tensor", "not a schema: conv3d(Tensor input) -> Tensor"],
  ["aten::conv3d(Tensor) -> Tensor", "not an argument: Tensor"],
])("%s is refused", (line, words) => {
  expect(() => parseSchema(line)).toThrow(words);
});

const op = (more: Partial<WantedOp>): WantedOp => ({
  name: "twist",
  aten: ["twist"],
  says: "Twists.",
  differentiable: true,
  ...more,
});

function written(line: string, more: Partial<WantedOp> = {}): string {
  const text = generate([op(more)], new Map([["twist", parseSchema(line)]]));
  return text.slice(text.indexOf("/** Twists."));
}

test("an operator on self becomes a method, what is optional an option", () => {
  const text = written("aten::twist(Tensor self, int dim, *, float angle=0.5, bool keep_dim=False) -> Tensor");
  expect(text).toContain(
    "  twist(dim: number, options: { readonly angle?: number; readonly keepDim?: boolean } = {}): Tensor {",
  );
  expect(text).toContain(
    'return call(Tensor, "aten::twist", [this, dim, options.angle, options.keepDim])[0] as Tensor;',
  );
});

test("any other becomes a function; what is omitted is not passed, what is fixed stands in its place", () => {
  const text = written("aten::twist(Tensor input, int groups, bool fast, *, MemoryFormat? format=None) -> Tensor[]", {
    omit: ["format"],
    fixed: { fast: true },
  });
  expect(text).toContain("export function twist(input: Tensor, groups: number): Tensor[] {");
  expect(text).toContain('return call(Tensor, "aten::twist", [input, groups, true])[0] as Tensor[];');
});

test("limits and what stands instead of an absent value are written into the call", () => {
  const text = written("aten::twist(Tensor self, int[3] stride=1, ScalarType? dtype=None) -> ()", {
    limits: { stride: [1, 9] },
    instead: { dtype: "float32" },
  });
  expect(text).toContain("): void {");
  expect(text).toContain(
    'call(Tensor, "aten::twist", [this, within("twist stride", options.stride, 1, 9), dtypeCode(options.dtype ?? "float32")]);',
  );
});

test("a table that asks for what is not there is refused", () => {
  expect(() => generate([op({})], new Map())).toThrow("twist: no schema twist");
  expect(() => written("aten::twist(Tensor self, Dict d) -> Tensor")).toThrow("twist: no TypeScript type for Dict d");
});

function schemaOf(schemas: ReadonlyMap<string, Schema>, name: string): Schema {
  const schema = schemas.get(name);
  if (schema === undefined) throw new Error(`no schema ${name}`);
  return schema;
}
