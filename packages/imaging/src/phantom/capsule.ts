import type { Xyz } from "../volume.js";

import type { Space } from "./space.js";

/** A piece of tube from one point to another, its radius changing evenly along it; millimetres in chest coordinates. */
export interface Capsule {
  readonly from: Xyz;
  readonly to: Xyz;
  readonly radiusFrom: number;
  readonly radiusTo: number;
}

/** @returns a tube through the points, as one capsule between each two */
export function tube(points: readonly Xyz[], radius: number): Capsule[] {
  return points.slice(1).map((to, i) => ({ from: points[i] as Xyz, to, radiusFrom: radius, radiusTo: radius }));
}

/** @returns the distance in mm from a point to the nearest capsule's wall, negative inside; Infinity for none */
export function capsulesDistance(capsules: readonly Capsule[], x: number, y: number, z: number): number {
  let nearest = Infinity;
  for (const { from, to, radiusFrom, radiusTo } of capsules) {
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const dz = to.z - from.z;
    const px = x - from.x;
    const py = y - from.y;
    const pz = z - from.z;
    const along = (px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz);
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const ex = px - t * dx;
    const ey = py - t * dy;
    const ez = pz - t * dz;
    const distance = Math.sqrt(ex * ex + ey * ey + ez * ez) - (radiusFrom + t * (radiusTo - radiusFrom));
    if (distance < nearest) nearest = distance;
  }
  return nearest;
}

/**
 * Paints capsules as the share of each voxel that they fill, 0 to 1; where two meet the larger share stays. A tube thinner
 * than a voxel fills the share of its cross-section, so that small vessels fade instead of breaking up.
 *
 * @param widenMm added to every radius
 */
export function paintCapsules(space: Space, capsules: readonly Capsule[], widenMm = 0): Float32Array {
  const { size, spacingMm, firstMm, edgeMm } = space;
  const share = new Float32Array(space.count);
  for (const { from, to, radiusFrom, radiusTo } of capsules) {
    const thick = Math.max(radiusFrom, radiusTo) + widenMm + edgeMm;
    const [x0, x1] = span(from.x, to.x, thick, firstMm.x, spacingMm.x, size.x);
    const [y0, y1] = span(from.y, to.y, thick, firstMm.y, spacingMm.y, size.y);
    const [z0, z1] = span(from.z, to.z, thick, firstMm.z, spacingMm.z, size.z);
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const dz = to.z - from.z;
    const perLength = 1 / Math.max(1e-9, dx * dx + dy * dy + dz * dz);
    for (let k = z0; k <= z1; k++) {
      const pz = firstMm.z + k * spacingMm.z - from.z;
      for (let j = y0; j <= y1; j++) {
        const py = firstMm.y + j * spacingMm.y - from.y;
        const row = size.x * (j + size.y * k);
        for (let i = x0; i <= x1; i++) {
          const px = firstMm.x + i * spacingMm.x - from.x;
          const along = (px * dx + py * dy + pz * dz) * perLength;
          const t = along < 0 ? 0 : along > 1 ? 1 : along;
          const ex = px - t * dx;
          const ey = py - t * dy;
          const ez = pz - t * dz;
          const radius = radiusFrom + t * (radiusTo - radiusFrom) + widenMm;
          const inside = (radius - Math.sqrt(ex * ex + ey * ey + ez * ez)) / edgeMm + 0.5;
          if (inside <= 0) continue;
          const most = Math.min(1, (3.14 * radius * radius) / (edgeMm * edgeMm));
          const filled = (inside > 1 ? 1 : inside) * most;
          if (filled > (share[row + i] as number)) share[row + i] = filled;
        }
      }
    }
  }
  return share;
}

/** @returns the first and last voxel along one axis that a capsule may touch; last before first where there is none */
function span(a: number, b: number, thick: number, first: number, spacing: number, size: number): [number, number] {
  const low = Math.max(0, Math.ceil((Math.min(a, b) - thick - first) / spacing));
  const high = Math.min(size - 1, Math.floor((Math.max(a, b) + thick - first) / spacing));
  return [low, high];
}
