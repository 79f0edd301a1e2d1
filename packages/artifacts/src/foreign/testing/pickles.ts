import { zipSync, type Zippable } from "fflate";

/** Pickles written by hand, piece by piece, by the instructions of Python's `Lib/pickletools.py`. */
type Piece = Uint8Array;

const joined = (...pieces: readonly Piece[]): Piece => new Uint8Array(Buffer.concat(pieces));
const letters = (text: string): Piece => Buffer.from(text, "latin1");
const uint32 = (value: number): Piece => Uint8Array.of(value, value >> 8, value >> 16, value >> 24);

export const NONE = letters("N");
export const MARK = letters("(");
export const EMPTY_LIST = letters("]");
export const EMPTY_DICTIONARY = letters("}");

/** @returns pieces one after the other */
export const all = joined;

/** @returns bytes as they are, or the instruction of a letter */
export const raw = (...parts: readonly (number | string)[]): Piece =>
  joined(...parts.map((part) => (typeof part === "string" ? letters(part) : Uint8Array.of(part))));

export const text = (value: string): Piece => {
  const bytes = Buffer.from(value);
  return joined(letters("X"), uint32(bytes.length), bytes);
};

/** A whole number of 64 bits, or one with a fraction. */
export const number = (value: number): Piece => {
  const bytes = Buffer.alloc(8);
  if (Number.isInteger(value)) {
    bytes.writeBigInt64LE(BigInt(value));
    return joined(raw(0x8a, 8), bytes);
  }
  bytes.writeDoubleBE(value);
  return joined(letters("G"), bytes);
};

export const tuple = (...items: readonly Piece[]): Piece => joined(MARK, ...items, letters("t"));
export const list = (...items: readonly Piece[]): Piece => joined(EMPTY_LIST, MARK, ...items, letters("e"));
export const dictionary = (...entries: readonly (readonly [Piece, Piece])[]): Piece =>
  joined(EMPTY_DICTIONARY, MARK, ...entries.flat(), letters("u"));
export const numbers = (values: readonly number[]): Piece => tuple(...values.map(number));

export const store = (index: number): Piece => raw("q", index);
export const recall = (index: number): Piece => raw("h", index);

export const call = (module: string, name: string, ...args: readonly Piece[]): Piece =>
  joined(letters(`c${module}\n${name}\n`), tuple(...args), letters("R"));

/** What a tensor is a view of, as a persistent id. */
export const storage = (elements: Piece = number(1), { type = "FloatStorage", key = "0" } = {}): Piece =>
  joined(tuple(text("storage"), letters(`ctorch\n${type}\n`), text(key), text("cpu"), elements), letters("Q"));

interface Layout {
  readonly of?: Piece; // the storage
  readonly offset?: Piece;
  readonly shape?: Piece;
  readonly strides?: Piece;
}

export const tensor = ({
  of = storage(),
  offset = number(0),
  shape = numbers([1]),
  strides = numbers([1]),
}: Layout = {}): Piece => call("torch._utils", "_rebuild_tensor_v2", of, offset, shape, strides);

export const pickle = (...pieces: readonly Piece[]): Piece => joined(raw(0x80, 2), ...pieces, letters("."));

/** A `.pt` with a pickle and storages by their keys: one float32 element, 0.5, where none are given. */
export const torchZip = (
  value: Piece,
  storages: Readonly<Record<string, Uint8Array>> = { 0: Uint8Array.of(0, 0, 0, 0x3f) },
): Uint8Array => {
  const entries = Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes]);
  const files: Zippable = { "a/data.pkl": value, ...(Object.fromEntries(entries) as Zippable) };
  return zipSync(files, { level: 0 });
};
