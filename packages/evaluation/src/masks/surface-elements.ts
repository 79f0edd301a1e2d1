import type { Xyz } from "@multirnet/imaging";

/**
 * The surface between 8 voxels that meet in a corner, as marching cubes draws it (Lorensen and Cline 1987) in the form of
 * Nikolov et al., arXiv:1809.04430 (google-deepmind/surface-distance), whose areas this geometry reproduces for all 256 cases
 * and any spacing.
 *
 * A neighbourhood is a code of 8 bits: bit i is the voxel at x = i >> 2, y = i & 1, z = (i >> 1) & 1 of the cube.
 *
 * 1. The rarer kind of voxel (the inside ones at 4 of 8) is cut off from the other; voxels of that kind which touch along an
 *    edge of the cube are cut off together, those that meet only diagonally apart.
 * 2. Each such group is cut off by one polygon through the midpoints of the cube's edges that leave it.
 * 3. A polygon that is not flat is cut into the triangles whose area is the largest in the unit cube. Where two ways of cutting
 *    tie, their areas are equal at any spacing.
 *
 * @returns the area in mm² of the surface within each of the 256 neighbourhoods; 0 for all outside and all inside
 */
export function surfaceElementAreasMm2(spacingMm: Xyz): Float64Array {
  return Float64Array.from({ length: 256 }, (_, code) => {
    const polygons = cutOffGroups(rarerKind(code)).map(cutPolygon);
    return polygons.reduce((sum, polygon) => sum + triangulatedArea(polygon, spacingMm), 0);
  });
}

const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const DIRECTIONS = [1, 2, 4] as const; // a corner's neighbours along the cube's edges differ from it in one bit

function rarerKind(code: number): readonly number[] {
  const inside = CORNERS.filter((corner) => (code >> corner) & 1);
  return inside.length <= 4 ? inside : CORNERS.filter((corner) => !inside.includes(corner));
}

function cutOffGroups(corners: readonly number[]): Set<number>[] {
  const groups: Set<number>[] = [];
  for (const first of corners) {
    if (groups.some((group) => group.has(first))) continue;
    const group = new Set([first]);
    for (const corner of group) {
      // a set's iteration meets what is added on the way
      for (const direction of DIRECTIONS) {
        if (corners.includes(corner ^ direction)) group.add(corner ^ direction);
      }
    }
    groups.push(group);
  }
  return groups;
}

/** The midpoints of the edges that leave the group, in the order in which the cube's faces link them to one loop. */
function cutPolygon(group: ReadonlySet<number>): Xyz[] {
  const leaving: readonly (readonly [number, number])[] = [...group].flatMap((corner) =>
    DIRECTIONS.filter((direction) => !group.has(corner ^ direction)).map((d) => [corner, corner ^ d] as const),
  );
  const loop = leaving.slice(0, 1);
  while (loop.length < leaving.length) {
    const end = loop.at(-1) as readonly [number, number];
    const next = leaving.find((edge) => !loop.includes(edge) && shareFace(end, edge));
    if (next === undefined) break;
    loop.push(next);
  }
  return loop.map(([a, b]) => midpoint(a, b));
}

/** Whether four corners lie in one face of the cube: they agree in a bit. */
function shareFace([a, b]: readonly [number, number], [c, d]: readonly [number, number]): boolean {
  return (a & b & c & d) !== 0 || (a | b | c | d) !== 7;
}

function midpoint(a: number, b: number): Xyz {
  const along = (bit: number): number => (((a >> bit) & 1) + ((b >> bit) & 1)) / 2;
  return { x: along(2), y: along(0), z: along(1) };
}

const UNIT: Xyz = { x: 1, y: 1, z: 1 };

/** Area at `spacingMm` of the polygon cut into the triangles that are largest in the unit cube. */
function triangulatedArea(polygon: readonly Xyz[], spacingMm: Xyz): number {
  const total = (triangles: readonly Triangle[], spacing: Xyz): number =>
    triangles.reduce((sum, triangle) => sum + triangleArea(triangle, spacing), 0);
  let largest = -1;
  let area = 0;
  for (const triangles of triangulations(polygon)) {
    const unitArea = total(triangles, UNIT);
    if (unitArea <= largest) continue;
    largest = unitArea;
    area = total(triangles, spacingMm);
  }
  return area;
}

type Triangle = readonly [Xyz, Xyz, Xyz];

/** All ways to cut a polygon into triangles: each corner in turn makes a triangle with the edge from the last to the first. */
function triangulations(polygon: readonly Xyz[]): Triangle[][] {
  const [first, last] = [polygon[0] as Xyz, polygon.at(-1) as Xyz];
  if (polygon.length < 3) return [[]];
  return polygon
    .slice(1, -1)
    .flatMap((tip, i) =>
      triangulations(polygon.slice(0, i + 2)).flatMap((left) =>
        triangulations(polygon.slice(i + 1)).map((right): Triangle[] => [[first, tip, last], ...left, ...right]),
      ),
    );
}

function triangleArea([a, b, c]: Triangle, { x: sx, y: sy, z: sz }: Xyz): number {
  const u = { x: (b.x - a.x) * sx, y: (b.y - a.y) * sy, z: (b.z - a.z) * sz };
  const v = { x: (c.x - a.x) * sx, y: (c.y - a.y) * sy, z: (c.z - a.z) * sz };
  return Math.hypot(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x) / 2;
}
