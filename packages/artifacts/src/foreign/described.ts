import { shown } from "../shown.js";

/** A value of a pickle in a few words, however deep it is or often it holds itself: what it is, not what is in it. */
export function describe(value: unknown): string {
  if (typeof value === "string") return shown(value);
  if (typeof value === "number" || typeof value === "bigint") return shown(String(value));
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a dictionary";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
