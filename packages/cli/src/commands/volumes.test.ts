import { LPS_AXES, type Volume } from "@multirnet/imaging";
import { readLabels, readScan, writeNifti } from "@multirnet/imaging/node";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { json, madeFolder, run } from "../testing/run.js";

// Unequal on purpose: a swapped axis or a forgotten spacing must change the answer.
const size = { x: 5, y: 4, z: 3 };
const grid = { size, spacingMm: { x: 0.5, y: 0.75, z: 2 }, originMm: { x: 1, y: 2, z: 3 }, axes: LPS_AXES };
const scan: Volume<"hounsfield"> = {
  meaning: "hounsfield",
  grid,
  voxels: Float32Array.from({ length: 60 }, (_, i) => i * 10 - 300),
};

function mask(...voxels: readonly number[]): Volume<"label"> {
  const values = new Uint8Array(60);
  for (const voxel of voxels) values[voxel] = 1;
  return { meaning: "label", grid, voxels: values };
}

test("info tells grid, orientation and Hounsfield units", async () => {
  const path = join(madeFolder(), "scan.nii.gz");
  await writeNifti(path, scan);
  expect(await json("info", path)).toEqual({
    format: "nifti-1",
    size,
    spacingMm: grid.spacingMm,
    orientation: "LPS",
    hu: { min: -300, max: 290, mean: -5 },
    voxels: 60,
    slices: 3,
    warnings: [],
  });
  const { stdout } = await run("info", path);
  expect(stdout).toBe(
    [
      "format       nifti-1",
      "size         5 × 4 × 3 voxels",
      "spacing      0.5 × 0.75 × 2 mm",
      "orientation  LPS: where each axis points to",
      "HU           -300 to 290, mean -5.0",
      "",
    ].join("\n"),
  );
});

test("convert keeps voxels, grid and description, and refuses a format that it does not write", async () => {
  const folder = madeFolder();
  const [from, to] = [join(folder, "a.nii.gz"), join(folder, "b.nii")];
  await writeNifti(from, scan, { description: "multirnet phantom: synthetic, no patient" });
  expect(await json("convert", from, to)).toEqual({ size, spacingMm: grid.spacingMm });
  const read = await readScan(to);
  expect(read.volume).toEqual(scan);
  expect(read.description).toBe("multirnet phantom: synthetic, no patient");
  const { code, stderr } = await run("convert", from, join(folder, "b.nrrd"));
  expect(code).toBe(2);
  expect(stderr).toBe(
    `multirnet convert: cannot tell the format of ${join(folder, "b.nrrd")} by its ending: expected .nii or .nii.gz\n`,
  );
});

test("resample keeps the outer edges: half the spacing is twice the voxels; a mask stays a mask", async () => {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, name);
  await writeNifti(path("scan.nii"), scan);
  await writeNifti(path("mask.nii"), mask(0, 1, 25));
  const spacing = ["--spacing-mm", "0.25,0.75,2"];
  expect(await json("resample", path("scan.nii"), path("out.nii"), ...spacing)).toEqual({
    size: { x: 10, y: 4, z: 3 },
    spacingMm: { x: 0.25, y: 0.75, z: 2 },
  });
  await json("resample", path("mask.nii"), path("labels.nii.gz"), ...spacing, "--label");
  const { voxels } = (await readLabels(path("labels.nii.gz"))).volume;
  expect(voxels.reduce((sum, value) => sum + value, 0)).toBe(6); // each voxel has become two
  expect([...voxels.subarray(0, 5)]).toEqual([1, 1, 1, 1, 0]);
});

test("metrics of masks with 2 and 3 voxels, 2 of them shared; empty masks say why there is no score", async () => {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, `${name}.nii.gz`);
  await writeNifti(path("truth"), mask(21, 22));
  await writeNifti(path("prediction"), mask(21, 22, 23));
  await writeNifti(path("empty"), mask());
  const scores = await json("metrics", path("truth"), path("prediction"));
  expect(Object.keys(scores)).toEqual([
    "vdsc",
    "sdsc",
    "aso",
    "asdMm",
    "asdVoxelMm",
    "hd95Mm",
    "hd95VoxelMm",
    "truthMl",
    "predictionMl",
  ]);
  expect(scores).toMatchObject({
    vdsc: expect.closeTo(0.8, 12), // 2·2 / (2 + 3)
    sdsc: 1, // no element lies more than half a millimetre from the other surface
    asdVoxelMm: expect.closeTo(0.1, 9), // of the five surface voxels one has a distance, 0.5 mm
    truthMl: expect.closeTo(0.0015, 12), // 2 · 0.75 mm³
  });
  expect(await json("metrics", path("empty"), path("empty"))).toMatchObject({
    vdsc: { undefined: "both are empty" },
    hd95Mm: { undefined: "both are empty" },
    predictionMl: 0,
  });
  expect(await json("metrics", path("truth"), path("prediction"), "--tolerance-mm", "0", "--label", "2")).toMatchObject(
    { vdsc: { undefined: "both are empty" } },
  );
});

test("masks on two grids are refused, and the message says in what they differ", async () => {
  const folder = madeFolder();
  const [a, b] = [join(folder, "a.nii"), join(folder, "b.nii")];
  await writeNifti(a, mask(1));
  await writeNifti(b, { ...mask(1), grid: { ...grid, spacingMm: { x: 0.5, y: 0.75, z: 2.5 } } });
  const { code, stderr } = await run("metrics", a, b);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^multirnet metrics: .*2\.5/);
});

test("a file that is no scan is refused in one line", async () => {
  const path = join(madeFolder(), "scan.nii");
  writeFileSync(path, "not a scan at all");
  const { code, stdout, stderr } = await run("info", path, "--json");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^multirnet info: [^\n]+\n$/);
});
