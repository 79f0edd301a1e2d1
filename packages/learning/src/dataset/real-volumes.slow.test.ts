import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { readLabels } from "@multirnet/imaging/node";
import { expect, test } from "vitest";

import { openDataset } from "./dataset.js";
import { splitCases } from "./folds.js";
import { importDataset } from "./import.js";
import { prepareCase } from "./prepare-case.js";
import { madeFolder } from "./testing/made-dataset.js";

const source = fileURLToPath(new URL("../../../../../shared/data/covid-ct-seg-aligned", import.meta.url));

test("the twelve real volumes import, check without an error, split and prepare", async (context) => {
  if (!existsSync(source)) context.skip(`no real volumes at ${source}`);
  const out = join(await madeFolder(), "out");
  const { cases, problems } = await importDataset("covid-ct-seg-aligned", source, out);
  expect(cases).toBe(12);
  // Slices without a label, as the data's own table counts them; nothing else is to be said.
  expect(
    problems.map(({ severity, case: name, message }) => [severity, name, /\d+ slices/.exec(message)?.[0]]),
  ).toEqual([
    ["note", "coronacases_004", "7 slices"],
    ["note", "coronacases_009", "2 slices"],
  ]);
  const dataset = await openDataset(out);
  const { train, heldOut } = splitCases(dataset.cases, { fold: 0, folds: 4, seed: 0 });
  expect(heldOut.map(({ name }) => name)).toEqual(["coronacases_003", "coronacases_009", "radiopaedia_14_85914_0"]);
  expect(train).toHaveLength(9);

  const entry = dataset.cases.find(({ name }) => name === "radiopaedia_7_85703_0");
  if (entry === undefined) throw new Error("the case is gone");
  const prepared = await prepareCase(entry, dataset.labels, {
    spacing: { x: 1.5, y: 1.5, z: 2 },
    channels: ["lesion"],
  });
  // 436 × 369 × 23 voxels of 0.68 × 0.68 × 6 mm; its z axis runs to the feet and is turned.
  expect(prepared.grid.size).toEqual({ x: 198, y: 167, z: 69 });
  expect(prepared.grid.axes).toEqual({ x: { x: 1, y: 0, z: 0 }, y: { x: 0, y: 1, z: 0 }, z: { x: 0, y: 0, z: 1 } });
  expect(prepared.sourceGrid.axes.z.z).toBe(-1);
  const lesion = prepared.components.reduce((sum, { voxels }) => sum + voxels, 0);
  // 181,399 infected voxels of the source, each 0.68² · 6 of 1.5² · 2 mm³: 112,000 of the working grid's, to a few percent.
  expect(lesion / ((181_399 * 0.68 * 0.68 * 6) / (1.5 * 1.5 * 2))).toBeCloseTo(1, 1);
  expect(prepared.placesAre).toBe("lung");
}, 600_000);

const slices = fileURLToPath(new URL("../../../../../shared/data/covid-ct-2d", import.meta.url));

test("the fifty real slices import, and their masks hold what their source counts", async (context) => {
  if (!existsSync(slices)) context.skip(`no real slices at ${slices}`);
  const out = join(await madeFolder(), "out");
  const { cases, problems } = await importDataset("covid-semiseg", slices, out);
  expect(cases).toBe(50);
  expect(problems.map(({ code }) => code)).toEqual(["DATASET_PATIENTS_UNKNOWN"]);
  const dataset = await openDataset(out);
  const [first] = dataset.cases;
  const { volume } = await readLabels(first?.label ?? "");
  // labels/0.png is 273 × 369; its pixels by place in the palette, as another reader counts them.
  expect(volume.grid.size).toEqual({ x: 369, y: 273, z: 1 });
  const count = (value: number): number => volume.voxels.reduce((sum, label) => sum + Number(label === value), 0);
  expect([count(1), count(2)]).toEqual([8136, 27645]);
});
