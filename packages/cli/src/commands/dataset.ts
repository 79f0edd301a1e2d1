import {
  checkDataset,
  IMPORT_KINDS,
  importDataset,
  summariseDataset,
  writeDatasetReport,
  type DatasetCheck,
} from "@multirnet/learning";
import { z } from "zod";

import { command, type Answer } from "../command.js";
import type { Io } from "../io.js";

export const datasetImport = command({
  name: "dataset import",
  summary: "A public set into a dataset folder, checked.",
  args: [
    { name: "kind", says: IMPORT_KINDS.join(", ") },
    { name: "src", says: "folder of the set as it was published" },
    { name: "out", says: "new or empty folder" },
  ],
  options: {},
  input: z.strictObject({ kind: z.string(), src: z.string(), out: z.string() }),
  async run({ kind, src, out }, io) {
    return answerOf(out, await importDataset(kind, src, out, options(io)));
  },
});

export const datasetCheck = command({
  name: "dataset check",
  summary: "All that is wrong with a dataset folder, in its tables and inside its scans.",
  args: [{ name: "dir", says: "dataset folder" }],
  options: {},
  input: z.strictObject({ dir: z.string() }),
  async run({ dir }, io) {
    return answerOf(dir, await checkDataset(dir, options(io)));
  },
});

export const datasetSummary = command({
  name: "dataset summary",
  summary:
    "What a dataset folder holds: cases, classes, grids, lesions, intensities; as JSON and as a page with plots.",
  args: [{ name: "dir", says: "dataset folder" }],
  options: { out: { value: "file", says: "HTML page to write" } },
  input: z.strictObject({ dir: z.string(), out: z.string().optional() }),
  async run({ dir, out }, io) {
    const summary = await summariseDataset(dir, options(io));
    if (out !== undefined) await writeDatasetReport(out, summary);
    const { name, cases, patients, diagnoses, sources, masks } = summary;
    const counts = (of: Readonly<Record<string, number>>): string =>
      Object.entries(of)
        .map(([key, count]) => `${key} ${String(count)}`)
        .join(", ");
    const text = [
      `${name}: ${String(cases)} cases of ${String(patients)} patients`,
      `diagnoses: ${counts(diagnoses)}`,
      `sources: ${counts(sources)}`,
      `masks: ${counts(masks)}`,
      ...(out === undefined ? [] : [out]),
    ].join("\n");
    return { json: summary, text };
  },
});

function options(io: Io): { readonly signal: AbortSignal; readonly onCase: (done: number, of: number) => void } {
  return {
    signal: io.signal,
    onCase: (done, of) => {
      io.progress(done, of, "cases checked");
    },
  };
}

/** A dataset with an error is bad input: exit code 2, with the whole list printed. */
function answerOf(dir: string, { cases, problems }: DatasetCheck): Answer {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const text = [
    `${dir}: ${String(cases)} cases, ${problems.length === 0 ? "nothing wrong" : `${String(problems.length)} remarks, ${String(errors)} of them errors`}`,
    ...problems.map(({ severity, message }) => `${severity}: ${message}`),
  ].join("\n");
  return { json: { cases, problems }, text, ...(errors === 0 ? {} : { fault: "input" }) };
}
