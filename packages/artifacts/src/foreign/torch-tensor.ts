import { describe } from "./described.js";
import type { PickleGlobal, Refuse } from "./pickle.js";
import { elementsIn, isPlace, MOST_AXES } from "./raw-tensor.js";
import { Storage, STORAGE_CLASSES } from "./torch-storage.js";

/** A tensor as a pickle describes it: a view of a storage. */
export class View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly elements: number; // of the shape

  constructor(
    storage: Storage,
    offset: number,
    { shape, strides, elements }: Pick<View, "shape" | "strides" | "elements">,
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    this.elements = elements;
  }
}

/** All that a state dict is made of. */
export const TORCH_NAMES: ReadonlyMap<string, PickleGlobal> = new Map<string, PickleGlobal>([
  ["collections OrderedDict", orderedDictionary],
  ["torch._utils _rebuild_tensor_v2", tensorOf],
  ["torch._utils _rebuild_tensor", tensorOf],
  ["torch._utils _rebuild_parameter", parameterOf],
  ["torch Size", sizeOf],
  ...STORAGE_CLASSES.map(({ name, named }) => [`torch ${name}`, named] as const),
]);

/** `(storage, offset, shape, strides, …)`: what follows is of gradients. */
function tensorOf([storage, offset, shape, strides]: readonly unknown[], refuse: Refuse): View {
  if (!(storage instanceof Storage)) return refuse(`a tensor is made of ${describe(storage)}; expected a storage`);
  if (!isPlace(offset)) return refuse(`a tensor begins at ${describe(offset)}; expected a whole number`);
  const sides = placesIn(shape);
  const elements = sides === undefined ? undefined : elementsIn(sides);
  if (sides === undefined || elements === undefined) {
    const expected = `at most ${String(MOST_AXES)} whole sides and fewer than 2⁵³ elements`;
    return refuse(`a tensor has the shape ${itemsOf(shape)}; expected ${expected}`);
  }
  const steps = placesIn(strides);
  if (steps?.length !== sides.length) {
    const shaped = `a tensor of the shape ${itemsOf(shape)}`;
    return refuse(`${shaped} has the strides ${itemsOf(strides)}; expected a whole number for each side`);
  }
  return new View(storage, offset, { shape: sides, strides: steps, elements });
}

/** @returns a copy, since the pickle may go on to change its list */
function placesIn(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isPlace) ? [...value] : undefined;
}

function itemsOf(value: unknown): string {
  if (!Array.isArray(value)) return describe(value);
  return value.length > MOST_AXES ? `of ${String(value.length)} sides` : `(${value.map(describe).join(", ")})`;
}

function parameterOf([tensor]: readonly unknown[], refuse: Refuse): View {
  return tensor instanceof View ? tensor : refuse(`a parameter is made of ${describe(tensor)}; expected a tensor`);
}

function sizeOf([sides]: readonly unknown[], refuse: Refuse): unknown[] {
  return Array.isArray(sides) ? sides : refuse(`a torch.Size is made of ${describe(sides)}; expected a tuple`);
}

/** Of nothing, or of a list of pairs, as Python 2 has it. */
function orderedDictionary([pairs = []]: readonly unknown[], refuse: Refuse): Map<unknown, unknown> {
  if (!Array.isArray(pairs) || !pairs.every(isPair))
    return refuse(`an OrderedDict is made of ${describe(pairs)}; expected a list of pairs`);
  const dictionary = new Map(pairs);
  return dictionary.size === pairs.length ? dictionary : refuse("an OrderedDict has a key twice");
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
