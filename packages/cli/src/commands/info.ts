import { huStatistics, orientation, voxelCount } from "@multirnet/imaging";
import { readScan } from "@multirnet/imaging/node";
import { z } from "zod";

import { command } from "../command.js";
import { textTable } from "../text-table.js";

export const info = command({
  name: "info",
  summary: "Header, grid and Hounsfield statistics of a scan.",
  args: [{ name: "scan", says: "NIfTI file" }],
  options: {},
  input: z.strictObject({ scan: z.string() }),
  async run({ scan: path }) {
    const { volume, format, warnings } = await readScan(path);
    const { size, spacingMm } = volume.grid;
    const hu = huStatistics(volume);
    const json = {
      format,
      size,
      spacingMm,
      orientation: orientation(volume.grid),
      hu,
      voxels: voxelCount(volume.grid),
      slices: size.z,
      warnings,
    };
    const text = textTable([
      ["format", format],
      ["size", `${String(size.x)} × ${String(size.y)} × ${String(size.z)} voxels`],
      ["spacing", `${String(spacingMm.x)} × ${String(spacingMm.y)} × ${String(spacingMm.z)} mm`],
      ["orientation", `${json.orientation}: where each axis points to`],
      ["HU", `${String(hu.min)} to ${String(hu.max)}, mean ${hu.mean.toFixed(1)}`],
      ...warnings.map((warning) => ["warning", warning]),
    ]);
    return { json, text };
  },
});
