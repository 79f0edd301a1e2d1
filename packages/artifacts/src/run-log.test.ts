import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { readRunLog, RunLog } from "./run-log.js";
import { temporaryFolder, thrownBy, tinyDisk } from "./testing/folders.js";

const line = (step: number): string => `${JSON.stringify({ step, loss: 1 / step })}\n`;
const undisturbed = Array.from({ length: 9 }, (_, i) => line(i + 1)).join("");

async function append(log: RunLog, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step++) await log.append({ step, loss: 1 / step });
}

test.each([
  { killed: "between lines", left: undisturbed.slice(0, undisturbed.indexOf(line(8))) },
  { killed: "within a line", left: undisturbed.slice(0, undisturbed.indexOf(line(8)) + 5) },
  { killed: "before the end of a line", left: undisturbed.slice(0, undisturbed.indexOf(line(9)) - 1) },
])("a log killed $killed and resumed from line 5 is the undisturbed one", async ({ left }) => {
  const path = join(temporaryFolder(), "log.jsonl");
  writeFileSync(path, left);
  const log = await RunLog.open(path, 5);
  expect(log.lines).toBe(5);
  expect(readFileSync(path, "utf8")).toBe(undisturbed.slice(0, undisturbed.indexOf(line(6))));
  await append(log, 6, 9);
  expect(log.lines).toBe(9);
  await log.close();
  expect(readFileSync(path, "utf8")).toBe(undisturbed);
});

test("a log opened to keep no line is empty, whether it was there or not", async () => {
  const path = join(temporaryFolder(), "log.jsonl");
  for (let round = 0; round < 2; round++) {
    const log = await RunLog.open(path, 0);
    await append(log, 1, 2);
    await log.sync();
    await log.close();
    expect(readFileSync(path, "utf8")).toBe(line(1) + line(2));
  }
});

test("lines are counted across the blocks that the file is read in", async () => {
  const path = join(temporaryFolder(), "log.jsonl");
  const lines = Array.from({ length: 20_000 }, (_, i) => `${String(i).padStart(11, "0")}\n`); // 12 bytes: no divisor of 65,536
  writeFileSync(path, lines.join(""));
  const log = await RunLog.open(path, 15_000);
  await log.close();
  expect(readFileSync(path, "utf8")).toBe(lines.slice(0, 15_000).join(""));
});

test.each([
  { left: "{}\n{}\n{}", lines: 2 },
  { left: "", lines: 0 },
  { left: undefined, lines: 0 },
])("a log with $lines whole lines cannot go on after the third, and is left as it was", async ({ left, lines }) => {
  const path = join(temporaryFolder(), "log.jsonl");
  if (left !== undefined) writeFileSync(path, left);
  expect((await thrownBy(RunLog.open(path, 3))).message).toBe(
    `${path} has ${lines} whole lines, but the checkpoint was made after 3: the log was cut or belongs to another run`,
  );
  if (left !== undefined) expect(readFileSync(path, "utf8")).toBe(left);
});

test("a number that JSON cannot say is refused and leaves no line", async () => {
  const path = join(temporaryFolder(), "log.jsonl");
  const log = await RunLog.open(path, 0);
  expect((await thrownBy(log.append({ step: 1, loss: Number.NaN }))).message).toBe(
    `cannot write ${path}: key loss is NaN, which JSON has no word for`,
  );
  await log.close();
  expect(readFileSync(path, "utf8")).toBe("");
});

test("a log that cannot be made names its path and the reason", async () => {
  const path = join(temporaryFolder(), "absent", "log.jsonl");
  expect((await thrownBy(RunLog.open(path, 0))).message).toBe(
    `cannot write ${path}: ENOENT: no such file or directory, open '${path}'`,
  );
});

test("a full disk ends the log after its last whole line", async (context) => {
  const disk = tinyDisk(16);
  if (disk === undefined) return context.skip("needs the right to mount a small file system");
  const path = join(disk, "log.jsonl");
  const log = await RunLog.open(path, 0);
  const failed = await thrownBy(
    (async () => {
      for (let step = 1; step < 1000; step++) await log.append({ step, words: "x".repeat(100) });
    })(),
  );
  expect(failed.message).toBe(`no space left on the disk for ${path}; nothing was written there`);
  const text = readFileSync(path, "utf8");
  expect(text.endsWith("}\n")).toBe(true);
  expect(text.split("\n").length - 1).toBe(log.lines);
  expect(log.lines).toBeGreaterThan(50);
  await log.close();
});

test("steps and epochs are read apart, and a line that is being written does not count", async () => {
  const path = join(temporaryFolder(), "log.jsonl");
  writeFileSync(path, '{"kind":"step","step":1}\n{"kind":"epoch","epoch":0}\n{"kind":"step","ste');
  expect(await readRunLog(path)).toEqual({ steps: [{ kind: "step", step: 1 }], epochs: [{ kind: "epoch", epoch: 0 }] });
});

test("a log that is not there is that of a run before its first step; one that is damaged, or no file, is refused", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "log.jsonl");
  expect(await readRunLog(path)).toEqual({ steps: [], epochs: [] });
  writeFileSync(path, '{"kind":"step","step":1}\n{"kind"\n');
  expect((await thrownBy(readRunLog(path))).message).toBe(`line 2 of ${path} is not JSON`);
  expect((await thrownBy(readRunLog(folder))).message).toBe(
    `cannot read ${folder}: EISDIR: illegal operation on a directory, read`,
  );
});
