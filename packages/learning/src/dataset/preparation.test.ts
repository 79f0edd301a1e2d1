import { CT_WINDOW_HU, LPS_AXES, voxelIndex, type Grid, type Volume, type Xyz } from "@multirnet/imaging";
import { expect, test } from "vitest";

import { channelTable, prepareVolumes } from "./preparation.js";

const spacing = { x: 2, y: 1.5, z: 3 };

function grid(size: Xyz, facts: Partial<Grid> = {}): Grid {
  return { size, spacingMm: spacing, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES, ...facts };
}

function scan(at: Grid, hu: (place: Xyz) => number): Volume<"hounsfield"> {
  return { meaning: "hounsfield", grid: at, voxels: Float32Array.from(places(at.size), hu) };
}

function labels(at: Grid, value: (place: Xyz) => number): Volume<"label"> {
  return { meaning: "label", grid: at, voxels: Uint8Array.from(places(at.size), value) };
}

function places({ x, y, z }: Xyz): Xyz[] {
  return Array.from({ length: x * y * z }, (_, i) => ({
    x: i % x,
    y: Math.floor(i / x) % y,
    z: Math.floor(i / (x * y)),
  }));
}

const oneChannel = Uint8Array.from({ length: 256 }, (_, value) => Number(value === 1));

test("the window's ends and middle become 0, full scale and half of it; what is outside is clipped", () => {
  const middle = (CT_WINDOW_HU.low + CT_WINDOW_HU.high) / 2;
  const values = [-2000, CT_WINDOW_HU.low, middle, CT_WINDOW_HU.high, 3000];
  const at = grid({ x: 5, y: 1, z: 1 });
  const { image } = prepareVolumes({ scan: scan(at, ({ x }) => values[x] ?? 0) }, spacing, oneChannel);
  expect([...image]).toEqual([0, 0, 32768, 65535, 65535]);
});

test("a scan whose axes run the other way is turned to LPS, its masks with it", () => {
  // x to the patient's right and z to the feet: index (4, 2, 0) of 5×3×4 is the one at (0, 2, 3) from the left and the head.
  const size = { x: 5, y: 3, z: 4 };
  const turned = grid(size, { axes: { x: { x: -1, y: 0, z: 0 }, y: { x: 0, y: 1, z: 0 }, z: { x: 0, y: 0, z: -1 } } });
  const isMarked = ({ x, y, z }: Xyz): boolean => x === 4 && y === 2 && z === 0;
  const prepared = prepareVolumes(
    {
      scan: scan(turned, (place) => (isMarked(place) ? 400 : -1000)),
      mask: labels(turned, (place) => Number(isMarked(place))),
      lung: labels(turned, (place) => Number(isMarked(place))),
    },
    spacing,
    oneChannel,
  );
  const marked = voxelIndex(prepared.grid, { x: 0, y: 2, z: 3 });
  expect(prepared.grid.axes).toEqual(LPS_AXES);
  expect(prepared.image.indexOf(65535)).toBe(marked);
  expect(prepared.mask?.indexOf(1)).toBe(marked);
  expect([...prepared.places]).toEqual([marked]);
  expect(prepared.placesAre).toBe("lung");
  expect(prepared.sourceGrid).toEqual(turned);
});

test("the working grid has the spacing asked for, and image and mask have its size", () => {
  const at = grid({ x: 12, y: 8, z: 4 });
  const prepared = prepareVolumes(
    { scan: scan(at, () => 0), mask: labels(at, () => 1) },
    { x: 1, y: 3, z: 1.5 },
    oneChannel,
  );
  expect(prepared.grid.size).toEqual({ x: 24, y: 4, z: 8 }); // 24, 12 and 12 mm
  expect(prepared.image).toHaveLength(768);
  expect(prepared.mask).toEqual(new Uint8Array(768).fill(1));
});

test("types not told apart make one channel; those told apart keep the config's order; others are background", () => {
  const known = { consolidation: 2, "ground-glass": 1, effusion: 3 };
  expect([...channelTable(known, ["lesion"]).subarray(0, 5)]).toEqual([0, 1, 1, 0, 0]);
  expect([...channelTable(known, ["consolidation", "ground-glass"]).subarray(0, 5)]).toEqual([0, 2, 1, 0, 0]);
  expect(() => channelTable(known, ["lesion", "ground-glass"])).toThrow(
    "the labels lesion and ground-glass both claim the mask value 1; ask for one of them",
  );
  expect(() => channelTable({ lesion: 3, ...known }, ["consolidation", "ground-glass"])).toThrow(
    "the label lesion does not say of which type its voxels are",
  );
  expect(() => channelTable({ lesion: 1 }, ["crazy-paving"])).toThrow(
    "the dataset has no label crazy-paving; dataset.json names lesion",
  );
});

test("lesion components join all channels and corners, largest first, each at the mean of its voxels", () => {
  const at = grid({ x: 9, y: 6, z: 5 });
  const mask = new Uint8Array(270);
  const put = (x: number, y: number, z: number, value: number): void => {
    mask[voxelIndex(at, { x, y, z })] = value;
  };
  put(8, 5, 4, 1); // alone
  put(1, 1, 1, 1);
  put(2, 2, 2, 2); // touches the last by a corner, of the other type
  put(2, 2, 3, 2);
  put(5, 0, 0, 3); // no lesion that was asked for
  const { components, mask: prepared } = prepareVolumes(
    { scan: scan(at, () => 0), mask: { meaning: "label", grid: at, voxels: mask } },
    spacing,
    channelTable({ "ground-glass": 1, consolidation: 2, effusion: 3 }, ["ground-glass", "consolidation"]),
  );
  expect(components).toEqual([
    {
      voxels: 3,
      centre: { x: 5 / 3, y: 5 / 3, z: 2 },
      places: [
        voxelIndex(at, { x: 1, y: 1, z: 1 }),
        voxelIndex(at, { x: 2, y: 2, z: 2 }),
        voxelIndex(at, { x: 2, y: 2, z: 3 }),
      ],
    },
    { voxels: 1, centre: { x: 8, y: 5, z: 4 }, places: [voxelIndex(at, { x: 8, y: 5, z: 4 })] },
  ]);
  expect(prepared?.[voxelIndex(at, { x: 2, y: 2, z: 3 })]).toBe(2);
  expect(prepared?.[voxelIndex(at, { x: 5, y: 0, z: 0 })]).toBe(0);
});

test("a large lesion has 64 places, in every part of it alike", () => {
  const at = grid({ x: 30, y: 20, z: 40 });
  const inside = ({ x }: Xyz): boolean => x >= 10; // 16,000 voxels
  const [component] = prepareVolumes(
    { scan: scan(at, () => 0), mask: labels(at, (place) => (inside(place) ? 1 : 0)) },
    spacing,
    oneChannel,
  ).components;
  const found = component?.places ?? [];
  expect([found.length, new Set(found).size, component?.voxels]).toEqual([64, 64, 16_000]);
  const spots = found.map((index) => ({ x: index % 30, z: Math.floor(index / 600) }));
  expect(spots.every(({ x }) => x >= 10)).toBe(true);
  for (const quarter of [0, 1, 2, 3]) {
    const here = spots.filter(({ z }) => Math.floor(z / 10) === quarter);
    expect(here).toHaveLength(16);
  }
});

test("without a lung mask, or with an empty one, places fill the box of the body", () => {
  // A body of 3 × 4 × 2 blocks of 4 mm in a room of air.
  const at = { ...grid({ x: 10, y: 9, z: 6 }), spacingMm: { x: 4, y: 4, z: 4 } };
  const inBody = ({ x, y, z }: Xyz): boolean => x >= 2 && x < 5 && y >= 3 && y < 7 && z >= 1 && z < 3;
  const body = scan(at, (place) => (inBody(place) ? 40 : -1000));
  const expected = places(at.size).flatMap((place) => (inBody(place) ? voxelIndex(at, place) : []));
  for (const volumes of [{ scan: body }, { scan: body, lung: labels(at, () => 0) }]) {
    const prepared = prepareVolumes(volumes, at.spacingMm, oneChannel);
    expect(prepared.placesAre).toBe("body");
    expect([...prepared.places].sort((a, b) => a - b)).toEqual(expected);
  }
});

test("places in a large lung are in the lung, in every part of it alike", () => {
  const at = { ...grid({ x: 80, y: 60, z: 40 }), spacingMm: { x: 1, y: 1, z: 1 } };
  const lung = labels(at, ({ x }) => (x >= 20 && x < 50 ? 2 : 0)); // 72,000 voxels
  const prepared = prepareVolumes({ scan: scan(at, () => -800), lung }, at.spacingMm, oneChannel);
  expect(prepared.places).toHaveLength(16_384);
  expect(new Set(prepared.places).size).toBe(16_384);
  const perSlice = new Array<number>(40).fill(0);
  for (const place of prepared.places) {
    expect(place % 80 >= 20 && place % 80 < 50).toBe(true);
    const z = Math.floor(place / 4800);
    perSlice[z] = (perSlice[z] ?? 0) + 1;
  }
  for (const count of perSlice) expect(Math.abs(count - 409.6)).toBeLessThan(3); // one each of equal stretches
});

test("a scan of which nothing is known of lesions gets no mask", () => {
  expect("mask" in prepareVolumes({ scan: scan(grid({ x: 2, y: 2, z: 1 }), () => 0) }, spacing, oneChannel)).toBe(
    false,
  );
});
