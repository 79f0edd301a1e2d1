import type { Volume } from "@multirnet/imaging";

import { EvaluationError } from "../errors.js";

/**
 * One label of a label volume as a mask of 0 and 1; without a label, every value above 0 counts.
 *
 * @throws EvaluationError EVALUATION_LABEL_INVALID for anything but a whole number from 1 to 255
 */
export function labelMask(volume: Volume<"label">, label?: number): Volume<"label"> {
  if (label !== undefined && !(Number.isInteger(label) && label >= 1 && label <= 255)) {
    throw new EvaluationError({ code: "EVALUATION_LABEL_INVALID", label });
  }
  const { voxels } = volume;
  const mask = new Uint8Array(voxels.length);
  for (let i = 0; i < mask.length; i++) {
    const value = voxels[i] as number;
    mask[i] = (label === undefined ? value > 0 : value === label) ? 1 : 0;
  }
  return { meaning: "label", grid: volume.grid, voxels: mask };
}
