import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  readModelCard,
  openRun,
  readRunLog,
  type ModelCard,
  type RunFolder,
  type RunLogContent,
} from "@multirnet/artifacts";
import type { NotGiven } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import { runReportHtml, type EpochPictures, type LineChart, type RunReport, type Table } from "@multirnet/report";

import { readMetrics, type MeasuredJson } from "../measuring/read-metrics.js";
import { readRunFacts, type RunFacts } from "../training/run-facts.js";

/**
 * Writes `report.html` of a run from what its folder holds: curves from the log, pictures, the held-back cases where they were measured, the config, the
 * machine. It may be written while the run works, and again at any time.
 *
 * @returns its path
 * @throws ArtifactError, also for what is no run; FileError; LearningError RUN_FACTS, METRICS_UNREADABLE
 */
export async function writeRunReport(path: string): Promise<string> {
  const run = await openRun(path);
  const [facts, card, log, metrics, config, pictures] = await Promise.all([
    readRunFacts(run.run),
    readModelCard(run.card),
    readRunLog(run.log),
    readMetrics(run.metrics),
    readFile(run.config, "utf8"),
    picturesOf(run),
  ]);
  const report: RunReport = {
    title: facts.fold === undefined ? facts.name : `${facts.name}, fold ${String(facts.fold)}`,
    createdAt: new Date().toISOString(),
    synthetic: card.data.synthetic,
    facts: factsOf(log, metrics),
    curves: curvesOf(log),
    pictures,
    table: tableOf(metrics),
    terms: termsOf(facts, card),
    config,
    warnings: warningsOf(facts, metrics),
    notice: card.notice,
  };
  await writeFileAtomically(run.report, [runReportHtml(report)]);
  return run.report;
}

function factsOf({ steps, epochs }: RunLogContent, metrics: MeasuredJson | undefined): RunReport["facts"] {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const waited = steps.reduce((sum, step) => sum + step.waitSeconds, 0);
  const validated = epochs.flatMap(({ validation }) => validation?.score ?? []);
  return [
    { name: "Steps", value: steps.length },
    { name: "Epochs", value: epochs.length },
    { name: "Time in steps", value: seconds / 60, unit: "min" },
    {
      name: "Waited for data",
      value: steps.length === 0 ? { undefined: "no step" } : (100 * waited) / (seconds + waited),
      unit: "%",
    },
    { name: "Loss of the last epoch", value: epochs.at(-1)?.loss ?? { undefined: "no epoch has ended" } },
    {
      name: "Best validation",
      value: validated.length === 0 ? { undefined: "no validation" } : validated.reduce((a, b) => Math.max(a, b)),
    },
    { name: "V-DSC of measured cases", value: metrics === undefined ? NOT_MEASURED : vdscOf(metrics.segmentation) },
    ...Object.entries(metrics?.types ?? {}).map(([type, means]) => ({ name: `V-DSC, ${type}`, value: vdscOf(means) })),
    { name: "Accuracy on measured cases", value: accuracyOf(metrics) },
  ];
}

const NOT_MEASURED: NotGiven = { undefined: "not measured" };

function vdscOf(means: MeasuredJson["segmentation"]): number | NotGiven {
  return isAbsent(means) ? means : (means["vdsc"]?.mean ?? NOT_MEASURED);
}

function accuracyOf(metrics: MeasuredJson | undefined): number | NotGiven {
  if (metrics === undefined) return NOT_MEASURED;
  return isAbsent(metrics.classification) ? metrics.classification : metrics.classification.accuracy;
}

function curvesOf({ steps, epochs }: RunLogContent): LineChart[] {
  const last = (epoch: number): number => stepAtEnd.get(epoch) ?? NaN;
  const stepAtEnd = new Map(steps.map(({ epoch, step }) => [epoch, step]));
  const part = (name: "loss" | "segmentation" | "diagnosis"): { x: number; y: number }[] =>
    smoothed(steps.flatMap((step) => (step[name] === undefined ? [] : { x: step.step, y: step[name] })));
  const judged = (name: "vdsc" | "accuracy"): { x: number; y: number }[] =>
    epochs.flatMap(({ epoch, validation }) =>
      validation?.[name] === undefined ? [] : { x: last(epoch), y: validation[name] },
    );
  return [
    {
      title: "Loss, mean of each hundredth of the steps",
      xLabel: "steps",
      yLabel: "loss",
      series: [
        { name: "all", points: part("loss") },
        { name: "outline", points: part("segmentation") },
        { name: "diagnosis", points: part("diagnosis") },
      ].filter(({ points }) => points.length > 0),
    },
    {
      title: "Validation on whole cases",
      xLabel: "steps",
      yLabel: "V-DSC, accuracy",
      series: [
        { name: "V-DSC", points: judged("vdsc") },
        { name: "accuracy", points: judged("accuracy") },
      ].filter(({ points }) => points.length > 0),
    },
    {
      title: "Learning rate",
      xLabel: "steps",
      yLabel: "learning rate, thousandths",
      series: [
        { name: "rate", points: smoothed(steps.map((step) => ({ x: step.step, y: 1000 * step.learningRate }))) },
      ],
    },
    {
      title: "Time of a step",
      xLabel: "steps",
      yLabel: "seconds",
      series: [{ name: "step", points: smoothed(steps.map((step) => ({ x: step.step, y: step.seconds }))) }],
    },
  ];
}

const MOST_POINTS = 100;

/** Means of equal stretches, so that a long training is a line and not a cloud. */
function smoothed(points: readonly { readonly x: number; readonly y: number }[]): { x: number; y: number }[] {
  const length = Math.ceil(points.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(points.length / Math.max(1, length)) }, (_, i) => {
    const stretch = points.slice(i * length, (i + 1) * length);
    const mean = (of: "x" | "y"): number => stretch.reduce((sum, point) => sum + point[of], 0) / stretch.length;
    return { x: mean("x"), y: mean("y") };
  });
}

const COLUMNS = [
  ["V-DSC", "vdsc"],
  ["S-DSC 1 mm", "sdsc"],
  ["ASO 1 mm", "aso"],
  ["ASD mm", "asdMm"],
  ["HD95 mm", "hd95Mm"],
] as const;

function tableOf(metrics: MeasuredJson | undefined): Table | NotGiven {
  if (metrics === undefined) return { undefined: "no case was held back, or the run has not ended" };
  const outlined = !isAbsent(metrics.segmentation);
  const diagnosed = !isAbsent(metrics.classification);
  const types = Object.keys(metrics.types ?? {});
  const rows = metrics.cases.map(({ case: name, segmentation, types: ofTypes, diagnosis }) => [
    name,
    ...(outlined ? COLUMNS.map(([, key]) => segmentation?.[key] ?? { undefined: "no mask" }) : []),
    ...types.map((type) => ofTypes?.[type]?.vdsc ?? { undefined: "no mask" }),
    ...(diagnosed ? [diagnosis?.truth ?? "not known", diagnosis?.prediction ?? "none"] : []),
  ]);
  return {
    head: [
      "Case",
      ...(outlined ? COLUMNS.map(([title]) => title) : []),
      ...types.map((type) => `V-DSC, ${type}`),
      ...(diagnosed ? ["Diagnosis", "Found"] : []),
    ],
    rows,
    note: `${String(metrics.cases.length)} ${metrics.split} cases of ${metrics.dataset} (${metrics.region}); ${seenText(metrics)}.`,
  };
}

function seenText({ cases, seenInTraining: seen }: MeasuredJson): string {
  if (seen.length === cases.length) return "all of them trained or chose the weights";
  return `none of them trained or chose the weights${seen.length === 0 ? "" : ` but ${seen.join(", ")}`}`;
}

function termsOf(facts: RunFacts, card: ModelCard): RunReport["terms"] {
  const { cases, host, versions, threads, commit } = facts;
  return [
    { name: "Network", text: card.network.name },
    { name: "Seed", text: String(facts.seed) },
    { name: "Dataset", text: `${card.data.name}, SHA-256 ${facts.dataset}` },
    { name: "Trained on", text: cases.train.join(", ") },
    { name: "Validated on", text: cases.validation.join(", ") || "none" },
    { name: "Held back", text: cases.test.join(", ") || "none" },
    ...(facts.initialWeights === undefined
      ? []
      : [{ name: "Initial weights", text: `SHA-256 ${facts.initialWeights}` }]),
    { name: "Began", text: facts.started },
    { name: "Machine", text: `${host.name}, ${String(host.cpus)} processors, ${String(threads)} threads` },
    ...(commit === undefined ? [] : [{ name: "Code", text: `commit ${commit}` }]),
    ...Object.entries(versions).map(([name, version]) => ({ name, text: version })),
    { name: "Licence of the weights", text: card.licence },
    { name: "Licence of the data", text: card.data.licence },
  ];
}

function warningsOf({ cases }: RunFacts, metrics: MeasuredJson | undefined): string[] {
  if (metrics === undefined || metrics.seenInTraining.length === 0) return [];
  return [
    `${String(metrics.seenInTraining.length)} of the measured cases were among the ${String(cases.train.length + cases.validation.length)} that made or chose the weights: no measure of anything new`,
  ];
}

function isAbsent(value: object): value is NotGiven {
  return "undefined" in value;
}

async function picturesOf({ pictures }: RunFolder): Promise<EpochPictures[]> {
  const names = await readdir(pictures).catch(() => []);
  const byEpoch = new Map<number, EpochPictures["pictures"][number][]>();
  for (const file of names.sort()) {
    const [, epoch, name] = /^epoch-(\d+)-(.+)\.png$/.exec(file) ?? [];
    if (epoch === undefined || name === undefined) continue;
    const uri = `data:image/png;base64,${await readFile(join(pictures, file), "base64")}`;
    byEpoch.set(Number(epoch), [...(byEpoch.get(Number(epoch)) ?? []), { name, uri }]);
  }
  return Array.from(byEpoch, ([epoch, found]) => ({ epoch, pictures: found }));
}
