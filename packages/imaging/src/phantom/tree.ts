import type { RandomSource } from "@multirnet/base";

import type { Xyz } from "../volume.js";

import type { Capsule } from "./capsule.js";
import { LUNG_LABEL, lungDistance, type Lungs, type Side } from "./lungs.js";

export interface TreeShape {
  readonly ends: number; // twigs of one lung
  readonly radius: number; // mm at the hilum
  readonly thinnest: number; // mm at the tips
  readonly marginMm: number; // how far the tips stay from the lung's surface
}

/**
 * Grows a branching, tapering tree from the hilum into one lung: points are strewn in the lung, and a branch goes part of the
 * way to the middle of its points and splits them in two, until each has its own twig. Radii follow Murray's law (r³ is shared
 * out among branches), with the third power's root put together from square roots.
 */
export function growTree(lungs: Lungs, side: Side, shape: TreeShape, random: RandomSource): Capsule[] {
  const ends = strewPoints(lungs, side, shape.ends, -shape.marginMm, random);
  const capsules: Capsule[] = [];
  const branch = (from: Xyz, points: readonly Xyz[], radius: number): void => {
    const only = points[0];
    if (only === undefined) return;
    if (points.length === 1) {
      capsules.push({ from, to: only, radiusFrom: radius, radiusTo: shape.thinnest });
      return;
    }
    const middle = meanOf(points);
    const reach = random.between(0.3, 0.5);
    const bend = (): number => random.between(-2.5, 2.5);
    const to = {
      x: from.x + (middle.x - from.x) * reach + bend(),
      y: from.y + (middle.y - from.y) * reach + bend(),
      z: from.z + (middle.z - from.z) * reach + bend(),
    };
    capsules.push({ from, to, radiusFrom: radius, radiusTo: Math.max(shape.thinnest, 0.93 * radius) });
    for (const half of splitInTwo(points, random)) {
      const part = Math.sqrt(half.length / points.length);
      branch(to, half, Math.max(shape.thinnest, (radius * (part + Math.sqrt(part))) / 2));
    }
  };
  branch(lungs.hila[side], ends, shape.radius);
  return capsules;
}

/** @returns `count` points of one lung whose distance to its surface is below `deeperThan` (in mm, negative inside) */
export function strewPoints(lungs: Lungs, side: Side, count: number, deeperThan: number, random: RandomSource): Xyz[] {
  const points: Xyz[] = [];
  while (points.length < count) {
    const point = anyPoint(lungs, side, random);
    if (lungDistance(lungs, point.x, point.y, point.z) < deeperThan) points.push(point);
  }
  return points;
}

/** @returns a point of the box around one lung */
export function anyPoint({ anatomy }: Lungs, side: Side, random: RandomSource): Xyz {
  const { thorax, apexZ, lungHeight, mediastinumX } = anatomy;
  const out = random.between(0, thorax.halfWidth);
  return {
    x: mediastinumX + (LUNG_LABEL[side] === LUNG_LABEL.right ? -out : out),
    y: random.between(-1, 1) * thorax.halfDepth + 4,
    z: apexZ - random.uniform() * lungHeight,
  };
}

function meanOf(points: readonly Xyz[]): Xyz {
  let [x, y, z] = [0, 0, 0];
  for (const point of points) {
    x += point.x;
    y += point.y;
    z += point.z;
  }
  return { x: x / points.length, y: y / points.length, z: z / points.length };
}

/** Splits points along the axis on which they spread most, a little off the middle so that no two trees look alike. */
function splitInTwo(points: readonly Xyz[], random: RandomSource): readonly [readonly Xyz[], readonly Xyz[]] {
  const spread = (axis: keyof Xyz): number => {
    const values = points.map((point) => point[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  const [sx, sy, sz] = [spread("x"), spread("y"), spread("z")];
  const axis = sx >= sy && sx >= sz ? "x" : sy >= sz ? "y" : "z";
  const sorted = [...points].sort((a, b) => a[axis] - b[axis]);
  const cut = Math.max(1, Math.min(points.length - 1, Math.round(points.length * random.between(0.36, 0.64))));
  return [sorted.slice(0, cut), sorted.slice(cut)];
}
