import { RandomSource } from "@multirnet/base";
import { LPS_AXES, movedInside, regionAround, wholeBox, type Xyz } from "@multirnet/imaging";
import { expect, test } from "vitest";

import type { PreparedScan } from "../dataset/prepared-case.js";
import { cutRegion, drawRegion } from "./region.js";

/** A scan whose voxel (x, y, z) holds x + 10 y + 100 z (of 65535), and in its mask 1 where that is divisible by 7. */
function numbered(size: Xyz, facts: Partial<PreparedScan> = {}): PreparedScan {
  const image = Uint16Array.from({ length: size.x * size.y * size.z }, (_, i) => {
    const row = Math.floor(i / size.x);
    return (i % size.x) + 10 * (row % size.y) + 100 * Math.floor(row / size.y);
  });
  const grid = { size, spacingMm: { x: 1.5, y: 1.4, z: 2 }, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
  return {
    grid,
    image,
    mask: image.map((v) => Number(v % 7 === 0)) as unknown as Uint8Array,
    components: [],
    body: wholeBox(grid),
    places: new Uint32Array([0]),
    ...facts,
  };
}

const values = (image: Float32Array): number[] => [...image].map((value) => Math.round(value * 65535));

test("a region inside the scan holds the scan's voxels in the order of the scan, x fastest", () => {
  const { image, mask, size } = cutRegion(numbered({ x: 9, y: 7, z: 5 }), { x: 4, y: 3, z: 2 }, { x: 4, y: 3, z: 2 });
  expect(size).toEqual({ x: 4, y: 3, z: 2 });
  // From x 4-2, y 3-1, z 2-1: the first voxel is 2 + 20 + 100.
  expect(values(image)).toEqual([
    ...[122, 123, 124, 125, 132, 133, 134, 135, 142, 143, 144, 145],
    ...[222, 223, 224, 225, 232, 233, 234, 235, 242, 243, 244, 245],
  ]);
  expect([...(mask ?? [])]).toEqual(values(image).map((value) => Number(value % 7 === 0)));
});

test("the image comes out in [0, 1]: full scale is 1", () => {
  const scan = { ...numbered({ x: 2, y: 1, z: 1 }), image: Uint16Array.of(0, 65535) };
  expect([...cutRegion(scan, { x: 1, y: 0, z: 0 }, { x: 2, y: 1, z: 1 }).image]).toEqual([0, 1]);
});

test("what lies outside the scan is air without lesion, on both sides of every axis", () => {
  const size = { x: 3, y: 2, z: 2 };
  const full = { ...numbered(size), image: new Uint16Array(12).fill(65535), mask: new Uint8Array(12).fill(2) };
  const region = { x: 7, y: 5, z: 4 };
  const { image, mask } = cutRegion(full, { x: 1, y: 1, z: 1 }, region);
  const from = { x: 1 - 3, y: 1 - 2, z: 1 - 2 };
  for (let z = 0; z < region.z; z++) {
    for (let y = 0; y < region.y; y++) {
      for (let x = 0; x < region.x; x++) {
        const at = { x: from.x + x, y: from.y + y, z: from.z + z };
        const within = at.x >= 0 && at.x < 3 && at.y >= 0 && at.y < 2 && at.z >= 0 && at.z < 2;
        const index = x + region.x * (y + region.y * z);
        expect(image[index]).toBe(within ? 1 : 0);
        expect(mask?.[index]).toBe(within ? 2 : 0);
      }
    }
  }
});

test.each([
  { x: -9, y: 0, z: 0 },
  { x: 99, y: 0, z: 0 },
  { x: 0, y: -9, z: 0 },
  { x: 0, y: 99, z: 0 },
  { x: 0, y: 0, z: -9 },
  { x: 0, y: 0, z: 99 },
])("a region wholly beside the scan is air", (centre) => {
  const scan = { ...numbered({ x: 3, y: 4, z: 5 }), image: new Uint16Array(60).fill(9) };
  const { image, mask } = cutRegion(scan, centre, { x: 3, y: 2, z: 4 });
  expect(image.every((value) => value === 0)).toBe(true);
  expect(mask?.every((value) => value === 0)).toBe(true);
});

test("a case of which no lesion is known gives no mask; a normal case gives an empty one", () => {
  const { mask: _, ...unknown } = numbered({ x: 3, y: 3, z: 3 });
  expect("mask" in cutRegion(unknown, { x: 1, y: 1, z: 1 }, { x: 2, y: 2, z: 2 })).toBe(false);
  expect("mask" in cutRegion(unknown, { x: 99, y: 1, z: 1 }, { x: 2, y: 2, z: 2 })).toBe(false);
  const normal = { ...unknown, mask: new Uint8Array(27) };
  expect(cutRegion(normal, { x: 1, y: 1, z: 1 }, { x: 2, y: 2, z: 2 }).mask).toEqual(new Uint8Array(8));
});

test("a lesion is drawn in proportion to the cube root of its voxels", () => {
  const components = [1000, 27, 1].map((voxels, i) => ({ voxels, centre: { x: i, y: 0, z: 0 }, places: [0] }));
  const scan = { ...numbered({ x: 3, y: 1, z: 1 }), components };
  const draws = 30_000;
  const counts = [0, 0, 0];
  const random = new RandomSource("cube root");
  for (let i = 0; i < draws; i++) {
    const { aim } = drawRegion(
      scan,
      { region: { x: 8, y: 8, z: 8 }, aim: "centre", backgroundShare: 0, insideBody: false },
      random,
    );
    if (aim.kind === "component") counts[aim.index] = (counts[aim.index] ?? 0) + 1;
  }
  // Weights 10, 3, 1. Pearson's statistic with 2 degrees of freedom stays under 13.8 in 999 of 1000.
  const expected = [10, 3, 1].map((weight) => (draws * weight) / 14);
  const statistic = expected.reduce((sum, e, i) => sum + ((counts[i] ?? 0) - e) ** 2 / e, 0);
  expect(counts.reduce((a, b) => a + b)).toBe(draws);
  expect(statistic).toBeLessThan(13.8);
});

test("the centre wanders evenly over a quarter of the region to either side, and no further", () => {
  const region = { x: 24, y: 16, z: 8 };
  const centre = { x: 40.25, y: 50, z: 60.5 };
  const scan = { ...numbered({ x: 1, y: 1, z: 1 }), components: [{ voxels: 5, centre, places: [0] }] };
  const random = new RandomSource("jitter");
  const draws = 20_000;
  const places = Array.from(
    { length: draws },
    () => drawRegion(scan, { region, aim: "centre", backgroundShare: 0, insideBody: false }, random).centre,
  );
  for (const axis of ["x", "y", "z"] as const) {
    const quarter = region[axis] / 4;
    const [low, high] = [centre[axis] - quarter, centre[axis] + quarter];
    // Voxel v takes what falls into [v - ½, v + ½] of the uniform [low, high].
    let seen = 0;
    let statistic = 0;
    for (let v = Math.floor(low); v <= Math.ceil(high); v++) {
      const expected = (draws * Math.max(0, Math.min(high, v + 0.5) - Math.max(low, v - 0.5))) / (2 * quarter);
      const count = places.filter((place) => place[axis] === v).length;
      seen += count;
      if (expected === 0) expect(count).toBe(0);
      else statistic += (count - expected) ** 2 / expected;
    }
    expect(seen).toBe(draws); // none lies elsewhere, none between voxels
    expect(statistic).toBeLessThan(36); // Pearson's, at most 13 degrees of freedom: 1 in 1000
  }
});

test("a jittered region still holds the centre of its lesion, even in a scan of one slice", () => {
  const scan = {
    ...numbered({ x: 30, y: 30, z: 1 }),
    components: [{ voxels: 9, centre: { x: 11, y: 17, z: 0 }, places: [0] }],
  };
  const mask = new Uint8Array(900);
  mask[11 + 30 * 17] = 1;
  const random = new RandomSource("one slice");
  for (let i = 0; i < 500; i++) {
    const { centre } = drawRegion(
      scan,
      { region: { x: 8, y: 6, z: 32 }, aim: "centre", backgroundShare: 0, insideBody: false },
      random,
    );
    const cut = cutRegion({ ...scan, mask }, centre, { x: 8, y: 6, z: 32 });
    expect(cut.mask?.reduce((a, b) => a + b)).toBe(1);
  }
});

test("the background share of the regions, and all of those without a lesion, are centred at a place", () => {
  const size = { x: 5, y: 7, z: 11 };
  const at = { x: 3, y: 6, z: 9 };
  const places = Uint32Array.of(at.x + 5 * (at.y + 7 * at.z));
  const components = [{ voxels: 8, centre: { x: 0, y: 0, z: 0 }, places: [0] }];
  const draws = 20_000;
  const random = new RandomSource("share");
  let background = 0;
  let elsewhere = 0;
  for (let i = 0; i < draws; i++) {
    const { aim, centre } = drawRegion(
      { ...numbered(size), places, components },
      { region: { x: 4, y: 4, z: 4 }, aim: "centre", backgroundShare: 0.2, insideBody: false },
      random,
    );
    if (aim.kind === "component") continue;
    background++;
    if (centre.x !== at.x || centre.y !== at.y || centre.z !== at.z) elsewhere++;
  }
  expect(elsewhere).toBe(0);
  expect(Math.abs(background / draws - 0.2)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / draws));
  const normal = drawRegion(
    { ...numbered(size), places },
    { region: { x: 4, y: 4, z: 4 }, aim: "centre", backgroundShare: 0, insideBody: false },
    random,
  );
  expect(normal).toEqual({ centre: at, aim: { kind: "place" } });
});

test("regions inside the body are those around lesions, moved no further than they must, and centred where they are larger", () => {
  const body = { from: { x: 3, y: 5, z: 2 }, size: { x: 20, y: 9, z: 10 } };
  const components = [{ voxels: 9, centre: { x: 12, y: 9, z: 6 }, places: [0] }];
  const scan = { ...numbered({ x: 30, y: 20, z: 14 }), body, components };
  const region = { x: 8, y: 5, z: 12 };
  const froms = Array.from({ length: 300 }, (_, i) => {
    const [free, inside] = [false, true].map((insideBody) => {
      const { centre } = drawRegion(
        scan,
        { region, aim: "centre", backgroundShare: 0.3, insideBody },
        new RandomSource(i),
      );
      return regionAround(centre, region);
    });
    if (free === undefined || inside === undefined) throw new Error("two were drawn");
    expect(inside).toEqual(movedInside(free, body));
    return inside.from;
  });
  for (const { x, y, z } of froms) {
    expect(x >= 3 && x + 8 <= 23 && y >= 5 && y + 5 <= 14).toBe(true);
    expect(z).toBe(1); // 2 longer than the body: 1 before it, 1 behind
  }
  expect(new Set(froms.map(({ x, y }) => `${x} ${y}`)).size).toBeGreaterThan(3);
});

test("aimed at voxels, regions are centred on each place of the drawn piece alike, without jitter", () => {
  const at = ({ x, y, z }: Xyz): number => x + 5 * (y + 7 * z);
  const voxels = [
    { x: 4, y: 0, z: 2 },
    { x: 1, y: 6, z: 3 },
    { x: 2, y: 3, z: 10 },
  ];
  const components = [{ voxels: 3, centre: { x: 2.3, y: 3, z: 5 }, places: voxels.map(at) }];
  const scan = { ...numbered({ x: 5, y: 7, z: 11 }), components };
  const random = new RandomSource("voxels");
  const counts = new Map<number, number>();
  for (let i = 0; i < 6000; i++) {
    const options = { region: { x: 4, y: 4, z: 1 }, aim: "voxel", backgroundShare: 0, insideBody: false } as const;
    const { centre, aim } = drawRegion(scan, options, random);
    expect(aim).toEqual({ kind: "component", index: 0 });
    counts.set(at(centre), (counts.get(at(centre)) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(voxels.map(at).sort((a, b) => a - b));
  for (const found of counts.values())
    expect(Math.abs(found - 2000)).toBeLessThan(5 * Math.sqrt(6000 * (1 / 3) * (2 / 3)));
});

test("places are drawn evenly", () => {
  const scan = { ...numbered({ x: 4, y: 1, z: 1 }), places: Uint32Array.of(0, 1, 3) };
  const counts = [0, 0, 0, 0];
  const random = new RandomSource("places");
  for (let i = 0; i < 9000; i++) {
    const { centre } = drawRegion(
      scan,
      { region: { x: 2, y: 2, z: 2 }, aim: "centre", backgroundShare: 0, insideBody: false },
      random,
    );
    counts[centre.x] = (counts[centre.x] ?? 0) + 1;
  }
  expect(counts[2]).toBe(0);
  for (const x of [0, 1, 3])
    expect(Math.abs((counts[x] ?? 0) - 3000)).toBeLessThan(5 * Math.sqrt(9000 * (1 / 3) * (2 / 3)));
});
