import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { tensor, tensorFrom } from "./create.js";
import type { Tensor } from "./generated/tensor.js";
import { decodeSafetensors, encodeSafetensors, readSafetensors } from "./safetensors.js";

const every = (): Map<string, Tensor> =>
  new Map([
    ["u8", tensorFrom(Uint8Array.of(0, 255, 7), [3])],
    ["i8", tensorFrom(Int8Array.of(-128, 127), [2, 1])],
    ["i16", tensorFrom(Int16Array.of(-32768), [1])],
    ["i32", tensorFrom(Int32Array.of(-(2 ** 31), 5), [2])],
    ["i64", tensorFrom(BigInt64Array.of(-(2n ** 63n)), [])],
    ["f16", tensorFrom(Uint16Array.of(0x3c00, 0xc000, 0x0001), [3, 1])],
    ["f32", tensorFrom(Float32Array.of(0.1, NaN, -Infinity), [1, 3])],
    ["f64", tensorFrom(Float64Array.of(0.1), [1, 1, 1])],
    ["bool", tensorFrom(Uint8Array.of(1, 0), [2], "bool")],
    ["bf16", tensorFrom(Uint16Array.of(0x3f80), [1], "bfloat16")],
    ["empty", tensor([], [0, 5])],
    ["permuted", tensor([1, 2, 3, 4, 5, 6], [2, 3]).permute([1, 0])],
    ['später "quoted" 肺', tensor([1], [1])],
    ["10", tensor([10], [1])], // names like numbers keep their place too
    ["9", tensor([9], [1])],
    ["__proto__", tensor([3], [1])],
  ]);

const facts = (tensors: ReadonlyMap<string, Tensor>): unknown =>
  Array.from(tensors, ([name, held]) => [name, held.dtype, held.shape, held.toArray()]);

test("every type comes back bit for bit, in order, with the texts", () => {
  const metadata = { format: "pt", "what for": "a test\n" };
  const file = encodeSafetensors(every(), metadata);
  expect(facts(decodeSafetensors(file, "memory"))).toEqual(facts(every()));
  expect(readSafetensors(file, "memory").metadata).toEqual(metadata);
});

test("nothing is a file too", () => {
  const file = encodeSafetensors(new Map());
  expect(Array.from(file)).toEqual([8, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from("{}      ")]);
  expect(decodeSafetensors(file, "memory").size).toBe(0);
});

// The format: 8 bytes with the header's length, little-endian; the header in JSON, here padded to a multiple of 8; the elements.
test("the bytes are those of the format", () => {
  const file = encodeSafetensors(
    new Map([
      ["b", tensor([1, -2], [1, 2])],
      ["a", tensorFrom(Int16Array.of(258), [1])],
    ]),
    { k: "v" },
  );
  const header =
    '{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
    '"a":{"dtype":"I16","shape":[1],"data_offsets":[8,10]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
  const elements = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 2, 1]; // 1, -2, 258
  expect(Buffer.from(file)).toEqual(
    Buffer.concat([Buffer.of(padded.length, 0, 0, 0, 0, 0, 0, 0), Buffer.from(padded), Buffer.from(elements)]),
  );
});

// An independent reader: Python's struct and json, which know nothing of this file.
const READER = `
import json, struct, sys
data = sys.stdin.buffer.read()
(length,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + length])
formats = {"U8": "B", "I8": "b", "I16": "h", "I32": "i", "I64": "q", "F16": "e", "F32": "f", "F64": "d", "BOOL": "?"}
for name, entry in header.items():
    if name == "__metadata__": continue
    start, end = entry["data_offsets"]
    part = data[8 + length + start:8 + length + end]
    values = [str(v) for (v,) in struct.iter_unpack("<" + formats[entry["dtype"]], part)]
    print(name, entry["dtype"], entry["shape"], *values)
`;
const hasPython = ((): boolean => {
  try {
    execFileSync("python3", ["-c", ""], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasPython)("Python reads the same (skipped where there is no python3)", () => {
  const tensors = every();
  for (const name of ["bf16", "i64", "f32", "__proto__", 'später "quoted" 肺']) tensors.delete(name);
  const said = execFileSync("python3", ["-c", READER], { input: encodeSafetensors(tensors), encoding: "utf8" });
  expect(said.trim().split("\n")).toEqual([
    "u8 U8 [3] 0 255 7",
    "i8 I8 [2, 1] -128 127",
    "i16 I16 [1] -32768",
    "i32 I32 [2] -2147483648 5",
    "f16 F16 [3, 1] 1.0 -2.0 5.960464477539063e-08",
    "f64 F64 [1, 1, 1] 0.1",
    "bool BOOL [2] True False",
    "empty F32 [0, 5]",
    "permuted F32 [3, 2] 1.0 4.0 2.0 5.0 3.0 6.0",
    "10 F32 [1] 10.0",
    "9 F32 [1] 9.0",
  ]);
});

test("the header is read without copying, and from a part of a larger buffer", () => {
  const file = encodeSafetensors(new Map([["x", tensor([1, 2], [2])]]));
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  const { tensors } = readSafetensors(shifted.subarray(3), "memory");
  expect(tensors.get("x")?.bytes.buffer).toBe(shifted.buffer);
  expect(decodeSafetensors(shifted.subarray(3), "memory").get("x")?.toNumbers()).toEqual([1, 2]);
});

function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const words = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(words.length));
  return Buffer.concat([length, words, Buffer.alloc(dataBytes)]);
}

const entry = (start: number, end: number, more: object = {}): object => ({
  dtype: "F32",
  shape: [(end - start) / 4],
  data_offsets: [start, end],
  ...more,
});
const promised = (bytes: bigint): Uint8Array => {
  const file = Buffer.alloc(20);
  file.writeBigUInt64LE(bytes);
  return file;
};

test.each([
  [new Uint8Array(0), "it holds 0 bytes, and the header's length alone takes 8"],
  [new Uint8Array(7), "it holds 7 bytes, and the header's length alone takes 8"],
  [promised(100_000_001n), "its header would be 100000001 bytes long"],
  [promised(2n ** 64n - 1n), "its header would be 18446744073709552000 bytes long"],
  [promised(13n), "its header takes 13 bytes, but only 12 follow"],
  [fileOf("{", 0), "its header is not a JSON object"],
  [fileOf("", 0), "its header is not a JSON object"],
  [fileOf("[1]", 0), "its header is not a JSON object"],
  [fileOf("null", 0), "its header is not a JSON object"],
  [fileOf({ __metadata__: { a: 1 } }, 0), "its __metadata__ is not a table of texts"],
  [fileOf({ __metadata__: null }, 0), "its __metadata__ is not a table of texts"],
  [fileOf({ x: entry(0, 4, { dtype: "F8" }) }, 4), "x has the unknown type F8"],
  [fileOf({ x: entry(0, 4, { dtype: "toString" }) }, 4), "x has the unknown type toString"],
  [fileOf({ x: 5 }, 4), "x has the unknown type undefined"],
  [fileOf({ x: null }, 4), "x has the unknown type undefined"],
  [fileOf({ x: entry(0, 4, { shape: [-1] }) }, 4), "x has no shape"],
  [fileOf({ x: entry(0, 4, { shape: [1.5] }) }, 4), "x has no shape"],
  [fileOf({ x: entry(0, 4, { shape: "1" }) }, 4), "x has no shape"],
  [fileOf({ x: entry(0, 4, { data_offsets: [0] }) }, 4), "x has no place in the file"],
  [fileOf({ x: entry(0, 4, { data_offsets: [-4, 0] }) }, 4), "x has no place in the file"],
  [fileOf({ x: entry(0, 8, { shape: [3] }) }, 8), "x is 3 float32, 12 bytes, but its place has 8"],
  [fileOf({ x: entry(0, 8, { shape: [] }) }, 8), "x is scalar float32, 4 bytes, but its place has 8"],
  [fileOf({ x: entry(8, 4, { shape: [1] }) }, 8), "x is 1 float32, 4 bytes, but its place has -4"],
  [
    fileOf({ x: entry(0, 4, { shape: [2 ** 40, 2 ** 40] }) }, 4),
    "x is 1099511627776×1099511627776 float32, 4.835703278458517e+24 bytes, but its place has 4",
  ],
  [fileOf({ x: entry(0, 8), y: entry(4, 12) }, 12), "y starts at byte 4 of the data, but what is before it ends at 8"],
  [fileOf({ x: entry(4, 8) }, 8), "x starts at byte 4 of the data, but what is before it ends at 0"],
  [
    fileOf({ y: entry(12, 16), x: entry(0, 8) }, 16),
    "y starts at byte 12 of the data, but what is before it ends at 8",
  ],
  [fileOf({ x: entry(0, 8) }, 7), "x ends at byte 70, but the file at 69: it was cut short"],
  [fileOf({ x: entry(0, 8) }, 9), "its tensors end at byte 70, but the file at 71"],
])("a file that cannot be read is refused: %#", (file, because) => {
  const refusal = expect.objectContaining({
    code: "ENGINE_SAFETENSORS",
    message: `weights.safetensors is not a safetensors file that can be read: ${because}`,
  });
  expect(() => readSafetensors(file, "weights.safetensors")).toThrow(refusal);
  expect(() => decodeSafetensors(file, "weights.safetensors")).toThrow(refusal);
});

test("a good file is refused at every length that it is cut to", () => {
  const file = encodeSafetensors(new Map([["x", tensor([1, 2, 3], [3])]]), { k: "v" });
  for (let length = 0; length < file.length; length++)
    expect(() => decodeSafetensors(file.subarray(0, length), "cut")).toThrow(
      expect.objectContaining({ code: "ENGINE_SAFETENSORS" }),
    );
});

test("a tensor cannot take the name of the texts", () => {
  expect(() => encodeSafetensors(new Map([["__metadata__", tensor([1], [1])]]))).toThrow(
    "encodeSafetensors: expected another name for a tensor, but __metadata__ came",
  );
});
