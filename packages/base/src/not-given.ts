/** Something that cannot be given, and why: `{undefined: "no lung mask"}`, the same in code and in JSON. */
export interface NotGiven<Reason extends string = string> {
  readonly undefined: Reason;
}

export function isNotGiven(value: unknown): value is NotGiven {
  return typeof value === "object" && value !== null && "undefined" in value;
}
