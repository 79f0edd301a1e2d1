import type { Anatomy } from "./anatomy.js";

export const LOBES = ["right upper", "right middle", "right lower", "left upper", "left lower"] as const;
export type Lobe = (typeof LOBES)[number];

/** @returns how far a point lies over the oblique fissure in mm; below it is the lower lobe */
export function aboveOblique({ fissures }: Anatomy, y: number, z: number): number {
  const slope = fissures.obliqueSlope;
  return (z - fissures.obliqueZ - slope * y) / Math.sqrt(1 + slope * slope);
}

/** @returns the lobe of a point inside a lung */
export function lobeAt(anatomy: Anatomy, x: number, y: number, z: number): Lobe {
  const lower = aboveOblique(anatomy, y, z) < 0;
  if (x >= anatomy.mediastinumX) return lower ? "left lower" : "left upper";
  if (lower) return "right lower";
  return z < anatomy.fissures.horizontalZ ? "right middle" : "right upper";
}
