import { expect, test } from "vitest";

import { PickleFault, unpickle, type PickleGlobal } from "./pickle.js";
import { all, call, dictionary, MARK, NONE, pickle, raw, recall, store, text } from "./testing/pickles.js";

const globals = new Map<string, PickleGlobal>([
  ["m count", (args) => args.length],
  ["m no", (_, refuse) => refuse("it says no")],
]);
const read = (bytes: Uint8Array): unknown => unpickle(bytes, 0, { globals, persistent: () => null }).value;

/** @returns place and words of what stops the machine */
function stops(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof PickleFault) return `${String(error.at)}: ${error.message}`;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const times = (count: number, piece: Uint8Array): Uint8Array => Buffer.alloc(count * piece.length, piece);

test("a list, and the arguments of a call, may be longer than a stack of calls is deep", () => {
  const items = times(300_000, NONE);
  expect(read(pickle(raw("]"), MARK, items, raw("e")))).toHaveLength(300_000);
  expect(read(pickle(call("m", "count", items)))).toBe(300_000);
});

test("a value as deep as the file is long is read", () => {
  let value = read(pickle(NONE, times(500_000, raw(0x85)))); // a tuple of what is on the stack, again and again
  let depth = 0;
  for (; Array.isArray(value); depth++) value = (value as readonly unknown[])[0];
  expect([depth, value]).toEqual([500_000, null]);
});

test("what holds itself, and what doubles with every byte, is made without being walked", () => {
  const itself = read(pickle(raw("]"), store(0), recall(0), raw("a"))) as readonly unknown[];
  expect(itself[0]).toBe(itself);
  // 100 tuples, each of the one before twice: 2¹⁰⁰ leaves.
  const doubled = read(pickle(NONE, times(100, raw("2", 0x86)))) as readonly unknown[];
  expect(doubled[0]).toBe(doubled[1]);
});

test("the steps of a pickle are counted, and a call counts by what it is given", () => {
  const says = "it has taken 2000000 steps, far more than any state dict takes";
  // PROTO is a step, and each N.
  expect(stops(pickle(times(2_000_000, NONE)))).toBe(`2000001: ${says}`);
  // A list of 100,000 items, then a call with it again and again: the 19th would be beyond 2,000,000.
  const kept = all(raw("]"), MARK, times(100_000, NONE), raw("e"), store(0));
  const again = call("m", "count", recall(0));
  const before = 2 + kept.length;
  expect(read(pickle(kept, times(18, again)))).toBe(1);
  expect(stops(pickle(kept, times(19, again)))).toBe(`${String(before + 19 * again.length)}: ${says}`);
});

test.each<{ name: string; bytes: Uint8Array; says: string }>([
  { name: "a text of 4 GB", bytes: pickle(raw("X", 255, 255, 255, 255)), says: "7: it was cut short" },
  { name: "bytes of 4 GB", bytes: pickle(raw("B", 255, 255, 255, 255)), says: "7: it was cut short" },
  { name: "a number of 2 GB", bytes: pickle(raw(0x8b, 0, 0, 0, 0x80)), says: "7: it was cut short" },
  { name: "half a frame's length", bytes: pickle(raw(0x95, 0, 0)), says: "3: it was cut short" },
  {
    name: "a number of 257 bytes",
    bytes: pickle(raw(0x8b, 1, 1, 0, 0), times(257, raw(1))),
    says: "264: a number has 257 bytes; expected 256 at most",
  },
  {
    name: "a text of more than 16 MiB",
    bytes: pickle(raw("X", 1, 0, 0, 1), times(2 ** 24 + 1, raw("a"))),
    says: "16777224: a text has 16777217 bytes; expected 16777216 at most",
  },
  {
    name: "bytes with a length of 8 bytes", // as none are in a state dict
    bytes: pickle(raw(0x8e, 255, 255, 255, 255, 255, 255, 255, 127)),
    says: "3: it has the unknown instruction 0x8e",
  },
  {
    name: "what was never stored",
    bytes: pickle(raw("j", 255, 255, 255, 255)),
    says: "7: it recalls 4294967295, which it never stored",
  },
  { name: "a negative place", bytes: pickle(raw("g-1\n")), says: "6: it recalls -1, which it never stored" },
  { name: "a place that is none", bytes: pickle(NONE, raw("px\n")), says: "6: a whole number is written x" },
  {
    name: "a long whole number",
    bytes: pickle(raw(`L${"9".repeat(301)}L\n`)),
    says: `306: a whole number is written ${"9".repeat(100)}…`,
  },
  { name: "a whole number with a fraction", bytes: pickle(raw("I2.5\n")), says: "7: a whole number is written 2.5" },
  { name: "no number", bytes: pickle(raw("F\n")), says: "4: a number is written " },
  { name: "a number in words", bytes: pickle(raw("F\x1b[2Jtwo\n")), says: "11: a number is written \\u{1b}[2Jtwo" },
  { name: "a mark as the value", bytes: pickle(MARK), says: "4: it takes a mark for a value" },
  { name: "a mark stored", bytes: pickle(MARK, store(0)), says: "5: it takes a mark for a value" },
  { name: "a mark doubled", bytes: pickle(MARK, raw("2")), says: "4: it takes a mark for a value" },
  { name: "nothing to take away", bytes: pickle(raw("0")), says: "3: its stack is empty" },
  {
    name: "a key twice",
    bytes: pickle(dictionary([text("a"), NONE], [text("a"), NONE])),
    says: "19: a dictionary has the key a twice",
  },
  {
    name: "a key that is a list twice",
    bytes: pickle(raw("]"), store(0), raw("0}"), MARK, recall(0), NONE, recall(0), NONE, raw("u")),
    says: "15: a dictionary has the key a list twice",
  },
  {
    name: "a name that is a list",
    bytes: pickle(raw("]"), text("x"), raw(0x93)),
    says: "10: it names what is no text",
  },
  {
    name: "a name of 200 letters",
    bytes: pickle(raw(`cos\n${"x".repeat(200)}\n`)),
    says: `207: it names os.${"x".repeat(97)}…`,
  },
  { name: "a call that is refused", bytes: pickle(call("m", "no")), says: "11: it says no" },
  { name: "a call of a number", bytes: pickle(raw("K", 1, ")R")), says: "6: it calls what is no known name" },
])("$name stops the machine", ({ bytes, says }) => {
  expect(stops(bytes)).toBe(says);
});

test("numbers are read as they are written", () => {
  const written = ["I01\n", "I-7\n", "L12L\n", "L9007199254740993L\n", "F-0.5\n", "F-inf\n"].map((each) => raw(each));
  expect(read(pickle(MARK, ...written, raw("t")))).toEqual([1, -7, 12, 9007199254740993n, -0.5, -Infinity]);
  const long = [raw(0x8a, 0), raw(0x8a, 1, 0xff), raw(0x8a, 2, 0xff, 0), raw(0x8a, 8, 1, 0, 0, 0, 0, 0, 0x20, 0)];
  expect(read(pickle(MARK, ...long, raw("t")))).toEqual([0, -1, 255, 2n ** 53n + 1n]);
});

test("places to store are names only, and frames are passed over", () => {
  expect(read(pickle(NONE, raw("r", 255, 255, 255, 255, "0"), raw("j", 255, 255, 255, 255)))).toBe(null);
  expect(read(pickle(raw(0x95, 255, 255, 255, 255, 255, 255, 255, 255), NONE))).toBe(null);
  expect(read(pickle(NONE, MARK, raw("0")))).toBe(null); // a mark may be taken away
});

test("the names of JavaScript's own properties are keys like any other", () => {
  const value = read(pickle(dictionary([text("__proto__"), text("a")], [text("constructor"), text("b")])));
  expect(value).toEqual(
    new Map([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]),
  );
});
