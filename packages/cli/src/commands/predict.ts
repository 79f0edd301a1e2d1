import { join } from "node:path";

import { writeJson } from "@multirnet/artifacts";
import { isNotGiven, type NotGiven } from "@multirnet/base";
import { requireFreeFolder, writeFileAtomically, writeFolderAtomically } from "@multirnet/base/node";
import { aboutEngine } from "@multirnet/engine";
import { huStatistics, PHANTOM_DESCRIPTION } from "@multirnet/imaging";
import { readScan, writeNifti } from "@multirnet/imaging/node";
import { findingOf, findInScan, loadModel, passesOf, type Finding } from "@multirnet/inference";
import { reportOf, scanReportHtml } from "@multirnet/report";
import { z } from "zod";

import { command } from "../command.js";
import { whole } from "../options.js";
import { textTable } from "../text-table.js";

/** What a prediction's folder holds; another prediction may take its place. */
const FILES = {
  lesions: "lesions.nii.gz",
  probability: "probability.nii.gz",
  finding: "finding.json",
  report: "report.html",
} as const;
const PROBABILITY_STEPS = 1000;

export const predict = command({
  name: "predict",
  summary: "The whole pipeline on one scan: lesion mask, probabilities, diagnosis and report.",
  args: [
    { name: "model", says: "run folder, cross validation, bundle folder or zip" },
    { name: "scan", says: "NIfTI file" },
  ],
  options: {
    out: { value: "dir", says: "new folder, empty folder or older prediction" },
    engine: { value: "e", says: "torch" },
    passes: { value: "n", says: "extra passes, in place of the network's own number" },
  },
  input: z.strictObject({
    model: z.string(),
    scan: z.string(),
    out: z.string(),
    engine: z.literal("torch", "expected torch: ONNX comes later").default("torch"),
    passes: whole(0).optional(),
  }),
  async run({ model: modelPath, scan: path, out, passes }, io) {
    await requireFreeFolder(out, Object.values(FILES));
    const reading = readScan(path);
    reading.catch(() => undefined); // heard below; the model's fault comes first
    const { card, network, digest } = await loadModel(modelPath);
    const { volume: scan, description, warnings } = await reading;
    const found = await findInScan(network, scan, card, {
      passes: passesOf(card, passes),
      signal: io.signal,
      onWindow: (done, windows) => {
        io.progress(done, windows, "windows");
      },
    });
    network.release();
    const finding = findingOf(card, found, { hu: huStatistics(scan), warnings });
    const versions = { ...finding.versions, libtorch: aboutEngine().version };
    const { lesions, probability } = found;
    const outlines = card.labels.length > 0;
    const names = Object.entries(FILES).filter(([name]) => outlines || (name !== "lesions" && name !== "probability"));
    const files = Object.fromEntries(names.map(([name, file]) => [name, join(out, file)]));
    const json = { ...finding, versions, model: { path: modelPath, sha256: digest }, scan: path, files };
    const page = scanReportHtml(
      reportOf(
        { ...finding, versions },
        {
          title: path.slice(path.lastIndexOf("/") + 1).replace(/\.nii(\.gz)?$/, ""),
          createdAt: new Date().toISOString(),
          synthetic: description === PHANTOM_DESCRIPTION,
          scan,
          lesions,
          probability,
          lesionTypes: card.labels,
        },
      ),
    );
    await writeFolderAtomically(
      out,
      async (staging) => {
        // All have ended before a fault is told, so that none writes into a folder that is being removed.
        const written = await Promise.allSettled([
          outlines ? writeNifti(join(staging, FILES.lesions), lesions) : undefined,
          probability && writeNifti(join(staging, FILES.probability), probability, { steps: PROBABILITY_STEPS }),
          writeFileAtomically(join(staging, FILES.report), [page]),
          writeJson(join(staging, FILES.finding), json),
        ]);
        const failed = written.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
        if (failed !== undefined) throw failed.reason;
      },
      { replaces: Object.values(FILES) },
    );
    return { json, text: textOf(json) };
  },
});

function textOf(json: Finding & { readonly files: Readonly<Record<string, string>> }): string {
  const { diagnosis, probabilities, lesionMl, lesions, warnings, notice, files } = json;
  const likely = Object.entries(probabilities).map(([name, p]) =>
    typeof p === "number" ? `${name} ${(100 * p).toFixed(1)} %` : "",
  );
  const given = <T>(value: T | NotGiven, words: (value: T) => string): string =>
    isNotGiven(value) ? `not given: ${value.undefined}` : words(value);
  return textTable([
    ["diagnosis", given(diagnosis, (name) => `${name} (${likely.join(", ")})`)],
    ["lesions", given(lesionMl, (ml) => `${ml.toFixed(1)} ml in ${String(lesions.length)} parts`)],
    ...Object.entries(files).map(([name, file]) => [name, file]),
    ...warnings.map((warning) => ["warning", warning]),
    ["notice", notice],
  ]);
}
