/** What our sides of benchmarks share: lines of words in, lines of JSON out, and the memory of this process. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { releaseIdleMemory } from "@multirnet/engine";

/** The lines that come in; the first holds the settings. */
export const lines: AsyncIterableIterator<string> = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function settingsLine(): Promise<unknown> {
  const first = await lines.next();
  return JSON.parse(String(first.value));
}

export function say(words: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

/** VmRSS: now; VmHWM: the most since `forgetPeak`. */
export function residentKb(which: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

/** Gives back what loading took and starts the peak anew. Node frees the memory of collected arrays on another thread, a little later. */
export async function forgetPeak(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.(); // node --expose-gc
    await setTimeout(200);
  }
  releaseIdleMemory();
  writeFileSync("/proc/self/clear_refs", "5");
}

/** Answers `check PATH` and `run` until the lines end. */
export async function answer(does: {
  readonly check: (path: string) => void | Promise<void>;
  readonly run: () => void | Promise<void>;
}): Promise<void> {
  for await (const line of lines) {
    const [word, path = ""] = line.split(" ");
    if (word === "check") {
      await does.check(path);
      say({ done: true });
    } else if (word === "run") {
      const start = performance.now();
      await does.run();
      say({ ms: performance.now() - start, peakKb: residentKb("VmHWM") });
    }
  }
}
