import { shown } from "../shown.js";
import { describe } from "./described.js";
import type { Refuse } from "./pickle.js";
import { isPlace, type RawType } from "./raw-tensor.js";

/** The storages of PyTorch, by the class that a pickle names. The classes are named, never called: each stands for its type in a persistent id. */
export const STORAGE_CLASSES = (
  [
    ["ByteStorage", "uint8"],
    ["CharStorage", "int8"],
    ["ShortStorage", "int16"],
    ["IntStorage", "int32"],
    ["LongStorage", "int64"],
    ["HalfStorage", "float16"],
    ["FloatStorage", "float32"],
    ["DoubleStorage", "float64"],
    ["BoolStorage", "bool"],
    ["BFloat16Storage", "bfloat16"],
  ] as const
).map(([name, dtype]): { name: string; dtype: RawType; named: () => RawType } => ({ name, dtype, named: () => dtype }));

/** A piece of memory that tensors are views of; its bytes lie outside the pickle. */
export class Storage {
  readonly dtype: RawType;
  readonly key: string;
  readonly elements: number;

  constructor(dtype: RawType, key: string, elements: number) {
    this.dtype = dtype;
    this.key = key;
    this.elements = elements;
  }
}

/** The storages that a file's pickles refer to, by their keys: one for a key, however often it is referred to. */
export class Storages {
  readonly #byKey = new Map<string, Storage>();

  get(key: string): Storage | undefined {
    return this.#byKey.get(key);
  }

  /** `("storage", class, key, device, elements)`; the older format has one more, for views of storages, which nothing writes any longer. */
  readonly referred = (id: unknown, refuse: Refuse): Storage => {
    if (!Array.isArray(id)) return refuse("it refers to what is no storage");
    const [kind, named, key, , elements, view] = id as readonly unknown[];
    const dtype = STORAGE_CLASSES.find((known) => known.named === named)?.dtype;
    if (kind !== "storage" || dtype === undefined || typeof key !== "string" || (view ?? null) !== null)
      return refuse("it refers to what is no storage");
    if (!isPlace(elements))
      return refuse(`storage ${shown(key)} has the length ${describe(elements)}; expected a whole number`);
    const known = this.#byKey.get(key) ?? new Storage(dtype, key, elements);
    if (known.dtype !== dtype || known.elements !== elements) {
      const both = [known, { dtype, elements }].map((each) => `${String(each.elements)} of ${each.dtype}`);
      return refuse(`storage ${shown(key)} is described in two ways: ${both.join(", ")}`);
    }
    this.#byKey.set(key, known);
    return known;
  };
}
