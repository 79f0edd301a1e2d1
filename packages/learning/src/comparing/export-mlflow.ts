import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { readRunLog, runFolder, type LoggedStep } from "@multirnet/artifacts";
import { fileErrorOf } from "@multirnet/base/node";
import { stringify } from "yaml";

import { isMapping, type Mapping } from "../config/layers.js";
import { readTrainConfig } from "../config/train-config.js";
import { readMetrics } from "../measuring/read-metrics.js";
import { readRunFacts } from "../training/run-facts.js";

/** What of a run goes into a store beside its numbers. */
const ARTIFACTS = ["config.yaml", "run.json", "model.json", "metrics.json", "report.html", "checkpoints"] as const;
const MOST_PARAMETER = 6000; // characters that MLflow takes of one
const FINISHED = 3; // RunStatus
const ACTIVE = "active";

/**
 * Copies a run into an MLflow file store (`mlruns`), as `mlflow.start_run` would have written it: parameters are the config's keys, metrics the log's
 * numbers and the means over held-back cases, artifacts the run's own files. The experiment is found by its name or made. The same run, exported again, is one more run.
 *
 * @param store folder; made where missing
 * @param experiment name; the run's own unless given
 * @returns the run's id and its folder
 * @throws FileError; ArtifactError, LearningError as the parts of a run say
 */
export async function exportToMlflow(
  path: string,
  store: string,
  { experiment }: { readonly experiment?: string | undefined } = {},
): Promise<{ readonly runId: string; readonly folder: string }> {
  const run = runFolder(path);
  const config = await readTrainConfig(run.config);
  const facts = await readRunFacts(run.run);
  const { steps, epochs } = await readRunLog(run.log);
  const metrics = await readMetrics(run.metrics);
  const name = experiment ?? facts.name;
  const experimentId = idOf(name);
  const runId = randomBytes(16).toString("hex");
  const began = Date.parse(facts.started);
  const folder = join(store, experimentId, runId);
  try {
    await makeExperiment(join(store, experimentId), { name, experimentId, began });
    for (const part of ["metrics", "params", "tags", "artifacts"]) await mkdir(join(folder, part), { recursive: true });
    const times = timesOf(steps, began);
    const end = times.at(-1) ?? began;
    for (const [key, lines] of metricLines({ steps, times, epochs, metrics, end }))
      await writeValue(join(folder, "metrics"), key, `${lines.join("\n")}\n`);
    for (const [key, value] of parametersOf(config))
      await writeValue(join(folder, "params"), key, value.slice(0, MOST_PARAMETER));
    const tags = {
      "mlflow.runName": facts.fold === undefined ? facts.name : `${facts.name}-fold-${String(facts.fold)}`,
      "mlflow.source.type": "LOCAL",
      "mlflow.source.name": "multirnet",
      ...(facts.commit === undefined ? {} : { "mlflow.source.git.commit": facts.commit }),
      "multirnet.dataset": facts.dataset,
      "multirnet.synthetic": String(config.data.synthetic),
    };
    for (const [key, value] of Object.entries(tags)) await writeValue(join(folder, "tags"), key, value);
    for (const file of ARTIFACTS) {
      if ((await stat(join(path, file)).catch(() => undefined)) !== undefined)
        await cp(join(path, file), join(folder, "artifacts", file), { recursive: true });
    }
    await writeFile(
      join(folder, "meta.yaml"),
      stringify({
        artifact_uri: pathToFileURL(resolve(folder, "artifacts")).href,
        end_time: Math.round(end),
        entry_point_name: "",
        experiment_id: experimentId,
        lifecycle_stage: ACTIVE,
        run_id: runId,
        run_name: tags["mlflow.runName"],
        run_uuid: runId,
        source_name: "",
        source_type: 4, // LOCAL
        source_version: "",
        start_time: Math.round(began),
        status: FINISHED,
        tags: [],
        user_id: "multirnet",
      }),
    );
  } catch (error) {
    throw fileErrorOf(folder, error);
  }
  return { runId, folder };
}

/** MLflow's ids are numbers as text; the same name has the same. */
function idOf(name: string): string {
  return String(createHash("sha256").update(name).digest().readUIntBE(0, 6));
}

async function makeExperiment(
  folder: string,
  { name, experimentId, began }: { readonly name: string; readonly experimentId: string; readonly began: number },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "meta.yaml");
  if ((await readFile(path, "utf8").catch(() => undefined)) !== undefined) return;
  await writeFile(
    path,
    stringify({
      artifact_location: pathToFileURL(resolve(folder)).href,
      creation_time: Math.round(began),
      experiment_id: experimentId,
      last_update_time: Math.round(began),
      lifecycle_stage: ACTIVE,
      name,
    }),
  );
}

/** A key may have slashes, which are folders. */
async function writeValue(folder: string, key: string, text: string): Promise<void> {
  const path = join(folder, key);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
}

/** When each step ended, by its seconds: ms. */
function timesOf(steps: readonly LoggedStep[], began: number): number[] {
  let time = began;
  return steps.map(({ seconds, waitSeconds }) => (time += 1000 * (seconds + waitSeconds)));
}

/** MLflow's lines: time, value, step. */
function metricLines({
  steps,
  times,
  epochs,
  metrics,
  end,
}: {
  readonly steps: readonly LoggedStep[];
  readonly times: readonly number[];
  readonly epochs: Awaited<ReturnType<typeof readRunLog>>["epochs"];
  readonly metrics: Awaited<ReturnType<typeof readMetrics>>;
  readonly end: number;
}): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  const add = (key: string, time: number, value: number | undefined, step: number): void => {
    if (value === undefined || !Number.isFinite(value)) return;
    const line = `${String(Math.round(time))} ${String(value)} ${String(step)}`;
    const known = lines.get(key);
    if (known === undefined) lines.set(key, [line]);
    else known.push(line);
  };
  const lastOf = new Map<number, { readonly step: number; readonly time: number }>();
  for (const [index, one] of steps.entries()) {
    const time = times[index] ?? end;
    lastOf.set(one.epoch, { step: one.step, time });
    for (const key of ["loss", "segmentation", "diagnosis", "learningRate"] as const)
      add(`train/${key}`, time, one[key], one.step);
  }
  for (const { epoch, loss, validation } of epochs) {
    const { step = 0, time = end } = lastOf.get(epoch) ?? {};
    add("epoch/loss", time, loss, step);
    for (const [key, value] of Object.entries(validation ?? {})) add(`validation/${key}`, time, value, step);
  }
  if (metrics !== undefined && isMapping(metrics.segmentation)) {
    for (const [key, score] of Object.entries(metrics.segmentation as Mapping)) {
      const mean = isMapping(score) ? score["mean"] : undefined;
      if (typeof mean === "number") add(`test/${key}`, end, mean, steps.at(-1)?.step ?? 0);
    }
  }
  const accuracy =
    metrics === undefined || !("accuracy" in metrics.classification) ? undefined : metrics.classification.accuracy;
  if (typeof accuracy === "number") add("test/accuracy", end, accuracy, steps.at(-1)?.step ?? 0);
  return lines;
}

/** The config's keys with their values, dotted. */
function parametersOf(values: Mapping, prefix = ""): [string, string][] {
  return Object.entries(values).flatMap(([key, value]): [string, string][] => {
    if (isMapping(value)) return parametersOf(value, `${prefix}${key}.`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [[`${prefix}${key}`, text.replaceAll(/\s+/g, " ")]]; // MLflow takes one line
  });
}
