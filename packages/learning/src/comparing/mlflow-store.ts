import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { parse, stringify } from "yaml";

import { isMapping, type Mapping } from "../config/layers.js";

/** MLflow's RunStatus: a run that has not come to its end counts as killed. */
const STATUS = { finished: 3, stopped: 5 } as const;
const ACTIVE = "active";
const MOST_PARAMETER = 6000; // characters that MLflow takes of one

export interface StoredValue {
  readonly key: string; // may have slashes, which are folders
  readonly time: number; // ms since 1970
  readonly value: number;
  readonly step: number;
}

/** What a run is to MLflow. */
export interface StoredRun {
  readonly name: string;
  readonly began: number; // ms since 1970
  readonly ended: number;
  readonly status: keyof typeof STATUS;
  readonly parameters: Readonly<Record<string, string>>;
  readonly metrics: readonly StoredValue[];
  readonly tags: Readonly<Record<string, string>>;
  readonly artifacts: Readonly<Record<string, string>>; // their names, and where each file or folder lies; what is not there is left out
}

export interface ExportedRun {
  readonly runId: string;
  readonly folder: string;
}

/**
 * The experiment of a name in a store (`mlruns`): the one that is there, or a new one.
 *
 * @returns its folder, which is called as its id
 */
export async function experimentIn(store: string, name: string): Promise<string> {
  for (const id of await readdir(store).catch(() => [])) {
    const known = await readMeta(join(store, id)).catch(() => undefined); // no experiment, or another's that is broken
    if (isMapping(known) && known["name"] === name && known["lifecycle_stage"] === ACTIVE) return join(store, id);
  }
  const id = String(createHash("sha256").update(name).digest().readUIntBE(0, 6)); // MLflow's are numbers as text
  const folder = join(store, id);
  const now = Date.now();
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "meta.yaml"),
    stringify({
      artifact_location: pathToFileURL(resolve(folder)).href,
      creation_time: now,
      experiment_id: id,
      last_update_time: now,
      lifecycle_stage: ACTIVE,
      name,
    }),
  );
  return folder;
}

/** Writes a run into an experiment's folder, as `mlflow.start_run` would have. */
export async function writeStoredRun(experiment: string, run: StoredRun): Promise<ExportedRun> {
  const runId = randomBytes(16).toString("hex");
  const folder = join(experiment, runId);
  for (const part of ["metrics", "params", "tags", "artifacts"]) await mkdir(join(folder, part), { recursive: true });
  for (const [key, lines] of linesOf(run.metrics)) await writeValue(join(folder, "metrics"), key, lines);
  for (const [key, value] of Object.entries(run.parameters)) {
    const line = value.replaceAll(/\s+/g, " "); // MLflow takes one line
    await writeValue(join(folder, "params"), key, line.slice(0, MOST_PARAMETER));
  }
  const tags = {
    "mlflow.runName": run.name,
    "mlflow.source.type": "LOCAL",
    "mlflow.source.name": "multirnet",
    ...run.tags,
  };
  for (const [key, value] of Object.entries(tags)) await writeValue(join(folder, "tags"), key, value);
  for (const [name, path] of Object.entries(run.artifacts)) {
    if ((await stat(path).catch(() => undefined)) !== undefined)
      await cp(path, join(folder, "artifacts", name), { recursive: true });
  }
  await writeFile(
    join(folder, "meta.yaml"),
    stringify({
      artifact_uri: pathToFileURL(resolve(folder, "artifacts")).href,
      end_time: Math.round(run.ended),
      entry_point_name: "",
      experiment_id: ((await readMeta(experiment)) as Mapping)["experiment_id"],
      lifecycle_stage: ACTIVE,
      run_id: runId,
      run_name: run.name,
      run_uuid: runId,
      source_name: "",
      source_type: 4, // LOCAL
      source_version: "",
      start_time: Math.round(run.began),
      status: STATUS[run.status],
      tags: [],
      user_id: "multirnet",
    }),
  );
  return { runId, folder };
}

async function readMeta(folder: string): Promise<unknown> {
  return parse(await readFile(join(folder, "meta.yaml"), "utf8"));
}

/** A file a key, with a line a value: time, value, step. */
function linesOf(values: readonly StoredValue[]): Map<string, string> {
  const lines = new Map<string, string>();
  for (const { key, time, value, step } of values) {
    if (!Number.isFinite(value)) continue;
    lines.set(key, `${lines.get(key) ?? ""}${String(Math.round(time))} ${String(value)} ${String(step)}\n`);
  }
  return lines;
}

async function writeValue(folder: string, key: string, text: string): Promise<void> {
  const path = join(folder, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
