import { isNotGiven, type NotGiven } from "@multirnet/base";
import { compareRuns, exportToMlflow, listRuns, writeRunReport } from "@multirnet/learning";
import { z } from "zod";

import { command } from "../command.js";
import { textTable } from "../text-table.js";

export const runsList = command({
  name: "runs list",
  summary: "The runs and cross validations in a folder, with what they reached.",
  args: [{ name: "dir", says: "folder of runs; default runs", optional: true }],
  options: {},
  input: z.strictObject({ dir: z.string().default("runs") }),
  async run({ dir }) {
    const runs = await listRuns(dir);
    const rows = runs.flatMap((run) => {
      if (run.kind === "damaged") return [];
      const { path, network, seed, fold, steps, epochs, ofEpochs, vdsc, accuracy } = run;
      const held = isNotGiven(fold) ? fold.undefined : `fold ${String(fold)}`;
      const made = [String(steps), `${String(epochs)}/${String(ofEpochs)}`];
      return [[path, network, String(seed), held, ...made, figure(vdsc), figure(accuracy)]];
    });
    const damaged = runs.flatMap((run) =>
      run.kind === "damaged" ? [`${run.path} cannot be read: ${run.because}`] : [],
    );
    const head = ["run", "network", "seed", "held back", "steps", "epochs", "V-DSC", "accuracy"];
    const table = rows.length === 0 ? [] : [textTable([head, ...rows])];
    return { json: { runs }, text: runs.length === 0 ? `no run in ${dir}` : [...table, ...damaged].join("\n") };
  },
});

export const runsCompare = command({
  name: "runs compare",
  summary: "What two runs measured, paired by case.",
  args: [
    { name: "a", says: "run, cross validation, or folder of evaluate --out" },
    { name: "b", says: "another" },
  ],
  options: {},
  input: z.strictObject({ a: z.string(), b: z.string() }),
  async run({ a, b }) {
    const compared = await compareRuns(a, b);
    const rows = Object.entries(compared.scores).map(([name, score]) => [
      name,
      score.a.toFixed(3),
      score.b.toFixed(3),
      score.difference.toFixed(3),
      isNotGiven(score.difference95)
        ? score.difference95.undefined
        : `[${score.difference95.low.toFixed(3)}, ${score.difference95.high.toFixed(3)}]`,
      `${String(score.better)} of ${String(score.cases)}`,
    ]);
    const alone = [
      ...(compared.onlyA.length === 0 ? [] : [`only in a: ${compared.onlyA.join(", ")}`]),
      ...(compared.onlyB.length === 0 ? [] : [`only in b: ${compared.onlyB.join(", ")}`]),
    ];
    const { a: seenByA, b: seenByB } = compared.seenInTraining;
    const seen = [
      ...(seenByA.length === 0 ? [] : [`a has seen in training: ${seenByA.join(", ")}`]),
      ...(seenByB.length === 0 ? [] : [`b has seen in training: ${seenByB.join(", ")}`]),
    ];
    const head = ["score", "a", "b", "b − a", "95 % (bootstrap over cases)", "cases in which b is larger"];
    return { json: compared, text: [textTable([head, ...rows]), ...alone, ...seen].join("\n") };
  },
});

export const runsReport = command({
  name: "runs report",
  summary: "The page on a run (report.html) made anew, also while it works.",
  args: [{ name: "run", says: "run folder" }],
  options: {},
  input: z.strictObject({ run: z.string() }),
  async run({ run }) {
    const report = await writeRunReport(run);
    return { json: { report }, text: report };
  },
});

export const runsExport = command({
  name: "runs export",
  summary: "A run into an MLflow file store, to be seen beside others.",
  args: [
    { name: "run", says: "run folder, or cross validation: a run with those of its folds beneath it" },
    { name: "store", says: "MLflow's folder, such as mlruns" },
  ],
  options: { experiment: { value: "name", says: "MLflow's experiment; default the run's name" } },
  input: z.strictObject({ run: z.string(), store: z.string(), experiment: z.string().min(1).optional() }),
  async run({ run, store, experiment }) {
    const exported = await exportToMlflow(run, store, { experiment });
    return { json: exported, text: [exported, ...(exported.folds ?? [])].map(({ folder }) => folder).join("\n") };
  },
});

function figure(value: number | NotGiven): string {
  return isNotGiven(value) ? value.undefined : value.toFixed(3);
}
