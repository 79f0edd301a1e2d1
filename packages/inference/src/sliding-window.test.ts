import { expect, test } from "vitest";

import type { Box, Xyz } from "@multirnet/imaging";

import { slideOver, type GreyImage } from "./sliding-window.js";
import { byPlace, ofMean, pointwise, sigmoid, StubNetwork } from "./testing/stub-networks.js";

// Unequal on purpose: a swapped axis must change the answer.
const size: Xyz = { x: 13, y: 9, z: 7 };
const image = imageOf(size, (i) => (i % 101) / 100);
const whole: Box = { from: { x: 0, y: 0, z: 0 }, size };
const region: Xyz = { x: 6, y: 4, z: 3 };

function imageOf(size: Xyz, voxel: (index: number) => number): GreyImage {
  return { size, voxels: Float32Array.from({ length: size.x * size.y * size.z }, (_, i) => voxel(i)) };
}

/** A row of voxels along x. */
function row(...voxels: readonly number[]): GreyImage {
  return { size: { x: voxels.length, y: 1, z: 1 }, voxels: Float32Array.from(voxels) };
}
const along = (from: number, length: number): Box => ({
  from: { x: from, y: 0, z: 0 },
  size: { x: length, y: 1, z: 1 },
});
const rowOf = (x: number): Xyz => ({ x, y: 1, z: 1 });

test.each([0, 0.25, 0.5, 0.75, 0.9])(
  "what depends on each voxel alone is the same however windows overlap: %f",
  async (overlap) => {
    const network = new StubNetwork({ lesion: pointwise({ slope: 6, offset: -2 }) });
    const { lesion, disease } = await slideOver(network, image, { region, overlap, box: whole });
    expect(lesion.length).toBe(1);
    expect(disease).toBeUndefined();
    const off = lesion[0]?.map((p, i) => Math.abs(p - sigmoid(6 * (image.voxels[i] ?? 0) - 2)));
    expect(off?.length).toBe(image.voxels.length);
    expect(Math.max(...(off ?? []))).toBeLessThan(3e-6); // sums of up to 72 windows in 32 bits
  },
);

test("lesion types are averaged apart, also where the last window is alone in its batch", async () => {
  const network = new StubNetwork({ lesion: pointwise({ slope: 6, offset: -2 }, { slope: -3, offset: 1 }) });
  const boxes: readonly Box[] = [whole, { from: { x: 2, y: 1, z: 0 }, size: { x: 11, y: 8, z: 7 } }];
  for (const box of boxes) {
    const { lesion, windows } = await slideOver(network, image, { region, overlap: 0, box });
    expect(windows).toBe(box === whole ? 27 : 12);
    expect(lesion.length).toBe(2);
    const last = image.voxels.length - 1; // in either box
    const voxel = image.voxels[last] ?? 0;
    expect(lesion.map((type) => type[last])).toEqual([
      expect.closeTo(sigmoid(6 * voxel - 2), 6),
      expect.closeTo(sigmoid(-3 * voxel + 1), 6),
    ]);
  }
});

test("where windows disagree, each counts by its Gaussian weight there", async () => {
  // Windows of 8 from 0 and from 4: voxel 5 is place 5 of the first and place 1 of the second; σ is 1, the centre 3.5.
  const logits = [-3, -2, -1, 0, 1, 2, 3, 4];
  const network = new StubNetwork({ lesion: byPlace(Float32Array.from(logits)) });
  const options = { region: rowOf(8), overlap: 0.5, box: along(0, 12) };
  const { lesion } = await slideOver(network, row(...new Array<number>(12).fill(0)), options);
  const [at5, at1] = [Math.exp(-0.5 * 1.5 ** 2), Math.exp(-0.5 * 2.5 ** 2)];
  expect(lesion[0]?.[5]).toBeCloseTo((at5 * sigmoid(2) + at1 * sigmoid(-2)) / (at5 + at1), 6);
  expect(lesion[0]?.[2]).toBeCloseTo(sigmoid(-1), 6); // seen once, so its weight does not matter
  expect(lesion[0]?.[11]).toBeCloseTo(sigmoid(4), 6);
});

test("a scan smaller than the region is seen in its middle, with air around it", async () => {
  const logits = [-3, -2, -1, 0, 1, 2, 3, 4];
  const network = new StubNetwork({
    lesion: byPlace(Float32Array.from(logits)),
    disease: ofMean({ slope: 1, offset: 0 }, { slope: 0, offset: 0 }),
  });
  const { lesion, disease, windows } = await slideOver(network, row(1, 1, 1), {
    region: rowOf(8),
    overlap: 0.5,
    box: along(0, 3),
  });
  expect(windows).toBe(1);
  expect(Array.from(lesion[0] ?? [])).toEqual([-1, 0, 1].map((x) => expect.closeTo(sigmoid(x), 6))); // places 2 to 4
  expect(disease?.[0]).toBeCloseTo(sigmoid(3 / 8), 6); // three voxels of 1 and five of air, against a logit of 0
});

test("a window at the border sees air past the scan, and the scan past the box", async () => {
  const network = new StubNetwork({ disease: ofMean({ slope: 1, offset: 0 }, { slope: 0, offset: 0 }) });
  const scan = row(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8);
  const seen = async (box: Box): Promise<number | undefined> =>
    (await slideOver(network, scan, { region: rowOf(6), overlap: 0, box })).disease?.[0];
  expect(await seen(along(0, 2))).toBeCloseTo(sigmoid((0 + 0 + 0.1 + 0.2 + 0.3 + 0.4) / 6), 6);
  expect(await seen(along(6, 2))).toBeCloseTo(sigmoid((0.5 + 0.6 + 0.7 + 0.8 + 0 + 0) / 6), 6);
});

test("every axis is padded on its own side", async () => {
  // One voxel of 1 in an image of 1×1×1, in a window of 3×4×5: it is seen at (1, 1, 2).
  const place = 1 + 3 * (1 + 4 * 2);
  const logits = new Float32Array(60).fill(-5);
  logits[place] = 5;
  const network = new StubNetwork({ lesion: (input) => byPlace(logits)(input).mul(input) });
  const { lesion } = await slideOver(network, row(1), { region: { x: 3, y: 4, z: 5 }, overlap: 0, box: along(0, 1) });
  expect(lesion[0]?.[0]).toBeCloseTo(sigmoid(5), 6);
});

test("outside the box there is no lesion, also where a window reaches past it", async () => {
  const network = new StubNetwork({ lesion: pointwise({ slope: 0, offset: 3 }) });
  const box: Box = { from: { x: 3, y: 4, z: 5 }, size: { x: 8, y: 2, z: 1 } }; // shorter than a window along y and z
  const [found] = (await slideOver(network, image, { region, overlap: 0.5, box })).lesion;
  const inside = (x: number, y: number, z: number): boolean => x >= 3 && x < 11 && y >= 4 && y < 6 && z === 5;
  const wrong: string[] = [];
  for (let z = 0, i = 0; z < size.z; z++)
    for (let y = 0; y < size.y; y++)
      for (let x = 0; x < size.x; x++, i++)
        if (Math.abs((found?.[i] ?? NaN) - (inside(x, y, z) ? sigmoid(3) : 0)) > 1e-6) wrong.push(`${x} ${y} ${z}`);
  expect(wrong).toEqual([]);
});

test("a box that reaches past the scan is seen with air there, and nothing is written outside the scan", async () => {
  const network = new StubNetwork({ lesion: pointwise({ slope: 0, offset: 3 }) });
  const box: Box = { from: { x: -4, y: -1, z: 5 }, size: { x: 10, y: 20, z: 4 } };
  const [found = []] = (await slideOver(network, image, { region, overlap: 0.5, box })).lesion;
  // x 0 to 5, y 0 to 8, z 5 and 6
  expect(Array.from(found).filter((p) => p > 0).length).toBe(6 * 9 * 2);
  expect(found[0 + 13 * (0 + 9 * 5)]).toBeCloseTo(sigmoid(3), 6);
});
