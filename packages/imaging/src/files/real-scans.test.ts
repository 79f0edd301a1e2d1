import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { bodyBox } from "../body.js";
import { boundingBox } from "../box.js";
import { connectedComponents } from "../components.js";
import { sameGrid } from "../grid.js";
import { decodeNifti } from "../nifti/decode.js";
import { encodeNifti } from "../nifti/encode.js";
import { orientation, orientLike, orientTo } from "../orientation.js";
import { huStatistics } from "../statistics.js";
import { readLabels, readScan } from "./read.js";

// Real data lies beside the repository, and does not come with it; see the README of that folder for the numbers below.
const data = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));
const heart = join(data, "totalseg-cardiac-ct");
const aligned = join(data, "covid-ct-seg-aligned");

test.skipIf(!existsSync(heart))(
  "a real CT: size, orientation, Hounsfield units (skipped where ../shared/data is not there)",
  async () => {
    const { volume, format, warnings } = await readScan(join(heart, "ct_cropped.nii.gz"));
    expect(format).toBe("nifti-1");
    expect(volume.grid.size).toEqual({ x: 122, y: 102, z: 112 });
    expect(volume.grid.spacingMm).toEqual({ x: 1.5, y: 1.5, z: 1.5 });
    expect(orientation(volume.grid)).toBe("LPS");
    const { min, max } = huStatistics(volume);
    expect([min, max]).toEqual([-1064, 3343]);
    expect(warnings).toEqual(["the header does not say the unit of its spacing (code 0): taken as mm"]);
    const { volume: artery } = await readLabels(join(heart, "pulmonary_artery.nii.gz"), { allowed: [0, 1] });
    expect(sameGrid(artery.grid, volume.grid)).toBe(true);
  },
);

// Of README.md: infection voxels, and which way the header says the axes run.
const cases = [
  { name: "coronacases_006", axes: "LPS", size: { x: 370, y: 270, z: 39 }, infected: 96_512 },
  { name: "radiopaedia_10_85902_1", axes: "LAS", size: { x: 495, y: 330, z: 8 }, infected: 41_206 },
  { name: "radiopaedia_7_85703_0", axes: "LAI", size: { x: 436, y: 369, z: 23 }, infected: 181_399 },
];

test.skipIf(!existsSync(aligned)).each(cases)(
  "a real scan and its masks, turned and turned back: $name (skipped where ../shared/data is not there)",
  async ({ name, axes, size, infected }) => {
    const { volume, warnings } = await readScan(join(aligned, "image", `${name}.nii.gz`));
    const { volume: infection } = await readLabels(join(aligned, "infection", `${name}.nii.gz`), { allowed: [0, 1] });
    expect(warnings).toEqual([]);
    expect(orientation(volume.grid)).toBe(axes);
    expect(volume.grid.size).toEqual(size);
    expect(infection.grid).toEqual(volume.grid);
    expect(infection.voxels.reduce((sum, label) => sum + label, 0)).toBe(infected);

    const turned = orientTo(infection);
    expect(orientation(turned.grid)).toBe("LPS");
    const back = orientLike(turned, volume.grid);
    expect(back.grid).toBe(volume.grid);
    expect(Buffer.compare(back.voxels, infection.voxels)).toBe(0);
    const pieces = (mask: typeof infection): number[] =>
      connectedComponents(mask, 26)
        .components.map(({ voxels }) => voxels)
        .sort((a, b) => a - b);
    expect(pieces(turned)).toEqual(pieces(infection));

    const written = decodeNifti(encodeNifti(back), "mask.nii", "label").volume;
    expect(written.grid).toEqual(volume.grid); // to the last bit
  },
);

test.skipIf(!existsSync(aligned))(
  "the body's box holds the lungs of real scans (skipped where ../shared/data is not there)",
  async () => {
    const files = readdirSync(join(aligned, "image")).filter((file) =>
      /^(coronacases_006|radiopaedia_(10|29|7))/.test(file),
    );
    expect(files.length).toBe(4);
    for (const file of files) {
      const body = bodyBox((await readScan(join(aligned, "image", file))).volume);
      const lungs = boundingBox((await readLabels(join(aligned, "lung", file))).volume);
      if (!lungs) throw new Error(`${basename(file)} has no lungs`);
      for (const axis of ["x", "y", "z"] as const) {
        expect(body.from[axis]).toBeLessThanOrEqual(lungs.from[axis]);
        expect(body.from[axis] + body.size[axis]).toBeGreaterThanOrEqual(lungs.from[axis] + lungs.size[axis]);
      }
    }
  },
);
