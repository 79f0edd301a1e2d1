import type { Volume } from "./volume.js";

/** A range of Hounsfield units that is looked at; what lies outside is clipped. */
export interface HuWindow {
  readonly low: number;
  readonly high: number;
}

/** From air to dense tissue. The paper names no window; this choice stands here and nowhere else. */
export const CT_WINDOW_HU: HuWindow = { low: -1000, high: 400 };

/** @returns the scan's voxels, (HU - low) / (high - low) clipped to [0, 1], in the volume's order */
export function windowed({ voxels }: Volume<"hounsfield">, window: HuWindow = CT_WINDOW_HU): Float32Array {
  const { low, high } = window;
  const range = high - low;
  const out = new Float32Array(voxels.length);
  for (let i = 0; i < voxels.length; i++) {
    const share = ((voxels[i] as number) - low) / range;
    out[i] = share > 0 ? (share < 1 ? share : 1) : 0;
  }
  return out;
}
