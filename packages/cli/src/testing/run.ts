import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";

import { main } from "../main.js";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process, with one thread, and catches what it prints. */
export async function run(...argv: readonly string[]): Promise<Ran> {
  const caught = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      caught[stream] += String(text);
      return true;
    }),
  );
  try {
    const code = await main([...argv, ...(argv.includes("--threads") ? [] : ["--threads", "1"])]);
    return { code, ...caught };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Runs a command with `--json`, which must succeed and print one line, and gives back what it says. */
export async function json(...argv: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(...argv, "--json", "--quiet");
  if (code !== 0 || !/^.+\n$/.test(stdout)) throw new Error(`exit ${String(code)}, printed ${stdout}, said ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A folder that is gone after the test. */
export function madeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
