import { RandomSource } from "@multirnet/base";
import { LPS_AXES, type Grid, type Volume, type Xyz } from "@multirnet/imaging";

/** The grid of a chest CT of so many voxels. */
export function chestGrid(size: Xyz): Grid {
  return {
    size,
    spacingMm: { x: 360 / size.x, y: 360 / size.y, z: 330 / size.z },
    originMm: { x: 0, y: 0, z: 0 },
    axes: LPS_AXES,
  };
}

/** Synthetic: a body with two lungs, whole Hounsfield units with noise, which packs as a CT does. */
export function syntheticScan(size: Xyz): Volume<"hounsfield"> {
  let state = 1; // a generator of 32 bits (Marsaglia 2003), fast enough for so many voxels
  const noise = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 31) - 16;
  };
  const body = ball(size, { x: 0.5, y: 0.5, z: 0.5 }, { x: 0.45, y: 0.35, z: 0.8 });
  const lungs = [0.3, 0.7].map((x) => ball(size, { x, y: 0.5, z: 0.5 }, { x: 0.16, y: 0.25, z: 0.45 }));
  const voxels = new Float32Array(size.x * size.y * size.z);
  let at = 0;
  for (let z = 0; z < size.z; z++)
    for (let y = 0; y < size.y; y++)
      for (let x = 0; x < size.x; x++, at++) {
        const inside = body(x, y, z) < 1;
        const tissue = !inside ? -1000 : lungs.some((lung) => lung(x, y, z) < 1) ? -850 : 40;
        voxels[at] = tissue + (inside ? noise() : 0);
      }
  return { meaning: "hounsfield", grid: chestGrid(size), voxels };
}

/** Synthetic: a dozen lesions of unequal size in both lungs; those of another `draw` lie a little elsewhere. */
export function syntheticMask(size: Xyz, draw: number): Volume<"label"> {
  const places = new RandomSource("bench", "lesions");
  const moves = new RandomSource("bench", "moves", draw);
  const voxels = new Uint8Array(size.x * size.y * size.z);
  for (let lesion = 0; lesion < 12; lesion++) {
    const side = lesion % 2 === 0 ? 0.3 : 0.7;
    const near = (middle: number, width: number): number =>
      middle + width * (places.uniform() - 0.5) + 0.01 * (moves.uniform() - 0.5);
    const centre = { x: near(side, 0.2), y: near(0.5, 0.35), z: near(0.5, 0.6) };
    const radius = 0.02 + 0.06 * places.uniform();
    fill(voxels, size, centre, radius);
  }
  return { meaning: "label", grid: chestGrid(size), voxels };
}

function fill(voxels: Uint8Array, size: Xyz, centre: Xyz, radius: number): void {
  const inside = ball(size, centre, { x: radius, y: radius, z: radius });
  const range = (middle: number, count: number): readonly [number, number] => [
    Math.max(0, Math.floor((middle - radius) * count)),
    Math.min(count - 1, Math.ceil((middle + radius) * count)),
  ];
  const [[x0, x1], [y0, y1], [z0, z1]] = [range(centre.x, size.x), range(centre.y, size.y), range(centre.z, size.z)];
  for (let z = z0; z <= z1; z++)
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++) if (inside(x, y, z) < 1) voxels[x + size.x * (y + size.y * z)] = 1;
}

/** How far a voxel lies from the middle of an ellipsoid: 1 on it. Places and radii are shares of the volume's sides. */
function ball(size: Xyz, centre: Xyz, radius: Xyz): (x: number, y: number, z: number) => number {
  return (x, y, z) =>
    ((x / size.x - centre.x) / radius.x) ** 2 +
    ((y / size.y - centre.y) / radius.y) ** 2 +
    ((z / size.z - centre.z) / radius.z) ** 2;
}
