import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { readState, writeCheckpoint, type Checkpoint } from "./checkpoint.js";
import { createRun, reopenRun, type RunFolder } from "./run-folder.js";
import { filesBelow, temporaryFolder, thrownBy, tinyDisk } from "./testing/folders.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (path: string): string => readFileSync(path, "utf8");

/** Generation g: a state that holds its weights, as a trainer's does. */
const generation = (g: number): Checkpoint => ({
  state: bytes(`weights ${g}|optimiser ${g}`),
  weights: bytes(`weights ${g}`),
});
const weightsOf = (state: Uint8Array): Uint8Array => bytes(new TextDecoder().decode(state).split("|")[0] ?? "");

async function newRun(): Promise<RunFolder> {
  const run = await createRun(join(temporaryFolder(), "run"));
  writeFileSync(run.config, "seed: 1\n");
  return run;
}

test("a checkpoint is read as it was written, and the best weights stay until there are better ones", async () => {
  const run = await newRun();
  await writeCheckpoint(run, { ...generation(1), best: bytes("weights 1") });
  await writeCheckpoint(run, generation(2));
  expect(await readState(run, weightsOf)).toEqual(Buffer.from(generation(2).state));
  expect([text(run.best), text(run.last)]).toEqual(["weights 1", "weights 2"]);
  expect(filesBelow(run.checkpoints)).toEqual(["best.safetensors", "last.safetensors", "last.state.safetensors"]);
});

test("a run stopped before its first checkpoint has no state", async () => {
  expect(await readState(await newRun(), weightsOf)).toBeUndefined();
});

// A kill between two renames is a write that gets no further: the one after it goes to a path that cannot be written.
test.each([
  {
    killed: "before the best weights",
    at: "best",
    holds: ["weights 1", "weights 1|optimiser 1", "weights 1"],
    resumes: 1,
  },
  {
    killed: "before the state",
    at: "lastState",
    holds: ["weights 2", "weights 1|optimiser 1", "weights 1"],
    resumes: 1,
  },
  {
    killed: "before the last weights",
    at: "last",
    holds: ["weights 2", "weights 2|optimiser 2", "weights 1"],
    resumes: 2,
  },
] as const)("killed $killed, generation $resumes resumes whole", async ({ at, holds, resumes }) => {
  const run = await newRun();
  await writeCheckpoint(run, { ...generation(1), best: bytes("weights 1") });
  const blocked: RunFolder = { ...run, [at]: join(run.config, "below-a-file") };
  await thrownBy(writeCheckpoint(blocked, { ...generation(2), best: bytes("weights 2") }));
  expect([run.best, run.lastState, run.last].map(text)).toEqual(holds);
  writeFileSync(join(run.checkpoints, ".any.safetensors.00ff00ff00ff.tmp"), "half of");

  const state = await readState(await reopenRun(run.path), weightsOf);

  expect(state).toEqual(Buffer.from(generation(resumes).state));
  expect(text(run.last)).toBe(`weights ${resumes}`); // never another moment's than the state's
  expect(filesBelow(run.checkpoints)).toEqual(["best.safetensors", "last.safetensors", "last.state.safetensors"]);
});

test("lost last weights are made anew from the state", async () => {
  const run = await newRun();
  await writeCheckpoint(run, generation(3));
  rmSync(run.last);
  await readState(run, weightsOf);
  expect(text(run.last)).toBe("weights 3");
});

test("a state cut short is refused by the one who reads it, and nothing is overwritten", async () => {
  const run = await newRun();
  await writeCheckpoint(run, generation(1));
  writeFileSync(run.lastState, "wei");
  const refused = readState(run, () => {
    throw new Error("cut short");
  });
  expect((await thrownBy(refused)).message).toBe("cut short");
  expect(text(run.last)).toBe("weights 1");
});

test("a state that cannot be read is named", async () => {
  const run = await newRun();
  const asFolder = { ...run, lastState: run.checkpoints };
  expect((await thrownBy(readState(asFolder, weightsOf))).message).toBe(
    `cannot read ${run.checkpoints}: EISDIR: illegal operation on a directory, read`,
  );
});

test("on a full disk the checkpoint before stays whole", async (context) => {
  const disk = tinyDisk(256);
  if (disk === undefined) return context.skip("needs the right to mount a small file system");
  const run = await createRun(join(disk, "run"));
  await writeCheckpoint(run, { ...generation(1), best: bytes("weights 1") });
  const large = { state: new Uint8Array(400_000), weights: new Uint8Array(100_000) };
  expect((await thrownBy(writeCheckpoint(run, large))).message).toBe(
    `no space left on the disk for ${run.lastState}; nothing was written there`,
  );
  expect(await readState(run, weightsOf)).toEqual(Buffer.from(generation(1).state));
  expect(filesBelow(run.checkpoints)).toEqual(["best.safetensors", "last.safetensors", "last.state.safetensors"]);
});

test("a checkpoint below a regular file says why it cannot be written", async () => {
  const run = await newRun();
  rmSync(run.checkpoints, { recursive: true });
  writeFileSync(run.checkpoints, "");
  expect((await thrownBy(writeCheckpoint(run, generation(1)))).message).toBe(
    `cannot write ${run.lastState}: EEXIST: file already exists, mkdir '${run.checkpoints}'`,
  );
  expect(existsSync(run.lastState)).toBe(false);
});
