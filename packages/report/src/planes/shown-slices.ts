import { boundingBox, connectedComponents, type Components, type Volume, type Xyz } from "@multirnet/imaging";

/** A mask's largest lesion, and where to look at it. */
interface Focus {
  readonly at: Xyz; // the slice of each plane, by the axis that it lies across
  readonly onLesion: boolean; // false: the middle of the scan, for want of a lesion
}

/**
 * For each plane the slice in which the largest lesion has its largest area; the first of several equal ones. Largest by
 * voxels, over 26 neighbours, all lesion types together. Without a lesion, the middle of the scan.
 */
export function focusOf(lesions: Volume<"label">): Focus {
  const { size } = lesions.grid;
  const found = connectedComponents(lesions, 26);
  const largest = largestOf(found);
  if (largest === undefined) {
    const middle = (count: number): number => Math.floor(count / 2);
    return { at: { x: middle(size.x), y: middle(size.y), z: middle(size.z) }, onLesion: false };
  }
  const areas = { x: new Uint32Array(size.x), y: new Uint32Array(size.y), z: new Uint32Array(size.z) };
  const { from, size: extent } = largest.box;
  const count = (axis: keyof Xyz, index: number): void => {
    areas[axis][index] = (areas[axis][index] as number) + 1;
  };
  for (let z = from.z; z < from.z + extent.z; z++) {
    for (let y = from.y; y < from.y + extent.y; y++) {
      for (let x = from.x; x < from.x + extent.x; x++) {
        if (found.labels[x + size.x * (y + size.y * z)] !== largest.label) continue;
        count("x", x);
        count("y", y);
        count("z", z);
      }
    }
  }
  const peak = (counts: Uint32Array): number => counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));
  return { at: { x: peak(areas.x), y: peak(areas.y), z: peak(areas.z) }, onLesion: true };
}

function largestOf({ components }: Components): Components["components"][number] | undefined {
  return components.reduce<Components["components"][number] | undefined>(
    (best, component) => (best === undefined || component.voxels > best.voxels ? component : best),
    undefined,
  );
}

/**
 * Axial slices for an overview: `most` of them, evenly spread from the first to the last with lesion, both included. Where the
 * lesions span fewer slices than that, the slices around them are shown too; without a lesion, the whole scan is spread over.
 *
 * @returns slice indices from the head down
 */
export function montageSlices(lesions: Volume<"label">, most: number): readonly number[] {
  const slices = lesions.grid.size.z;
  const box = boundingBox(lesions);
  let first = box === undefined ? 0 : box.from.z;
  let last = box === undefined ? slices - 1 : box.from.z + box.size.z - 1;
  while (last - first + 1 < Math.min(most, slices)) {
    if (last < slices - 1) last += 1;
    if (first > 0 && last - first + 1 < most) first -= 1;
  }
  const tiles = Math.min(most, last - first + 1);
  const step = tiles === 1 ? 0 : (last - first) / (tiles - 1);
  return Array.from({ length: tiles }, (_, i) => Math.round(last - i * step));
}
