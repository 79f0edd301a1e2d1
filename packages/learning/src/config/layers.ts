/** Where a value of a config comes from. */
export type Origin =
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "set" } // --set on the command line
  | { readonly kind: "preset"; readonly name: string } // of the network
  | { readonly kind: "recipe" } // as the network was published
  | { readonly kind: "default" };

/** One source of values; a later one stands over an earlier one. */
export interface Layer {
  readonly values: Mapping;
  /** @param path of a value in this layer */
  readonly originOf: (path: readonly string[]) => Origin;
}

export type Mapping = Readonly<Record<string, unknown>>;

/** What layers come to, and where each value comes from, by its dotted path; lists are single values. */
export interface Merged {
  readonly values: Mapping;
  readonly origins: ReadonlyMap<string, Origin>;
}

/**
 * Puts layers over one another: mappings are joined key by key, anything else takes the place of what was there. `null` takes an inherited value away, and stays
 * where none is (`withoutNulls`). The options of a network fit no other, so `network` with another name begins anew.
 */
export function merged(layers: readonly Layer[]): Merged {
  const origins = new Map<string, Origin>();
  const values = layers.reduce<Mapping>((below, layer) => over(below, layer.values, layer, [], origins), {});
  return { values, origins };
}

function over(
  below: Mapping,
  above: Mapping,
  layer: Layer,
  path: readonly string[],
  origins: Map<string, Origin>,
): Mapping {
  const result = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const at = [...path, key];
    const inherited = Object.hasOwn(below, key) ? below[key] : undefined;
    if (value === null && inherited !== undefined) {
      forget(at, origins);
      result.delete(key);
    } else if (isMapping(value)) {
      const base = isMapping(inherited) && !isOtherNetwork(at, inherited, value) ? inherited : {};
      if (base !== inherited) forget(at, origins);
      result.set(key, over(base, value, layer, at, origins));
      if (Object.keys(value).length === 0) origins.set(at.join("."), layer.originOf(at));
    } else {
      forget(at, origins);
      result.set(key, value);
      if (value !== null) origins.set(at.join("."), layer.originOf(at));
    }
  }
  return Object.fromEntries(result);
}

/** Without the keys whose value is `null`: they say as much as if they were left out. */
export function withoutNulls(values: Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      if (value === null) return [];
      return [[key, isMapping(value) ? withoutNulls(value) : value]];
    }),
  );
}

function isOtherNetwork(path: readonly string[], below: Mapping, above: Mapping): boolean {
  return path.join(".") === "network" && above["name"] !== undefined && above["name"] !== below["name"];
}

/** What is said of a value and all below it. */
function forget(path: readonly string[], origins: Map<string, Origin>): void {
  const key = path.join(".");
  for (const known of [...origins.keys()]) {
    if (known === key || known.startsWith(`${key}.`)) origins.delete(known);
  }
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns `configs/real.yaml:12`, `--set`, `preset small`, `recipe`, `default` */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return `${origin.path}:${String(origin.line)}`;
    case "set":
      return "--set";
    case "preset":
      return `preset ${origin.name}`;
    case "recipe":
    case "default":
      return origin.kind;
  }
}
