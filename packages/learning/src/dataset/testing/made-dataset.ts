import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { LPS_AXES, type Grid, type Volume, type Xyz } from "@multirnet/imaging";
import { writeNifti } from "@multirnet/imaging/node";
import { onTestFinished } from "vitest";

/** Unequal on purpose. */
export const GRID: Grid = {
  size: { x: 9, y: 7, z: 5 },
  spacingMm: { x: 1.5, y: 1.4, z: 2.5 },
  originMm: { x: -10, y: 20, z: 30 },
  axes: LPS_AXES,
};

/** A folder for one test, gone after it, with these files in it: texts and bytes as they are, volumes as NIfTI. */
export async function madeFolder(files: Readonly<Record<string, string | Uint8Array | Volume>> = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "dataset-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) await writeFile(path, content);
    else await writeNifti(path, content);
  }
  return dir;
}

/** A block of 40 HU in air. */
export function madeScan(grid: Grid = GRID): Volume<"hounsfield"> {
  const { size } = grid;
  const voxels = new Float32Array(size.x * size.y * size.z).fill(-1000);
  for (const { x, y, z } of placesOf(size)) {
    if (x > 0 && y > 0 && x < size.x - 1 && y < size.y - 1) voxels[x + size.x * (y + size.y * z)] = 40;
  }
  return { meaning: "hounsfield", grid, voxels };
}

/** A mask with these values at these voxels. */
export function madeMask(marks: readonly (readonly [Xyz, number])[], grid: Grid = GRID): Volume<"label"> {
  const { size } = grid;
  const voxels = new Uint8Array(size.x * size.y * size.z);
  for (const [{ x, y, z }, value] of marks) voxels[x + size.x * (y + size.y * z)] = value;
  return { meaning: "label", grid, voxels };
}

export function placesOf({ x, y, z }: Xyz): Xyz[] {
  return Array.from({ length: x * y * z }, (_, i) => ({
    x: i % x,
    y: Math.floor(i / x) % y,
    z: Math.floor(i / (x * y)),
  }));
}
