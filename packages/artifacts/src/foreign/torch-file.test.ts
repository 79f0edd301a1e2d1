import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";

import { ArtifactError } from "../errors.js";
import { thrownBy } from "../testing/folders.js";
import {
  all,
  call,
  dictionary,
  list,
  NONE,
  number,
  numbers,
  pickle,
  raw,
  recall,
  storage,
  store,
  tensor,
  text,
  torchZip,
  tuple,
} from "./testing/pickles.js";
import { readTorchFile } from "./torch-file.js";

type Bytes = Uint8Array;

const named = (...entries: readonly (readonly [string, Bytes])[]): Bytes =>
  dictionary(...entries.map(([name, value]) => [text(name), value] as const));
/** A file whose pickle is a state dict of one tensor. */
const holding = (value: Bytes): Bytes => torchZip(pickle(named(["a", value])));
const wordsOf = async (file: Bytes): Promise<string> => {
  const error = await thrownBy(readTorchFile(file, "a.pt"));
  expect(error).toBeInstanceOf(ArtifactError);
  return error.message;
};
const half = Uint8Array.of(0, 0, 0, 0x3f); // 0.5 in float32, least byte first

const itself = all(raw("]"), store(0), recall(0), raw("a"));
const doubled = all(NONE, Buffer.alloc(200, raw("2", 0x86))); // 100 tuples, each of the one before twice
const deep = all(NONE, Buffer.alloc(100_000, raw(0x85)));

test.each([
  { name: "holds itself", value: itself },
  { name: "doubles with every byte", value: doubled },
  { name: "is very deep", value: deep },
])("a value that $name is passed over beside tensors, and no tensor by itself", async ({ value }) => {
  const tensors = await readTorchFile(torchZip(pickle(named(["odd", value], ["a", tensor()]))), "a.pt");
  expect([...tensors]).toEqual([["a", { dtype: "float32", shape: [1], bytes: half }]]);
  const none = "a.pt holds no state dict: expected a dictionary of tensors, came";
  expect(await wordsOf(torchZip(pickle(value)))).toBe(`${none} a list`);
  expect(await wordsOf(torchZip(pickle(dictionary([value, NONE]))))).toBe(`${none} a dictionary of a list`);
  expect(await wordsOf(torchZip(pickle(dictionary([value, tensor()]))))).toBe(
    "cannot read the PyTorch file a.pt: a tensor is called by a list; expected a text",
  );
});

test("an empty dictionary is told as that", async () => {
  expect(await wordsOf(torchZip(pickle(dictionary())))).toBe(
    "a.pt holds no state dict: expected a dictionary of tensors, came an empty dictionary",
  );
});

test("an OrderedDict is made of pairs, as Python 2 has it, and of nothing else", async () => {
  const ordered = (...args: readonly Bytes[]): Bytes => torchZip(pickle(call("collections", "OrderedDict", ...args)));
  const tensors = await readTorchFile(ordered(list(list(text("a"), tensor()))), "a.pt");
  expect([...tensors.keys()]).toEqual(["a"]);
  const says = async (file: Bytes): Promise<string> => (await wordsOf(file)).replace(/^.* of its pickle /, "");
  for (const [pairs, came] of [
    [text("ab"), "ab"],
    [list(number(1)), "a list"],
    [list(tuple(text("a"))), "a list"],
    [dictionary(), "a dictionary"],
    [NONE, "nothing"],
  ] as const)
    expect(await says(ordered(pairs))).toBe(`an OrderedDict is made of ${came}; expected a list of pairs`);
  const pair = tuple(text("a"), NONE);
  expect(await says(ordered(list(pair, pair)))).toBe("an OrderedDict has a key twice");
});

test.each([
  { value: tensor({ of: NONE }), says: "a tensor is made of nothing; expected a storage" },
  { value: tensor({ offset: number(-1) }), says: "a tensor begins at -1; expected a whole number" },
  { value: tensor({ offset: number(0.5) }), says: "a tensor begins at 0.5; expected a whole number" },
  {
    value: tensor({ offset: number(2 ** 53) }),
    says: "a tensor begins at 9007199254740992; expected a whole number",
  },
  {
    value: tensor({ shape: numbers([2, -3]), strides: numbers([1, 1]) }),
    says: "a tensor has the shape (2, -3); expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ shape: numbers([2.5]) }),
    says: "a tensor has the shape (2.5); expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ shape: tuple(text("2"), itself, NONE) }),
    says: "a tensor has the shape (2, a list, nothing); expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ shape: text("2") }),
    says: "a tensor has the shape 2; expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ shape: numbers(Array.from({ length: 65 }, () => 1)) }),
    says: "a tensor has the shape of 65 sides; expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ shape: numbers([2 ** 27, 2 ** 26]), strides: numbers([0, 0]) }),
    says: "a tensor has the shape (134217728, 67108864); expected at most 64 whole sides and fewer than 2⁵³ elements",
  },
  {
    value: tensor({ strides: numbers([-1]) }),
    says: "a tensor of the shape (1) has the strides (-1); expected a whole number for each side",
  },
  {
    value: tensor({ strides: numbers([1, 1]) }),
    says: "a tensor of the shape (1) has the strides (1, 1); expected a whole number for each side",
  },
  {
    value: tensor({ strides: NONE }),
    says: "a tensor of the shape (1) has the strides nothing; expected a whole number for each side",
  },
  {
    value: call("torch._utils", "_rebuild_parameter", numbers([1])),
    says: "a parameter is made of a list; expected a tensor",
  },
  { value: call("torch", "Size"), says: "a torch.Size is made of nothing; expected a tuple" },
])("refused: $says", async ({ value, says }) => {
  const file = holding(value);
  const at = pickle(named(["a", value])).length - 2; // after the call: what follows fills the dictionary and ends
  expect(await wordsOf(file)).toBe(`cannot read the PyTorch file a.pt: at byte ${String(at)} of its pickle ${says}`);
});

test("a shape that the pickle changes after it made a tensor of it changes nothing", async () => {
  // The shape is stored, and a side of -5 appended to it once the tensor is there.
  const value = tensor({ shape: all(numbers([1]), store(1)) });
  const changed = all(recall(1), number(-5), raw("a0"));
  const tensors = await readTorchFile(torchZip(pickle(named(["a", value]), changed)), "a.pt");
  expect(tensors.get("a")?.shape).toEqual([1]);
});

test("a view may repeat its storage, until the tensors of the file are far more than the file", async () => {
  const repeated = (...shape: number[]): Bytes =>
    tensor({ shape: numbers(shape), strides: numbers(shape.map(() => 0)) });
  const tensors = await readTorchFile(holding(repeated(2, 3)), "a.pt");
  expect(tensors.get("a")?.bytes).toEqual(Uint8Array.from({ length: 24 }, (_, i) => half[i % 4] ?? 0));
  const million = holding(repeated(1e6, 1e6));
  expect(await wordsOf(million)).toBe(
    "cannot read the PyTorch file a.pt: with a its tensors have 4000000000000 bytes; expected 67108864 at most of a file " +
      `of ${String(million.length)}`,
  );
  // Each alone would do, all together would not: 1000 names for one view of 100 kB, of which 671 are within 64 MiB.
  const names = Array.from({ length: 1000 }, (_, i) => [text(`n${String(i)}`), recall(1)] as const);
  const view = all(repeated(25_000), store(1), raw("0"));
  expect(await wordsOf(torchZip(pickle(view, dictionary(...names))))).toMatch(
    /^cannot read the PyTorch file a\.pt: with n671 its tensors have 67200000 bytes; expected 67108864 at most of a file of \d+$/,
  );
});

test.each([
  { name: "offset", value: tensor({ offset: number(1) }) },
  { name: "side", value: tensor({ shape: numbers([2]) }) },
  { name: "stride", value: tensor({ shape: numbers([2]), strides: numbers([2 ** 52]) }) },
])("a view beyond its storage is named, by its $name", async ({ value }) => {
  expect(await wordsOf(holding(value))).toBe(
    "cannot read the PyTorch file a.pt: a reaches past its storage of 1 elements",
  );
});

test("the stride of a side of 1 may be anything, and an empty tensor has no elements wherever it begins", async () => {
  const odd = tensor({ shape: numbers([1, 1]), strides: numbers([2 ** 53 - 1, 2 ** 53 - 1]) });
  expect((await readTorchFile(holding(odd), "a.pt")).get("a")?.bytes).toEqual(half);
  const empty = tensor({ offset: number(7), shape: numbers([0, 5]), strides: numbers([5, 1]) });
  expect((await readTorchFile(holding(empty), "a.pt")).get("a")?.bytes).toEqual(new Uint8Array());
});

test.each([
  { elements: number(-1), says: "storage 0 has the length -1; expected a whole number" },
  { elements: number(1.5), says: "storage 0 has the length 1.5; expected a whole number" },
  { elements: number(2 ** 60), says: `storage 0 has the length ${String(2n ** 60n)}; expected a whole number` },
  { elements: doubled, says: "storage 0 has the length a list; expected a whole number" },
])("refused: $says", async ({ elements, says }) => {
  expect(await wordsOf(holding(tensor({ of: storage(elements) })))).toMatch(
    new RegExp(`^cannot read the PyTorch file a\\.pt: at byte \\d+ of its pickle ${says}$`),
  );
});

test("a storage has the bytes that the pickle says, under one description", async () => {
  const damaged = "cannot read the PyTorch file a.pt:";
  expect(await wordsOf(holding(tensor({ of: storage(number(2 ** 50)) })))).toBe(
    `${damaged} storage 0 has 4 bytes; expected 4503599627370496, for 1125899906842624 of float32`,
  );
  expect(await wordsOf(torchZip(pickle(named(["a", tensor()])), { 1: half }))).toBe(`${damaged} it has no storage 0`);
  const other = tensor({ of: storage(number(1), { type: "IntStorage" }) });
  expect(await wordsOf(torchZip(pickle(named(["a", tensor()], ["b", other]))))).toMatch(
    / of its pickle storage 0 is described in two ways: 1 of float32, 1 of int32$/,
  );
  // A view of a storage, which the older format could have: key, offset, size.
  const viewed = all(raw("("), text("storage"), raw("ctorch\nFloatStorage\n"), text("0"), text("cpu"), number(1));
  const value = tensor({ of: all(viewed, tuple(text("1"), number(0), number(1)), raw("tQ")) });
  expect(await wordsOf(holding(value))).toMatch(/ of its pickle it refers to what is no storage$/);
});

test("names are names: JavaScript's own are like any other, and two tensors do not share one", async () => {
  const tensors = await readTorchFile(
    torchZip(pickle(named(["__proto__", tensor()], ["module.constructor", tensor()]))),
    "a.pt",
  );
  expect([...tensors.keys()]).toEqual(["__proto__", "constructor"]);
  expect(await wordsOf(torchZip(pickle(named(["a", tensor()], ["module.a", tensor()]))))).toBe(
    "cannot read the PyTorch file a.pt: two tensors are called a",
  );
  const odd = tensor({ of: storage(number(1), { key: "../\x1b[2J" }) });
  expect(await wordsOf(holding(odd))).toBe("cannot read the PyTorch file a.pt: it has no storage ../\\u{1b}[2J");
});

test("a zip with two pickles is refused", async () => {
  const value = pickle(named(["a", tensor()]));
  expect(await wordsOf(zipSync({ "a/data.pkl": value, "b/data.pkl": value, "a/data/0": half }))).toBe(
    "cannot read the PyTorch file a.pt: it is a zip with 2 files data.pkl; expected one",
  );
});

// The older format, by hand: its number, the version, facts, the value, the keys, and storages with their lengths before them.
const magic = pickle(raw(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19));
const older = (keys: Bytes, ...storages: readonly Bytes[]): Bytes =>
  all(magic, pickle(number(1001)), pickle(dictionary()), pickle(named(["a", tensor()])), pickle(keys), ...storages);
const one = all(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), half);

test("the older format, by hand", async () => {
  expect((await readTorchFile(older(list(text("0")), one), "a.pt")).get("a")?.bytes).toEqual(half);
});

test.each([
  { file: older(NONE), says: "its storages are listed by nothing; expected a list" },
  { file: older(list(doubled)), says: "it has a storage a list that no tensor is in" },
  { file: older(list(text("1"))), says: "it has a storage 1 that no tensor is in" },
  { file: older(list()), says: "it has no storage 0" },
  { file: older(list(text("0"))), says: "its storages were cut short" },
  { file: older(list(text("0"), text("0")), one, one), says: "it has the storage 0 twice" },
  {
    file: older(list(text("0")), Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127), half),
    says: "storage 0 has another length than its tensors say",
  },
])("refused in the older format: $says", async ({ file, says }) => {
  expect(await wordsOf(file)).toMatch(
    new RegExp(`^cannot read the PyTorch file a\\.pt: at byte \\d+ of its pickle ${says}$`),
  );
});

test("whatever one byte of a file becomes, it is read, or refused in words of this room", async () => {
  const bytesOf = (name: string): Bytes => readFileSync(fileURLToPath(new URL(`testing/${name}`, import.meta.url)));
  const inZip = unzipSync(bytesOf("state.pt")); // sums would give any change in the zip itself away
  const zipWith = (changed: Bytes): Bytes => zipSync({ ...inZip, "state/data.pkl": changed }, { level: 0 });
  const cases = [
    { bytes: bytesOf("state-older.pt"), file: (changed: Bytes): Bytes => changed, step: 1 },
    { bytes: inZip["state/data.pkl"] as Bytes, file: zipWith, step: 25 }, // slower, by its zip
  ];
  const others: string[] = [];
  let refused = 0;
  for (const { bytes, file, step } of cases)
    for (let at = 2; at < bytes.length; at += step)
      for (const value of [0x00, 0x28, 0x71, 0xff])
        try {
          await readTorchFile(file(Uint8Array.from(bytes).fill(value, at, at + 1)), "a.pt");
        } catch (error) {
          if (error instanceof ArtifactError) refused++;
          else others.push(`${String(at)}: ${String(error)}`);
        }
  expect(others).toEqual([]);
  expect(refused).toBeGreaterThan(1000); // most changes are no change of a number or a letter
});
