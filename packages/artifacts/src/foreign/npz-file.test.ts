import { zipSync } from "fflate";
import { expect, test } from "vitest";

import { thrownBy } from "../testing/folders.js";
import { readNpzFile } from "./npz-file.js";

/** A `.npy` by hand (NEP 1): its mark, a version, the length of the header, the header, the elements. */
function npy(header: string, elements: readonly number[] = [], version = 1): Uint8Array {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  const mark = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0);
  return Buffer.concat([mark, length, Buffer.from(header, "latin1"), Uint8Array.from(elements)]);
}

/** As NumPy writes it, of bytes in row-major order unless said. */
const header = ({ descr = "'|u1'", order = "False", shape = "(2, 3)" } = {}): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }   \n`;
const six = [1, 2, 3, 4, 5, 6];
const read = (array: Uint8Array) => readNpzFile(zipSync({ "a.npy": array }), "w.npz");
const wordsOf = async (array: Uint8Array): Promise<string> => (await thrownBy(read(array))).message;

test("any order of the header's facts, any version, and Fortran's order of the elements", async () => {
  const rows = [["a", { dtype: "uint8", shape: [2, 3], bytes: Uint8Array.from(six) }]];
  expect([...(await read(npy(header(), six)))]).toEqual(rows);
  expect([...(await read(npy("{'shape': (2,3), 'descr': '|u1', 'fortran_order': False}", six, 2)))]).toEqual(rows);
  expect([...(await read(npy(header(), six, 3)))]).toEqual(rows);
  // Columns one after the other.
  expect([...(await read(npy(header({ order: "True" }), [1, 4, 2, 5, 3, 6])))]).toEqual(rows);
  // A number by itself, a list of one, and an array with a side of 0.
  for (const { sides, shape, bytes } of [
    { sides: "()", shape: [], bytes: [9] },
    { sides: "(1,)", shape: [1], bytes: [9] },
    { sides: "(0, 7)", shape: [0, 7], bytes: [] },
  ]) {
    const array = (await read(npy(header({ shape: sides }), bytes))).get("a");
    expect(array).toEqual({ dtype: "uint8", shape, bytes: Uint8Array.from(bytes) });
  }
});

const types = "expected one of |u1, |i1, <i2, <i4, <i8, <f2, <f4, <f8, |b1";
const facts = "expected descr, fortran_order and shape";
test.each([
  { array: npy(header({ descr: "'|O'" }), six), says: `its elements are |O; ${types}` },
  { array: npy(header({ descr: "'>f4'" }), six), says: `its elements are >f4; ${types}` },
  { array: npy(header({ descr: "'<U7'" }), six), says: `its elements are <U7; ${types}` },
  {
    array: npy(header({ descr: "[('x', '<f4'), ('y', '<i4', (2,))]" }), six),
    says: `its elements are [(x,<f4),(y,<i4,(2,))]; ${types}`,
  },
  { array: npy(header({ order: "(1,)" }), six), says: "its order is (1,); expected True or False" },
  { array: npy(header({ shape: "(2, -3)" }), six), says: "no array has the shape (2,-3)" },
  { array: npy(header({ shape: "(2.5,)" }), six), says: "no array has the shape (2.5,)" },
  { array: npy(header({ shape: "(1e9,)" }), six), says: "no array has the shape (1e9,)" },
  { array: npy(header({ shape: "(9007199254740993,)" }), six), says: "no array has the shape (9007199254740993,)" },
  { array: npy(header({ shape: "(134217728, 67108864)" }), six), says: "no array has the shape (134217728,67108864)" },
  {
    array: npy(header({ shape: `(${"1, ".repeat(65)})` }), [1]),
    says: `no array has the shape (${"1,".repeat(49)}1…`,
  },
  { array: npy(header({ shape: "'2'" }), six), says: "no array has the shape '2'" },
  { array: npy(header(), six.slice(1)), says: "it should hold 6 bytes and holds 5" },
  { array: npy(header(), [...six, 7]), says: "it should hold 6 bytes and holds 7" },
  { array: npy(header({ shape: "(2, 3, 0)" }), six), says: "it should hold 0 bytes and holds 6" },
  {
    array: npy(header({ shape: "(94906265, 94906265)", order: "True" }), six),
    says: "it should hold 9007199136250225 bytes and holds 6",
  },
  { array: npy("{'descr': '|u1', 'shape': (6,)}", six), says: `its header is {'descr':'|u1','shape':(6,)}; ${facts}` },
  {
    array: npy("{'descr': '|u1', 'descr': '|i1', 'shape': (6,)}", six),
    says: `its header is {'descr':'|u1','descr':'|i1','shape':(6,)}; ${facts}`,
  },
  {
    array: npy("{'descr': '|u1', 'x': \"'fortran_order': False, 'shape': (6,)\"}", six),
    says: `its header is {'descr':'|u1','x':"'fortran_order':False,'shape':(6,)"}; ${facts}`,
  },
  { array: npy("\x1b", six), says: `its header is \\u{1b}; ${facts}` },
  { array: npy(header(), six, 4), says: "its format has the version 4; expected 1, 2 or 3" },
  { array: npy(" ".repeat(10_001)), says: "its header has 10001 bytes; expected 10000 at most" },
  { array: npy(header()).subarray(0, 40), says: "its header was cut short" },
  { array: Buffer.from("an array of NumPy"), says: "it is no array of NumPy" },
])("refused: $says", async ({ array, says }) => {
  expect(await wordsOf(array)).toBe(`cannot read the NumPy archive w.npz: a.npy: ${says}`);
});

test("names are names, JavaScript's own too", async () => {
  const array = npy(header(), six);
  const archive = zipSync({ "__proto__.npy": array, "constructor.npy": array });
  expect([...(await readNpzFile(archive, "w.npz")).keys()]).toEqual(["__proto__", "constructor"]);
});
