import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runFolder, writeYaml } from "@multirnet/artifacts";
import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { madeFolder } from "../dataset/testing/made-dataset.js";
import { madeConfig, madeTrainingSet, resultOf } from "./testing/made-training.js";

const PROGRAM = fileURLToPath(new URL("../../../cli/bin/multirnet.js", import.meta.url));
const KILLS = Number(process.env["KILLS"] ?? 10); // at least; more, until one fell into a write
const MINUTES = 60_000;

/** Runs `multirnet train` with one thread; `kill -9` after `kill` says so. @returns whether it came to its end */
async function trained(args: readonly string[], killWhen?: Kill): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, "train", ...args, "--threads", "1", "--quiet", "--json"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  const stopWatching = killWhen?.(() => child.kill("SIGKILL"));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...how) => {
      resolve(how);
    });
  });
  stopWatching?.();
  if (signal === "SIGKILL") return false;
  if (code !== 0) throw new Error(`multirnet train ${args.join(" ")} ended with ${String(code)}: ${words}`);
  return true;
}

type Kill = (kill: () => void) => () => void;

/** Kills some time after the training has opened its log. */
function afterMs(run: string, ms: number): Kill {
  const { log } = runFolder(run);
  const changed = (): number => (existsSync(log) ? statSync(log).mtimeMs : 0);
  const before = changed();
  return (kill) => {
    let opened: number | undefined;
    const timer = setInterval(() => {
      if (opened === undefined && changed() !== before) opened = performance.now();
      if (opened !== undefined && performance.now() - opened >= ms) kill();
    }, 3);
    return () => {
      clearInterval(timer);
    };
  };
}

/** Kills as soon as the `nth` temporary file is there: inside a write, or just behind it, between two renames. */
function duringWrite(run: string, nth: number): Kill {
  const { checkpoints } = runFolder(run);
  const seen = new Set(readdirSync(checkpoints)); // what is swept at the start is not written
  return (kill) => {
    let writes = 0;
    const watcher = watch(checkpoints, (_, name) => {
      if (name?.endsWith(".tmp") !== true || seen.has(name)) return;
      seen.add(name);
      if (++writes >= nth) kill();
    });
    return () => {
      watcher.close();
    };
  };
}

test(
  `killed ${String(KILLS)} times at any moment, and resumed each time, a training ends with the same bytes and the same log`,
  async (context) => {
    if (!existsSync(new URL("../../../cli/dist/main.js", import.meta.url))) {
      return context.skip("needs the build: npm run build");
    }
    const folder = await madeFolder();
    const dataset = await madeTrainingSet();
    const given = {
      batchSize: 2,
      epochs: 40,
      validation: { share: 0.3, everyEpochs: 2, patience: 100 },
      optimiser: { averageDecay: 0.99, schedule: "plateau", plateau: { patience: 4 } },
      checkpointMinutes: 0.002, // some eight times a second
    };
    const config = join(folder, "made.yaml");
    await writeYaml(config, madeConfig(dataset, given));
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    await trained([config, "--out", whole]);

    const random = new RandomSource("kills");
    let kills = 0;
    let duringWrites = 0;
    let ended = await trained([config, "--out", killed], afterMs(killed, random.between(100, 800)));
    while (!ended) {
      kills++;
      duringWrites += Number(readdirSync(runFolder(killed).checkpoints).some((name) => name.endsWith(".tmp")));
      const how =
        kills % 2 === 1 ? duringWrite(killed, 1 + random.integer(6)) : afterMs(killed, random.between(0, 800));
      const enough = kills >= KILLS && (duringWrites > 0 || kills >= 2 * KILLS);
      ended = await trained(["--resume", killed], enough ? undefined : how);
    }

    expect(kills).toBeGreaterThanOrEqual(KILLS);
    expect(duringWrites).toBeGreaterThan(0); // a file was left half written
    expect(await resultOf(killed)).toEqual(await resultOf(whole));
    expect(readFileSync(runFolder(killed).best).equals(readFileSync(runFolder(whole).best))).toBe(true);
    expect(readdirSync(runFolder(killed).checkpoints)).toEqual(readdirSync(runFolder(whole).checkpoints));
    const pictures = (path: string): string[] =>
      readdirSync(runFolder(path).pictures)
        .sort()
        .map((name) => `${name} ${readFileSync(join(runFolder(path).pictures, name), "base64")}`);
    expect(pictures(killed)).toEqual(pictures(whole));
  },
  30 * MINUTES,
);
