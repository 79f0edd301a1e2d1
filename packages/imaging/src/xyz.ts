import type { Xyz } from "./volume.js";

/** The three names, for loops over axes. */
export const AXES = ["x", "y", "z"] as const;
export type Axis = (typeof AXES)[number];

/** @returns the triple whose value on each axis is `value(axis)` */
export function xyz(value: (axis: Axis) => number): Xyz {
  return { x: value("x"), y: value("y"), z: value("z") };
}

export function dot(a: Xyz, b: Xyz): number {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

export function cross(a: Xyz, b: Xyz): Xyz {
  return { x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x };
}

export function norm(a: Xyz): number {
  return Math.sqrt(dot(a, a));
}

export function scaled(a: Xyz, factor: number): Xyz {
  return xyz((axis) => a[axis] * factor);
}

export function difference(a: Xyz, b: Xyz): Xyz {
  return xyz((axis) => a[axis] - b[axis]);
}
