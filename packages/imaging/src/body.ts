import { wholeBox, type Box } from "./box.js";
import { connectedComponents } from "./components.js";
import type { Volume, Xyz } from "./volume.js";
import { xyz } from "./xyz.js";

/** Fat is near -100 HU, lung below -600: what lies above this is tissue or bone. */
const TISSUE_HU = -500;

/** The scan is looked at in blocks about this wide: wide enough that noise, clothes and the table's shell average out. */
const BLOCK_MM = 4;

/**
 * The box of the patient's body: of the largest connected piece of blocks (about 4 mm wide) whose mean is above -500 HU. The
 * lungs lie inside it. The whole scan where there is no tissue at all.
 */
export function bodyBox(volume: Volume<"hounsfield">): Box {
  const { size, spacingMm } = volume.grid;
  const width = xyz((axis) => Math.max(1, Math.round(BLOCK_MM / spacingMm[axis])));
  const blocks = blockMeans(volume, width);
  const { components } = connectedComponents(
    {
      meaning: "label",
      grid: { ...volume.grid, size: blocks.size },
      voxels: Uint8Array.from(blocks.means, (hu) => (hu > TISSUE_HU ? 1 : 0)),
    },
    6,
  );
  const body = components.reduce<(typeof components)[number] | undefined>(
    (largest, piece) => (largest && largest.voxels >= piece.voxels ? largest : piece),
    undefined,
  );
  if (!body) return wholeBox(volume.grid);
  const from = xyz((axis) => body.box.from[axis] * width[axis]);
  const to = xyz((axis) => Math.min(size[axis], (body.box.from[axis] + body.box.size[axis]) * width[axis]));
  return { from, size: xyz((axis) => to[axis] - from[axis]) };
}

interface Blocks {
  readonly size: Xyz;
  readonly means: Float64Array;
}

/** Means over blocks of the given width; those at the far edges are cut off there. */
function blockMeans({ grid: { size }, voxels }: Volume<"hounsfield">, width: Xyz): Blocks {
  const blocks = xyz((axis) => Math.ceil(size[axis] / width[axis]));
  const sums = new Float64Array(blocks.x * blocks.y * blocks.z);
  const counts = new Float64Array(sums.length);
  const column = Int32Array.from({ length: size.x }, (_, x) => Math.floor(x / width.x));
  for (let z = 0, i = 0; z < size.z; z++) {
    for (let y = 0; y < size.y; y++) {
      const row = blocks.x * (Math.floor(y / width.y) + blocks.y * Math.floor(z / width.z));
      for (let x = 0; x < size.x; x++, i++) {
        const block = row + (column[x] as number);
        sums[block] = (sums[block] as number) + (voxels[i] as number);
        counts[block] = (counts[block] as number) + 1;
      }
    }
  }
  return { size: blocks, means: sums.map((sum, block) => sum / (counts[block] as number)) };
}
