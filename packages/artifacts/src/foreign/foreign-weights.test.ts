import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { readForeignWeights } from "./foreign-weights.js";
import type { RawTensor } from "./raw-tensor.js";

// The files are made by scripts/golden/foreign.py.
const bytesOf = (name: string): Uint8Array => readFileSync(fileURLToPath(new URL(`testing/${name}`, import.meta.url)));
const read = async (name: string): Promise<Map<string, RawTensor> | undefined> =>
  readForeignWeights(bytesOf(name), name);

function numbers({ dtype, bytes }: RawTensor): number[] {
  const { buffer } = bytes.slice();
  switch (dtype) {
    case "float32":
      return [...new Float32Array(buffer)];
    case "float64":
      return [...new Float64Array(buffer)];
    case "int64":
      return [...new BigInt64Array(buffer)].map(Number);
    case "float16":
    case "bfloat16":
      return [...new Uint16Array(buffer)];
    default:
      return [...bytes];
  }
}

test.each(["state.pt", "state-older.pt"])("%s: every type, views, transposed and empty tensors", async (name) => {
  const tensors = (await read(name)) ?? new Map<string, RawTensor>();
  const shown = Array.from(tensors, ([tensor, raw]) => [tensor, raw.dtype, raw.shape, numbers(raw)]);
  const rows = Array.from({ length: 12 }, (_, i) => i / 4);
  expect(shown).toEqual([
    ["rows", "float32", [3, 4], rows],
    ["columns", "float32", [4, 3], [0, 1, 2, 0.25, 1.25, 2.25, 0.5, 1.5, 2.5, 0.75, 1.75, 2.75]],
    ["part", "float32", [2, 2], [1.5, 1.75, 2.5, 2.75]],
    ["half", "float16", [2], [0x3800, 0xc000]],
    ["brain", "bfloat16", [2], [0x3f80, 0xc040]],
    ["double", "float64", [1], [1 / 3]],
    ["counter", "int64", [], [7]],
    ["mask", "bool", [2], [1, 0]],
    ["empty", "float32", [0, 3], []],
  ]);
});

test("the weights in a checkpoint are found, without DataParallel's prefix; parameters count as tensors", async () => {
  for (const name of ["checkpoint.pt", "parameters.pt"]) {
    const tensors = (await read(name)) ?? new Map<string, RawTensor>();
    expect(Array.from(tensors, ([tensor, raw]) => [tensor, numbers(raw)])).toEqual([
      ["weight", [1, 2]],
      ["bias", [3]],
    ]);
  }
});

test("arrays of NumPy, in either order", async () => {
  const tensors = (await read("arrays.npz")) ?? new Map<string, RawTensor>();
  expect(Array.from(tensors, ([name, raw]) => [name, raw.dtype, raw.shape, numbers(raw)])).toEqual([
    ["block/kernel", "float32", [2, 3], [0, 1, 2, 3, 4, 5]],
    ["fortran", "float64", [2, 3], [0, 1, 2, 3, 4, 5]],
    ["whole", "int64", [], [9]],
  ]);
});

test("a pickle that names code is refused by that name, and nothing of it is run", async () => {
  const advice =
    "which is no part of a state dict. Nothing of it was run; save the state dict alone: torch.save(model.state_dict(), …)";
  for (const name of ["evil.pt", "evil.pkl"]) {
    await expect(read(name)).rejects.toMatchObject({
      code: "TORCH_FILE_FORBIDDEN",
      message: expect.stringMatching(new RegExp(`^${name} is refused: its pickle names (posix|os)\\.system, `)),
    });
  }
  await expect(read("module.pt")).rejects.toThrow(
    `module.pt is refused: its pickle names torch.nn.modules.linear.Linear, ${advice}`,
  );
  expect(existsSync("/tmp/pickle-was-run")).toBe(false);
});

test("a file that holds no tensors is told what it holds", async () => {
  await expect(read("list.pt")).rejects.toMatchObject({
    code: "TORCH_FILE_NO_TENSORS",
    message: "list.pt holds no state dict: expected a dictionary of tensors, came a list",
  });
  await expect(read("complex.npz")).rejects.toMatchObject({
    code: "NPZ_DAMAGED",
    message:
      "cannot read the NumPy archive complex.npz: bad.npy: its elements are <c16; expected one of |u1, |i1, <i2, <i4, <i8, <f2, <f4, <f8, |b1",
  });
  expect(await readForeignWeights(new TextEncoder().encode("{}"), "a")).toBeUndefined();
});

test("cut short anywhere, a file is refused and never half read", async () => {
  for (const name of ["state-older.pt", "state.pt"]) {
    const whole = bytesOf(name);
    for (let length = 5; length < whole.length; length += 97) {
      await expect(
        readForeignWeights(whole.subarray(0, length), name),
        `${name} ${String(length)}`,
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^(TORCH_FILE_DAMAGED|ZIP_DAMAGED)$/),
      });
    }
  }
});

test("a pickle that is no dictionary of the format says where it went wrong", async () => {
  const pickle = (...bytes: number[]): Promise<unknown> => readForeignWeights(Uint8Array.of(0x80, 2, ...bytes), "a.pt");
  await expect(pickle(0x2e)).rejects.toThrow(
    "cannot read the PyTorch file a.pt: at byte 3 of its pickle its stack is empty",
  );
  await expect(pickle(0xff)).rejects.toThrow("at byte 3 of its pickle it has the unknown instruction 0xff");
  await expect(pickle(0x4b, 1, 0x2e)).rejects.toThrow("it is no file of torch.save: it does not begin with its number");
});
