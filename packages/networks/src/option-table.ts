import { z } from "zod";

/** An option of a network, for somebody who writes a config. */
export interface OptionRow {
  readonly name: string;
  readonly takes: string; // in words
  readonly default: unknown;
  readonly says: string;
}

/** @returns the options of a network in the order of their definition */
export function optionTable({ options }: { readonly options: z.ZodType }): OptionRow[] {
  const { properties = {} } = z.toJSONSchema(options);
  return Object.entries(properties).map(([name, schema]) => {
    const { default: value, description = "" } = objectOf(schema);
    return { name, takes: valuesOf(schema), default: value, says: description };
  });
}

type Schema = z.core.JSONSchema.BaseSchema;
type SchemaOrTruth = z.core.JSONSchema._JSONSchema;

function objectOf(schema: SchemaOrTruth): Schema {
  return typeof schema === "boolean" ? {} : schema;
}

function valuesOf(given: SchemaOrTruth): string {
  const schema = objectOf(given);
  if (schema.enum !== undefined) return schema.enum.map(String).join(" | ");
  switch (schema.type) {
    case "boolean":
      return "true | false";
    case "integer":
    case "number":
      return `a ${schema.type === "integer" ? "whole " : ""}number${rangeOf(schema)}`;
    case "string":
      return "a name";
    case "array":
      return `${countOf(schema)} ${Array.isArray(schema.items) ? "" : valuesOf(schema.items ?? true)}`;
    default:
      return "any value";
  }
}

/** zod gives whole numbers the bounds of what a float64 holds exactly; nobody needs to be told those. */
function rangeOf(schema: Schema): string {
  const { minimum, exclusiveMinimum, maximum = Infinity, exclusiveMaximum, multipleOf } = schema;
  const parts = [
    minimum === undefined ? undefined : `from ${String(minimum)}`,
    exclusiveMinimum === undefined ? undefined : `above ${String(exclusiveMinimum)}`,
    maximum >= Number.MAX_SAFE_INTEGER ? undefined : `to ${String(maximum)}`,
    exclusiveMaximum === undefined ? undefined : `below ${String(exclusiveMaximum)}`,
    multipleOf === undefined ? undefined : `in steps of ${String(multipleOf)}`,
  ];
  return parts.flatMap((part) => (part === undefined ? [] : ` ${part}`)).join("");
}

function countOf({ minItems = 0, maxItems = Infinity }: Schema): string {
  if (minItems === maxItems) return `a list of ${String(minItems)}, each`;
  return `a list of ${maxItems === Infinity ? `${String(minItems)} or more` : `${String(minItems)} to ${String(maxItems)}`}, each`;
}
