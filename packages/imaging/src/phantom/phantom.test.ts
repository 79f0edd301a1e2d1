import { DIAGNOSES, type Diagnosis } from "@multirnet/base";
import { expect, test } from "vitest";

import { LPS_AXES, voxelVolumeMm3, type Volume, type Xyz } from "../volume.js";

import { LESION_LABEL } from "./lesions.js";
import { LUNG_LABEL } from "./lungs.js";
import { makePhantom, phantomDiagnosis, type Phantom } from "./phantom.js";

// Unequal, and odd in two axes: a swapped axis must not go unseen.
const size = { x: 75, y: 62, z: 41 };
const seed = 21;

const made = new Map<string, Phantom>();
/** Phantoms are costly: each is made once for all tests that only look at it. */
function phantom(diagnosis: Diagnosis, index: number): Phantom {
  const key = `${diagnosis} ${index}`;
  const known = made.get(key) ?? makePhantom({ seed, index, size, diagnosis });
  made.set(key, known);
  return known;
}
const indices = [0, 1, 2, 3, 4, 5];

/** FNV-1a over the whole HU and both label maps. */
function hash({ scan, lesions, lungs }: Phantom): number {
  let h = 0x811c9dc5;
  for (const voxels of [Int16Array.from(scan.voxels), lesions.voxels, lungs.voxels]) {
    for (const byte of new Uint8Array(voxels.buffer)) h = Math.imul(h ^ byte, 0x01000193);
  }
  return h >>> 0;
}

function count(volume: Volume<"label">, is: (label: number, at: number) => boolean): number {
  return volume.voxels.reduce((sum, label, at) => sum + (is(label, at) ? 1 : 0), 0);
}

/** Share of the lung that is lesion. */
function involved({ lesions, lungs }: Phantom): number {
  return count(lesions, (label) => label > 0) / count(lungs, (label) => label > 0);
}

/** Share of the lesion in the right lung. */
function rightShare({ lesions, lungs }: Phantom): number {
  const right = count(lesions, (label, at) => label > 0 && lungs.voxels[at] === LUNG_LABEL.right);
  return right / count(lesions, (label) => label > 0);
}

test("the same case is the same voxels, however many are made around it", () => {
  const alone = makePhantom({ seed: 3, index: 2, size });
  const row = [0, 1, 2, 3].map((index) => makePhantom({ seed: 3, index, size }));
  const hashes = row.map(hash);
  expect(hashes[2]).toBe(hash(alone));
  expect(row[2]?.scan.grid).toEqual(alone.scan.grid);
  expect(new Set(hashes).size).toBe(4);
  expect(hash(makePhantom({ seed: 4, index: 2, size, diagnosis: alone.diagnosis }))).not.toBe(hash(alone));
});

test("unchanged: data sets and trained models rest on these voxels", () => {
  const small = { x: 24, y: 20, z: 16 };
  const hashes = DIAGNOSES.map((diagnosis) => hash(makePhantom({ seed: 1, index: 0, size: small, diagnosis })));
  expect(hashes).toEqual(UNCHANGED);
});
const UNCHANGED = [515491251, 1752162631, 1301106478];

test("every three cases in a row have each diagnosis once, not always in the same order", () => {
  const rounds = Array.from({ length: 8 }, (_, round) => [0, 1, 2].map((i) => phantomDiagnosis(5, 3 * round + i)));
  for (const round of rounds) expect([...round].sort()).toEqual([...DIAGNOSES].sort());
  expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
  expect(makePhantom({ seed: 5, index: 4, size: { x: 12, y: 10, z: 8 } }).diagnosis).toBe(phantomDiagnosis(5, 4));
});

test("the name tells seed and case", () => {
  expect(makePhantom({ seed: 5, index: 4, size: { x: 12, y: 10, z: 8 } }).name).toBe("phantom-5-004");
});

test("a normal chest has no lesion", () => {
  for (const index of indices) expect(count(phantom("normal", index).lesions, (label) => label !== 0)).toBe(0);
});

test("the diagnosis changes the lesions and nothing else of the patient", () => {
  const [normal, cap] = [phantom("normal", 0), phantom("cap", 0)];
  expect(cap.scan.grid).toEqual(normal.scan.grid);
  expect(cap.lungs.voxels).toEqual(normal.lungs.voxels);
  const untouched = sampledAll(cap.lungs, (label) => label === 0);
  const changed = untouched.filter(
    (at) => Math.abs((cap.scan.voxels[at] as number) - (normal.scan.voxels[at] as number)) > 1,
  );
  expect(changed.length / untouched.length).toBeLessThan(0.02); // the soft edge at the pleura
});

test("COVID-19 is ground glass in both lungs, 4 to 20 % of them", () => {
  let dense = 0;
  for (const index of indices) {
    const one = phantom("covid-19", index);
    expect(involved(one)).toBeGreaterThan(0.04);
    expect(involved(one)).toBeLessThan(0.2);
    expect(Math.abs(rightShare(one) - 0.5)).toBeLessThan(0.2);
    const consolidated = count(one.lesions, (label) => label === LESION_LABEL.consolidation);
    expect(consolidated / count(one.lesions, (label) => label > 0)).toBeLessThan(0.4);
    if (consolidated > 0) dense++;
  }
  expect(dense).toBeGreaterThan(0);
});

test("pneumonia from the community is mostly consolidation and mostly on one side, 4 to 15 % of the lung", () => {
  const rights = indices.map((index) => {
    const one = phantom("cap", index);
    expect(involved(one)).toBeGreaterThan(0.04);
    expect(involved(one)).toBeLessThan(0.15);
    const right = rightShare(one);
    expect(Math.max(right, 1 - right)).toBeGreaterThan(0.75);
    const dense = count(one.lesions, (label) => label === LESION_LABEL.consolidation);
    const all = count(one.lesions, (label) => label > 0);
    expect(dense / all).toBeGreaterThan(0.6);
    expect(dense).toBeLessThan(all); // some ground glass around
    return right > 0.5;
  });
  expect(new Set(rights).size).toBe(2); // on either side
});

test("COVID-19 lies nearer to the lung's surface than chance", () => {
  const ratios = indices.map((index) => {
    const { lesions, lungs } = phantom("covid-19", index);
    const surface = surfaceOf(lungs);
    const lung = sampled(lungs, (label) => label > 0).map((at) => nearestMm(lungs, at, surface));
    const lesion = sampled(lesions, (label) => label > 0).map((at) => nearestMm(lungs, at, surface));
    return mean(lesion) / mean(lung);
  });
  expect(mean(ratios)).toBeLessThan(0.75);
  expect(Math.max(...ratios)).toBeLessThan(0.95);
});

test("lesions lie within the lungs", () => {
  for (const diagnosis of ["covid-19", "cap"] as const) {
    for (const index of indices) {
      const { lesions, lungs } = phantom(diagnosis, index);
      expect(count(lesions, (label, at) => label > 0 && lungs.voxels[at] === 0)).toBe(0);
    }
  }
});

/** Half-way from the air in a bronchus (−985 HU) to the densest consolidation (−10 HU); noise is below 40 HU. */
const HALF_AIR_HU = -498;

test("air stays in the bronchi of a consolidation", () => {
  // Voxels all of whose neighbours are consolidated: a dark one is no edge of the lesion.
  const shares = [0, 2].map((index) => {
    const { scan, lesions } = makePhantom({ seed, index, diagnosis: "cap" });
    const { x, y } = scan.grid.size;
    const inner = sampledAll(lesions, (label, at) =>
      [0, 1, -1, x, -x, x * y, -x * y].every((step) => lesions.voxels[at + step] === label && label === 2),
    );
    return inner.filter((at) => (scan.voxels[at] as number) < HALF_AIR_HU).length / inner.length;
  });
  expect(Math.min(...shares)).toBeGreaterThan(0.01);
  expect(Math.max(...shares)).toBeLessThan(0.25);
});

test("the right lung is on the patient's right, at low x, and the larger; the heart is on the left", () => {
  for (const index of indices) {
    const { scan, lungs } = phantom("normal", index);
    const meanX = (label: number): number => mean(sampledAll(lungs, (l) => l === label).map((at) => at % size.x));
    expect(meanX(LUNG_LABEL.right)).toBeLessThan(size.x / 2);
    expect(meanX(LUNG_LABEL.left)).toBeGreaterThan(size.x / 2);
    const [right, left] = [LUNG_LABEL.right, LUNG_LABEL.left].map((label) => count(lungs, (l) => l === label));
    expect(right).toBeGreaterThan(left as number);
    expect(right).toBeLessThan(1.6 * (left as number));

    // The spine is at high y, the head at high z: bone lies behind, the lungs end above in their apices.
    const bone = sampledAll(lungs, (_, at) => (scan.voxels[at] as number) > 350).filter((at) => {
      return Math.abs((at % size.x) - size.x / 2) < 6;
    });
    expect(mean(bone.map((at) => Math.floor(at / size.x) % size.y))).toBeGreaterThan(size.y / 2);
    const area = (z: number): number =>
      count(lungs, (label, at) => label > 0 && Math.floor(at / (size.x * size.y)) === z);
    expect(area(Math.round(0.9 * size.z))).toBeLessThan(area(Math.round(0.6 * size.z)));
  }
});

test("tissues have the HU of a chest, as whole numbers that fit 16 bits", () => {
  for (const index of indices) {
    const { scan, lungs } = phantom("normal", index);
    expect(scan.voxels.every((hu) => Number.isInteger(hu) && hu >= -1024 && hu <= 3071)).toBe(true);
    const median = (values: readonly number[]): number =>
      [...values].sort((a, b) => a - b)[values.length >> 1] as number;
    const lung = sampledAll(lungs, (label) => label > 0).map((at) => scan.voxels[at] as number);
    expect(median(lung)).toBeGreaterThan(-880);
    expect(median(lung)).toBeLessThan(-590);
    const corner = Array.from({ length: size.x }, (_, x) => scan.voxels[x] as number); // in front of the patient
    expect(median(corner)).toBeLessThan(-950);
    const outside = sampledAll(lungs, (label) => label === 0).map((at) => scan.voxels[at] as number);
    const share = (low: number, high: number): number =>
      outside.filter((hu) => hu >= low && hu < high).length / outside.length;
    expect(share(-200, -60)).toBeGreaterThan(0.03); // fat
    expect(share(-60, 170)).toBeGreaterThan(0.3); // muscle, organs: 55 HU and up to 80 HU of noise
    expect(share(320, 3071)).toBeGreaterThan(0.01); // bone
    expect(share(320, 3071)).toBeLessThan(0.12);
  }
});

test("the grid has the asked size, square pixels, an origin of its own and the patient's axes", () => {
  const { scan, lesions, lungs } = phantom("cap", 1);
  expect(scan.grid.size).toEqual(size);
  expect(scan.voxels.length).toBe(size.x * size.y * size.z);
  expect(scan.grid.axes).toBe(LPS_AXES);
  const { spacingMm, originMm } = scan.grid;
  expect(spacingMm.x).toBe(spacingMm.y);
  expect(spacingMm.z).toBeGreaterThan(spacingMm.x);
  for (const mm of [spacingMm.x, spacingMm.z, originMm.x, originMm.y, originMm.z]) {
    expect(mm).not.toBe(0);
    expect(Math.fround(mm)).toBe(mm); // nothing is lost in a header of 32-bit floats
  }
  expect(spacingMm.x * size.x).toBeGreaterThan(300);
  expect(spacingMm.x * size.x).toBeLessThan(400);
  expect(lesions.grid).toBe(scan.grid);
  expect(lungs.grid).toBe(scan.grid);
});

test.each([
  { other: { x: 128, y: 104, z: 64 }, within: 0.05 },
  { other: { x: 40, y: 90, z: 57 }, within: 0.1 },
])("the same patient at another size: $other", ({ other, within }) => {
  const ml = ({ lungs, lesions }: Phantom): { lung: number; lesion: number } => {
    const voxel = voxelVolumeMm3(lungs.grid) / 1000;
    return {
      lung: count(lungs, (label) => label > 0) * voxel,
      lesion: count(lesions, (label) => label > 0) * voxel,
    };
  };
  const here = ml(phantom("cap", 1));
  const there = ml(makePhantom({ seed, index: 1, size: other, diagnosis: "cap" }));
  expect(here.lung).toBeGreaterThan(2500);
  expect(here.lung).toBeLessThan(6000);
  expect(Math.abs(there.lung / here.lung - 1)).toBeLessThan(within);
  expect(Math.abs(there.lesion / here.lesion - 1)).toBeLessThan(within);
});

test("patients differ in lungs, field of view and density", () => {
  const all = indices.map((index) => phantom("normal", index));
  expect(new Set(all.map(({ scan }) => scan.grid.spacingMm.x)).size).toBe(indices.length);
  const volumes = all.map(({ lungs }) => count(lungs, (label) => label > 0) * voxelVolumeMm3(lungs.grid));
  expect(Math.max(...volumes) / Math.min(...volumes)).toBeGreaterThan(1.1);
  const densities = all.map(({ scan, lungs }) =>
    mean(sampledAll(lungs, (l) => l > 0).map((at) => scan.voxels[at] as number)),
  );
  expect(Math.max(...densities) - Math.min(...densities)).toBeGreaterThan(40);
});

test("the smallest size works for every diagnosis", () => {
  for (const diagnosis of DIAGNOSES) {
    const { scan } = makePhantom({ seed: 1, index: 0, size: { x: 8, y: 8, z: 8 }, diagnosis });
    expect(scan.voxels.every((hu) => Number.isFinite(hu))).toBe(true);
  }
});

test.each([
  { size: { x: 7, y: 50, z: 40 }, words: "7×50×40" },
  { size: { x: 64, y: 50.5, z: 40 }, words: "64×50.5×40" },
  { size: { x: 64, y: 50, z: 1025 }, words: "64×50×1025" },
])("a size of $words is refused", ({ size: asked, words }) => {
  expect(() => makePhantom({ seed: 1, index: 0, size: asked })).toThrow(
    expect.objectContaining({
      code: "PHANTOM_SIZE",
      message: `expected a phantom's size in whole numbers from 8 to 1024 along each axis, got ${words}`,
    }),
  );
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sampledAll(volume: Volume<"label">, is: (label: number, at: number) => boolean): number[] {
  const places: number[] = [];
  volume.voxels.forEach((label, at) => {
    if (is(label, at)) places.push(at);
  });
  return places;
}

/** About two hundred places, evenly taken. */
function sampled(volume: Volume<"label">, is: (label: number) => boolean): number[] {
  const all = sampledAll(volume, is);
  const step = Math.max(1, Math.floor(all.length / 200));
  return all.filter((_, i) => i % step === 0);
}

function place({ grid }: Volume, at: number): Xyz {
  const { size: s, spacingMm } = grid;
  return {
    x: (at % s.x) * spacingMm.x,
    y: (Math.floor(at / s.x) % s.y) * spacingMm.y,
    z: Math.floor(at / (s.x * s.y)) * spacingMm.z,
  };
}

/** Lung voxels with a neighbour that is not lung. */
function surfaceOf(lungs: Volume<"label">): Xyz[] {
  const { x, y } = lungs.grid.size;
  const steps = [1, -1, x, -x, x * y, -x * y];
  return sampledAll(lungs, (label, at) => label > 0 && steps.some((step) => (lungs.voxels[at + step] ?? 0) === 0)).map(
    (at) => place(lungs, at),
  );
}

function nearestMm(lungs: Volume<"label">, at: number, surface: readonly Xyz[]): number {
  const here = place(lungs, at);
  let nearest = Infinity;
  for (const { x, y, z } of surface) {
    nearest = Math.min(nearest, (x - here.x) ** 2 + (y - here.y) ** 2 + (z - here.z) ** 2);
  }
  return Math.sqrt(nearest);
}
