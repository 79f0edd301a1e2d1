import { expect, test } from "vitest";

import { voxelCount, type Volume } from "@multirnet/imaging";

import { gridOf, scanOf, settingsOf } from "./testing/scans.js";
import { ofMean, pointwise, sigmoid, StubNetwork } from "./testing/stub-networks.js";
import { findInScan } from "./whole-scan.js";

const MM = { x: 1, y: 1, z: 1 };
const sensitive = new StubNetwork({ lesion: pointwise({ slope: 20, offset: -10 }) }); // half at -500 HU
const everywhere = new StubNetwork({ lesion: pointwise({ slope: 0, offset: 3 }) });
const places = ({ voxels }: Volume): number[] => Array.from(voxels.keys()).filter((i) => voxels[i] !== 0);

test("probabilities, not masks, are brought back to the scan's grid, and then thresholded there", async () => {
  // Two voxels of 2 mm become four of 1 mm: 0.2, 0.4, 0.8, 1 after the window. The network says 0.1, 0.8 and nearly 1 twice; each voxel of
  // the scan lies in the middle of two. A mask at 1 mm would be 0, 1, 1, 1, and the nearest of it would fill both voxels.
  const scan = scanOf(gridOf({ x: 2, y: 1, z: 1 }, { x: 2, y: 1, z: 1 }), (x) => (x === 0 ? -800 : 0));
  const logit = (p: number): number => Math.log(p / (1 - p));
  const slope = (logit(0.8) - logit(0.1)) / 0.2;
  const offset = logit(0.1) - 0.2 * slope;
  const network = new StubNetwork({ lesion: pointwise({ slope, offset }) });
  const found = await findInScan(network, scan, settingsOf());
  expect(found.probability?.voxels[0]).toBeCloseTo((0.1 + 0.8) / 2, 5);
  expect(found.probability?.voxels[1]).toBeCloseTo((sigmoid(0.8 * slope + offset) + sigmoid(slope + offset)) / 2, 5);
  expect(found.lesions).toEqual({ meaning: "label", grid: scan.grid, voxels: Uint8Array.from([0, 1]) });
  const bolder = await findInScan(network, scan, settingsOf({ inference: { threshold: 0.44 } }));
  expect(Array.from(bolder.lesions.voxels)).toEqual([1, 1]);
});

test("lesions below a volume in mm³ are removed from the mask, and stay in the probability", async () => {
  // Voxels of 1.5 mm³: a pair that touches at a corner, three in a row, and one alone.
  const grid = gridOf({ x: 12, y: 5, z: 4 }, { x: 1, y: 0.5, z: 3 });
  const lesions = new Set(["1 1 1", "2 2 2", "5 1 1", "6 1 1", "7 1 1", "10 3 3"]);
  const scan = scanOf(grid, (x, y, z) => (lesions.has(`${x} ${y} ${z}`) ? 0 : -1000));
  const kept = async (minimumLesionMm3: number): Promise<number> => {
    const settings = settingsOf({ preprocessing: { spacingMm: grid.spacingMm }, inference: { minimumLesionMm3 } });
    const found = await findInScan(sensitive, scan, settings);
    expect(found.probability?.voxels.filter((p) => p > 0.5).length).toBe(6);
    return places(found.lesions).length;
  };
  expect(await kept(0)).toBe(6);
  expect(await kept(1.6)).toBe(5);
  expect(await kept(3)).toBe(5); // exactly the pair
  expect(await kept(3.1)).toBe(3);
  expect(await kept(4.6)).toBe(0);
});

test("outside the patient's body there is no lesion", async () => {
  const grid = gridOf({ x: 24, y: 20, z: 12 }, MM);
  const body = (x: number, y: number, z: number): boolean => x >= 4 && x < 16 && y >= 8 && y < 16 && z >= 4;
  const scan = scanOf(grid, (x, y, z) => (body(x, y, z) ? 0 : -1000)); // the body is looked for in blocks of 4 mm
  const { lesions } = await findInScan(everywhere, scan, settingsOf());
  expect(lesions.voxels).toEqual(tissueOf(scan));
});

function tissueOf({ voxels }: Volume<"hounsfield">): Uint8Array {
  return Uint8Array.from(voxels, (hu) => (hu === 0 ? 1 : 0));
}

test("a scan of one thick slice keeps its one slice", async () => {
  const grid = gridOf({ x: 9, y: 8, z: 1 }, { x: 1, y: 1, z: 5 });
  const scan = scanOf(grid, (x, y) => (x >= 4 && y >= 4 ? 0 : -1000));
  const found = await findInScan(sensitive, scan, settingsOf());
  expect(found.lesions.grid).toEqual(grid);
  expect(found.lesions.voxels).toEqual(tissueOf(scan));
});

test("a scan of nothing but air has no lesion, and is diagnosed all the same", async () => {
  const scan = scanOf(gridOf({ x: 7, y: 6, z: 5 }, MM), () => -1000);
  const network = new StubNetwork({
    lesion: pointwise({ slope: 20, offset: -10 }),
    disease: ofMean({ slope: 1, offset: 1 }, { slope: 1, offset: 0 }),
  });
  const found = await findInScan(network, scan, settingsOf({ classes: ["cap", "normal"] }));
  expect(places(found.lesions)).toEqual([]);
  expect(found.disease).toEqual([
    { name: "cap", probability: expect.closeTo(sigmoid(1), 6) },
    { name: "normal", probability: expect.closeTo(sigmoid(-1), 6) },
  ]);
  expect(found.windows).toBe(3 * 2 * 4); // the whole scan is looked at where there is no body
});

test.each([
  { hu: -300, lesion: 1 },
  { hu: -600, lesion: 0 },
  { hu: 5000, lesion: 1 }, // above the window, which is 1 at 0 HU
  { hu: -3024, lesion: 0 }, // padding of some scanners
])("a constant scan of $hu HU is $lesion everywhere", async ({ hu, lesion }) => {
  const grid = gridOf({ x: 7, y: 6, z: 5 }, { x: 1.4, y: 0.9, z: 2.2 });
  const found = await findInScan(
    sensitive,
    scanOf(grid, () => hu),
    settingsOf(),
  );
  const seen = Math.min(1, Math.max(0, (hu + 1000) / 1000));
  expect(found.lesions.voxels).toEqual(new Uint8Array(voxelCount(grid)).fill(lesion));
  for (const p of found.probability?.voxels ?? [NaN]) expect(p).toBeCloseTo(sigmoid(20 * seen - 10), 5);
});

test("of two lesion types the mask has the likelier one, and the probability is that of either", async () => {
  const scan = scanOf(gridOf({ x: 3, y: 1, z: 1 }, MM), (x) => [-1000, -600, 0][x] ?? NaN);
  const lines = [
    { slope: -4, offset: 1 }, // likelier below 0.25
    { slope: 4, offset: -1 },
  ];
  const network = new StubNetwork({ lesion: pointwise(...lines) });
  const found = await findInScan(network, scan, settingsOf({ labels: ["ground-glass", "consolidation"] }));
  expect(Array.from(found.lesions.voxels)).toEqual([1, 2, 2]);
  const either = [0, 0.4, 1].map(
    (seen) => 1 - lines.reduce((none, { slope, offset }) => none * (1 - sigmoid(slope * seen + offset)), 1),
  );
  expect(Array.from(found.probability?.voxels ?? [])).toEqual(either.map((p) => expect.closeTo(p, 6)));
});

test("a network that only diagnoses gives no lesion and no probability", async () => {
  const scan = scanOf(gridOf({ x: 7, y: 6, z: 5 }, MM), () => 0);
  const network = new StubNetwork({ disease: ofMean({ slope: 1, offset: 0 }, { slope: 0, offset: 0 }) });
  const found = await findInScan(network, scan, settingsOf({ labels: [], classes: ["cap", "normal"] }));
  expect(found.lesions).toEqual({ meaning: "label", grid: scan.grid, voxels: new Uint8Array(210) });
  expect(found.probability).toBeUndefined();
  expect(found.disease?.map(({ name }) => name)).toEqual(["cap", "normal"]);
});

test("a network that only outlines gives no diagnosis", async () => {
  const scan = scanOf(gridOf({ x: 7, y: 6, z: 5 }, MM), () => 0);
  expect((await findInScan(everywhere, scan, settingsOf())).disease).toBeUndefined();
});

test("passes, progress and the wish to stop reach the windows", async () => {
  const scan = scanOf(gridOf({ x: 7, y: 6, z: 5 }, MM), () => 0);
  const network = new StubNetwork({ lesion: pointwise({ slope: 0, offset: 3 }) });
  const stop = new AbortController();
  const running = findInScan(network, scan, settingsOf(), {
    passes: 2,
    signal: stop.signal,
    onWindow: (done) => {
      if (done === 6) stop.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: "INFERENCE_ABORTED", message: "stopped after 6 of 24 windows" });
  expect(network.asked.map(({ passes }) => passes)).toEqual([2, 2, 2]);
});

test("the scan that came in is left as it was", async () => {
  const scan = scanOf(gridOf({ x: 7, y: 6, z: 5 }, MM), (x, y, z) => 10 * x + 7 * y - 100 * z);
  const before = Float32Array.from(scan.voxels);
  await findInScan(everywhere, scan, settingsOf({ preprocessing: { spacingMm: { x: 1, y: 2, z: 1 } } }));
  expect(scan.voxels).toEqual(before);
});
