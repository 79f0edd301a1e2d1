import { z } from "zod";

import { nearestName } from "@multirnet/base";

/** What is wrong with one key of a document: written for somebody who edits the file by hand. */
export type Fault =
  | {
      readonly kind: "unknown key";
      readonly key: string;
      readonly nearest: string | undefined;
      readonly known: readonly string[];
      readonly goesWith?: string; // the key and value beside which it is known: `method adam`
    }
  | { readonly kind: "missing key"; readonly key: string; readonly expected: string }
  | { readonly kind: "wrong value"; readonly key: string; readonly expected: string; readonly came: string };

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/**
 * Reads `document` by `schema` and reports the first thing that is wrong. An unknown key comes first: a misspelt key is also
 * a missing one, and the misspelling is what its author has to see.
 */
export function checkAgainst<S extends z.ZodType>(schema: S, document: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(document);
  if (result.success) return { ok: true, value: result.data };
  const { issues } = result.error;
  const issue = issues.find(isUnknownKey) ?? issues[0];
  if (issue === undefined) throw new Error("zod refused a document without an issue");
  return { ok: false, fault: faultOf(issue, schema, document) };
}

/** @returns the fault in words, starting with the key */
export function faultWords(fault: Fault): string {
  switch (fault.kind) {
    case "unknown key":
      if (fault.goesWith !== undefined) return `unknown key ${fault.key}, which goes with ${fault.goesWith}`;
      return fault.nearest === undefined
        ? `unknown key ${fault.key}; known here: ${fault.known.join(", ")}`
        : `unknown key ${fault.key}; did you mean ${fault.nearest}?`;
    case "missing key":
      return `key ${fault.key} is missing; expected ${fault.expected}`;
    case "wrong value":
      return `${fault.key === "" ? "the document" : `key ${fault.key}`}: expected ${fault.expected}, came ${fault.came}`;
  }
}

function faultOf(issue: z.core.$ZodIssue, schema: z.ZodType, document: unknown): Fault {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const name = issue.keys[0] ?? "";
    const at = schemaAt(schema, path, document);
    const known = keysOf(chosen(at, valueAt(document, path)));
    const nearest = nearestName(name, known);
    const other = memberWith(at, name);
    return {
      kind: "unknown key",
      key: [...path, name].join("."),
      nearest: nearest === undefined ? undefined : [...path, nearest].join("."),
      known,
      ...(other === undefined ? {} : { goesWith: other }),
    };
  }
  const inside =
    issue.code === "invalid_union"
      ? faultInside(issue, schemaAt(schema, path, document), valueAt(document, path))
      : undefined;
  if (inside !== undefined) return faultOf({ ...inside, path: [...issue.path, ...inside.path] }, schema, document);
  const key = path.join(".");
  const came = valueAt(document, path);
  const expected = expectedBy(issue);
  return came === undefined && key !== ""
    ? { kind: "missing key", key, expected }
    : { kind: "wrong value", key, expected, came: shown(came) };
}

/** "Too small: expected number to be >0" becomes "number to be >0"; a union says what each of its members expects. */
function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union") {
    const options = "options" in issue ? issue.options.filter((one) => one !== undefined) : [];
    if (options.length > 0) return `one of ${options.map((one) => JSON.stringify(one)).join("|")}`;
    const members = issue.errors.map((issues) => (issues[0] === undefined ? "" : expectedBy(issues[0])));
    return [...new Set(members.filter((words) => words !== ""))].join(" or ");
  }
  return issue.message
    .replace(/^(Invalid|Too)[^:]*: /, "")
    .replace(/^expected /, "")
    .replace(/, received .*$/, "");
}

/** Of a union whose value is a table as one member is, what is wrong with it as that: `{from, to, epoch}` has a misspelt key, and is no number. */
function faultInside(
  { errors }: z.core.$ZodIssueInvalidUnion,
  union: unknown,
  value: unknown,
): z.core.$ZodIssue | undefined {
  const member = union instanceof z.ZodUnion ? tableMeant(union.def.options, value) : undefined;
  const issues = member === undefined ? undefined : errors[member];
  return issues?.find(isUnknownKey) ?? issues?.[0];
}

/** Of a union's members, the place of the table that has most keys of the value, if any has one; where none has, that of a record. */
function tableMeant(options: readonly unknown[], value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const shared = options.map((option) => keysOf(unwrapped(option)).filter((key) => key in value).length);
  const most = Math.max(...shared);
  const place =
    most > 0 ? shared.indexOf(most) : options.findIndex((option) => unwrapped(option) instanceof z.ZodRecord);
  return place < 0 ? undefined : place;
}

function isUnknownKey({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

/** The schema of what stands under a path of the document. */
function schemaAt(schema: z.ZodType, path: readonly string[], document: unknown): unknown {
  let at: unknown = unwrapped(schema);
  let value = document;
  for (const key of path) {
    at = unwrapped(memberOf(chosen(at, value), key));
    value = valueAt(value, [key]);
  }
  return at;
}

function keysOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Of a union, the member that the value is: as its telling key says, or the table that it has keys of. */
function chosen(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def;
    const name = valueAt(value, [discriminator]);
    return options.find((option) => memberValues(option, discriminator).has(name)) ?? schema;
  }
  if (schema instanceof z.ZodUnion) {
    const { options } = schema.def;
    const place = tableMeant(options, value);
    return place === undefined ? schema : unwrapped(options[place]);
  }
  return schema;
}

/** Of a union told apart by one key, that key and the value under which `name` is known, if there is one alone. */
function memberWith(schema: unknown, name: string): string | undefined {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const { discriminator, options } = schema.def;
  const having = options.filter((option) => keysOf(option).includes(name));
  const [value] =
    having.length === 1 ? [...memberValues(having[0], discriminator)].filter((one) => one !== undefined) : [];
  return typeof value === "string" ? `${discriminator} ${value}` : undefined;
}

function memberValues(option: unknown, key: string): ReadonlySet<unknown> {
  const member = memberOf(option, key);
  return (member instanceof z.ZodType ? member._zod.values : undefined) ?? new Set();
}

function memberOf(schema: unknown, key: string): unknown {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, unknown>)[key];
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}

function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodReadonly
  ) {
    inner = inner.unwrap();
  }
  return inner;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

const SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  const words = typeof value === "number" ? String(value) : JSON.stringify(value);
  return words.length > SHOWN_CHARACTERS ? `${words.slice(0, SHOWN_CHARACTERS)}…` : words;
}
