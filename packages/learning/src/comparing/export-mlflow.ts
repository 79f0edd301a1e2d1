import {
  ArtifactError,
  foldsFolder,
  foldsIn,
  isRun,
  openRun,
  readRunLog,
  runFolder,
  type LoggedStep,
  type RunLogContent,
} from "@multirnet/artifacts";
import { fileErrorOf } from "@multirnet/base/node";

import { isMapping, type Mapping } from "../config/layers.js";
import { readTrainConfig } from "../config/train-config.js";
import { readMetrics, type MeasuredJson } from "../measuring/read-metrics.js";
import { readRunFacts } from "../training/run-facts.js";
import { positionOfRun } from "../training/state.js";
import { experimentIn, writeStoredRun, type ExportedRun, type StoredRun, type StoredValue } from "./mlflow-store.js";

export interface ExportedRuns extends ExportedRun {
  readonly folds?: readonly ExportedRun[]; // of a cross validation
}

/**
 * Copies a run into an MLflow file store (`mlruns`): parameters are the config's keys, metrics the log's numbers and the means over held-back cases, artifacts
 * the run's own files but for what only resuming needs. A cross validation is a run with the means over all cases, and beneath it those of its folds that have
 * begun. The experiment is found by its name or made. The same run, exported again, is one more run.
 *
 * @param store folder; made where missing
 * @param experiment name; the run's own unless given
 * @returns ids and folders
 * @throws FileError; ArtifactError, for a cross validation of which no fold has begun too, and LearningError as the parts of a run say
 */
export async function exportToMlflow(
  path: string,
  store: string,
  { experiment }: { readonly experiment?: string | undefined } = {},
): Promise<ExportedRuns> {
  const folds = await foldsIn(path);
  const { config, run, beneath } = folds === undefined ? await storedRun(path) : await storedFolds(path, folds);
  try {
    const into = await experimentIn(store, experiment ?? config.name);
    const exported = await writeStoredRun(into, run);
    const below: ExportedRun[] = [];
    for (const fold of beneath) {
      const tags = { ...fold.tags, "mlflow.parentRunId": exported.runId };
      below.push(await writeStoredRun(into, { ...fold, tags }));
    }
    return folds === undefined ? exported : { ...exported, folds: below };
  } catch (error) {
    throw fileErrorOf(store, error);
  }
}

interface ToStore {
  readonly config: { readonly name: string };
  readonly run: StoredRun;
  readonly beneath: readonly StoredRun[];
}

async function storedRun(path: string): Promise<ToStore> {
  const files = await openRun(path);
  const config = await readTrainConfig(files.config);
  const facts = await readRunFacts(files.run);
  const log = await readRunLog(files.log);
  const began = Date.parse(facts.started);
  const times = timesOf(log.steps, began);
  const ended = times.at(-1) ?? began;
  const end = { time: ended, step: log.steps.at(-1)?.step ?? 0 };
  const run: StoredRun = {
    name: facts.fold === undefined ? facts.name : `${facts.name}-fold-${String(facts.fold)}`,
    began,
    ended,
    status: (await positionOfRun(path))?.done === true ? "finished" : "stopped",
    parameters: Object.fromEntries(parametersOf(config)),
    metrics: [...logged(log, times, ended), ...measured(await readMetrics(files.metrics), end)],
    tags: {
      ...(facts.commit === undefined ? {} : { "mlflow.source.git.commit": facts.commit }),
      "multirnet.dataset": facts.dataset,
      "multirnet.synthetic": String(config.data.synthetic),
    },
    artifacts: {
      "config.yaml": files.config,
      "run.json": files.run,
      "model.json": files.card,
      "log.jsonl": files.log,
      "metrics.json": files.metrics,
      "report.html": files.report,
      "checkpoints/last.safetensors": files.last,
      "checkpoints/best.safetensors": files.best,
      pictures: files.pictures,
      predictions: files.predictions,
    },
  };
  return { config, run, beneath: [] };
}

async function storedFolds(path: string, folds: readonly number[]): Promise<ToStore> {
  const files = foldsFolder(path);
  const config = await readTrainConfig(files.config);
  const beneath: StoredRun[] = [];
  for (const fold of folds) if (await isRun(files.run(fold))) beneath.push((await storedRun(files.run(fold))).run);
  if (beneath.length === 0) throw new ArtifactError({ code: "RUN_ABSENT", path: files.run(folds[0] as number) });
  const ended = Math.max(...beneath.map((run) => run.ended));
  const whole = beneath.length === folds.length && beneath.every(({ status }) => status === "finished");
  const run: StoredRun = {
    name: config.name,
    began: Math.min(...beneath.map((one) => one.began)),
    ended,
    status: whole ? "finished" : "stopped",
    parameters: Object.fromEntries(parametersOf(config)),
    metrics: measured(await readMetrics(files.metrics), { time: ended, step: 0 }),
    tags: { "multirnet.synthetic": String(config.data.synthetic) },
    artifacts: {
      "config.yaml": files.config,
      "folds.json": files.list,
      "metrics.json": files.metrics,
      predictions: runFolder(path).predictions,
    },
  };
  return { config, run, beneath };
}

/** When each step ended, by its seconds: ms. */
function timesOf(steps: readonly LoggedStep[], began: number): number[] {
  let time = began;
  return steps.map(({ seconds, waitSeconds }) => (time += 1000 * (seconds + waitSeconds)));
}

/** What the log says of each step and epoch. */
function logged({ steps, epochs }: RunLogContent, times: readonly number[], ended: number): StoredValue[] {
  const values: StoredValue[] = [];
  const lastOf = new Map<number, { readonly step: number; readonly time: number }>();
  for (const [index, one] of steps.entries()) {
    const at = { step: one.step, time: times[index] ?? ended };
    lastOf.set(one.epoch, at);
    for (const key of ["loss", "segmentation", "diagnosis", "learningRate"] as const) {
      const value = one[key];
      if (value !== undefined) values.push({ key: `train/${key}`, value, ...at });
    }
  }
  for (const { epoch, loss, validation } of epochs) {
    const at = lastOf.get(epoch) ?? { step: 0, time: ended };
    values.push({ key: "epoch/loss", value: loss, ...at });
    for (const [key, value] of Object.entries(validation ?? {}))
      values.push({ key: `validation/${key}`, value, ...at });
  }
  return values;
}

/** The means over the cases that were measured. */
function measured(metrics: MeasuredJson | undefined, end: Pick<StoredValue, "time" | "step">): StoredValue[] {
  if (metrics === undefined) return [];
  const means = Object.entries(metrics.segmentation as Mapping).map(([key, score]) => [
    key,
    isMapping(score) ? score["mean"] : undefined,
  ]);
  const accuracy = "accuracy" in metrics.classification ? metrics.classification.accuracy : undefined;
  return [...means, ["accuracy", accuracy]].flatMap(([key, value]) =>
    typeof value === "number" ? [{ key: `test/${String(key)}`, value, ...end }] : [],
  );
}

/** The config's keys with their values, dotted. */
function parametersOf(values: Mapping, prefix = ""): [string, string][] {
  return Object.entries(values).flatMap(([key, value]): [string, string][] => {
    if (isMapping(value)) return parametersOf(value, `${prefix}${key}.`);
    return [[`${prefix}${key}`, typeof value === "string" ? value : JSON.stringify(value)]];
  });
}
