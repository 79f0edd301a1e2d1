import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { format, resolveConfig } from "prettier";

import { WANTED, type WantedOp } from "../ops/table.js";
import { generate } from "./generate.js";
import { parseSchema, type Schema, type SchemaArgument } from "./schema.js";

/** The versions of libtorch that are supported; `ops/schemas-VERSION.txt` holds the schemas of the wanted operators in each. */
export const VERSIONS = ["1.13", "2.6"] as const;

export const generatedPath = fileURLToPath(new URL("../src/generated/tensor.ts", import.meta.url));

export function schemaPath(version: string): string {
  return fileURLToPath(new URL(`../ops/schemas-${version}.txt`, import.meta.url));
}

export function readSchemas(version: string): Map<string, Schema> {
  const lines = readFileSync(schemaPath(version), "utf8").trim().split("\n");
  return new Map(lines.map((line) => parseSchema(line)).map((schema) => [schema.name, schema]));
}

/** Of a list of all schemas, a line each, those that the table wants, sorted. @throws Error when one is missing */
export function keepWanted(list: string): string {
  const lines = new Map(list.split("\n").map((line) => [/^aten::([^(]+)\(/.exec(line)?.[1] ?? "", line]));
  const wanted = WANTED.flatMap(({ aten }) => aten).map((name) => {
    const line = lines.get(name);
    if (line === undefined) throw new Error(`this libtorch has no ${name}`);
    return line;
  });
  return `${[...new Set(wanted)].sort().join("\n")}\n`;
}

/** Whether an argument of an operator is ever passed; those that are not keep the schema's default, whatever it is. */
export function passed({ omit }: WantedOp): (argument: SchemaArgument) => boolean {
  return ({ name }) => omit?.includes(name) !== true;
}

/**
 * What must agree between the versions: the name, type and place of every argument that is passed, and what comes back. Of what is
 * not passed only the place matters, and that there is a default.
 */
export function callable(schema: Schema, isPassed: (argument: SchemaArgument) => boolean): string {
  const args = schema.args.map((argument) => {
    const value = argument.default === undefined ? "" : "=…";
    return isPassed(argument) ? `${argument.type} ${argument.name}${value}` : `_${value}`;
  });
  while (args.at(-1) === "_=…") args.pop(); // at the end it may be there or not
  return `${schema.name}(${args.join(", ")}) -> ${schema.returns.join(", ")}`;
}

/** The text of `src/generated/tensor.ts`, as the table and the schemas of the oldest version give it. */
export async function generatedSource(): Promise<string> {
  const source = generate(WANTED, readSchemas(VERSIONS[0]));
  return format(source, { ...(await resolveConfig(generatedPath)), parser: "typescript" });
}
