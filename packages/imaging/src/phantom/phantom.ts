import { RandomSource } from "@multirnet/base";

import { ImagingError } from "../errors.js";
import type { Volume, Xyz } from "../volume.js";

import { drawAnatomy } from "./anatomy.js";
import { paintBody } from "./body.js";
import { capLesions } from "./cap.js";
import { paintCapsules } from "./capsule.js";
import { covidLesions } from "./covid.js";
import { noLesions, type Lesions } from "./lesions.js";
import { lungField, shapeLungs, type LungField, type Lungs } from "./lungs.js";
import { blur, roughNormal, smoothNoise } from "./noise.js";
import { drawParenchyma, paintParenchyma } from "./parenchyma.js";
import { gridOf, spaceOver, type Space } from "./space.js";
import { growTree } from "./tree.js";
import { aboveOblique } from "./lobes.js";

export const PHANTOM_DIAGNOSES = ["covid-19", "cap", "normal"] as const;
export type PhantomDiagnosis = (typeof PHANTOM_DIAGNOSES)[number];

/** A synthetic chest CT with its truth; the three volumes lie on one grid. */
export interface Phantom {
  readonly name: string;
  readonly diagnosis: PhantomDiagnosis;
  readonly scan: Volume<"hounsfield">; // whole numbers, -1024 to 3071
  readonly lesions: Volume<"label">; // 1 ground-glass, 2 consolidation
  readonly lungs: Volume<"label">; // 1 right, 2 left; lesions included
}

export interface PhantomOptions {
  readonly seed: number;
  readonly index: number; // which case of the seed's endless row
  readonly size?: Xyz;
  readonly diagnosis?: PhantomDiagnosis; // default: as phantomDiagnosis says
}

/** How far the diaphragm may move during a scan, in mm. */
const BREATHING_MM = 12;

/** About 2.7 × 2.7 × 4 mm over a whole chest. */
export const PHANTOM_SIZE: Xyz = { x: 128, y: 104, z: 64 };

const SIZE_RANGE = { least: 8, most: 1024 } as const;

/** @returns the diagnosis of case `index`: every three in a row have all three, in an order of their own */
export function phantomDiagnosis(seed: number, index: number): PhantomDiagnosis {
  const round = new RandomSource(seed, "phantom", "diagnoses", Math.floor(index / 3)).shuffled(PHANTOM_DIAGNOSES);
  return round[index % 3] as PhantomDiagnosis;
}

/**
 * Makes one synthetic chest CT. The same options give the same voxels on every platform (no function beyond + − × / and √ is
 * used), case k does not depend on how many are made, and the anatomy of a case is the same at every size.
 *
 * Lung base −870 to −700 HU by breath, a gravity gradient, collapsed strips and plates that are no lesions, vessels and
 * airways, partial volume, blur by breathing at the diaphragm and correlated noise: no fixed band of HU outlines the lesions
 * (`bestHuBand`).
 *
 * @throws ImagingError PHANTOM_SIZE
 */
export function makePhantom({ seed, index, size = PHANTOM_SIZE, diagnosis = phantomDiagnosis(seed, index) }: PhantomOptions): Phantom {
  for (const count of [size.x, size.y, size.z]) {
    if (!Number.isInteger(count) || count < SIZE_RANGE.least || count > SIZE_RANGE.most) {
      throw new ImagingError({ code: "PHANTOM_SIZE", size, ...SIZE_RANGE });
    }
  }
  const random = new RandomSource(seed, "phantom", index);
  const anatomy = drawAnatomy(random.derive("anatomy"));
  const shape = shapeLungs(anatomy);
  const space = spaceOver(anatomy.fieldMm, anatomy.offsetMm, size);
  const field = lungField(shape, space, smoothNoise(space, 22, random.derive("wobble")));
  const lesions = drawLesions(diagnosis, shape, space, field, random.derive("lesions"));
  const scan = paintScan(shape, space, field, lesions, random);
  const grid = gridOf(space, random.derive("table"));
  return {
    name: `phantom-${seed}-${String(index).padStart(3, "0")}`,
    diagnosis,
    scan: { meaning: "hounsfield", grid, voxels: scan },
    lesions: { meaning: "label", grid, voxels: lesions.label },
    lungs: { meaning: "label", grid, voxels: field.label },
  };
}

function drawLesions(diagnosis: PhantomDiagnosis, shape: Lungs, space: Space, field: LungField, random: RandomSource): Lesions {
  switch (diagnosis) {
    case "covid-19":
      return covidLesions(shape, space, field, random);
    case "cap":
      return capLesions(shape, space, field, random);
    case "normal":
      return noLesions(space.count);
  }
}

/** Puts tissue, lesions, vessels and airways together, mixes at the lung's surface, and scans the result. */
function paintScan(shape: Lungs, space: Space, field: LungField, lesions: Lesions, random: RandomSource): Float32Array {
  const { anatomy } = shape;
  const coarse = smoothNoise(space, 20, random.derive("mosaic"));
  const fine = smoothNoise(space, 5, random.derive("grain"));
  const body = paintBody(shape, space, field, fine, coarse, {
    table: random.derive("bed").chance(0.7),
    gastricAir: random.derive("stomach").chance(0.6),
  });
  const look = drawParenchyma(anatomy, random.derive("parenchyma"));
  const hu = paintParenchyma(anatomy, look, space, field, coarse, fine);

  const vessels = paintCapsules(
    space,
    (["right", "left"] as const).flatMap((side) => [
      ...growTree(shape, side, { ends: 260, radius: 8, thinnest: 0.8, marginMm: 4 }, random.derive("arteries", side)),
      ...growTree(shape, side, { ends: 220, radius: 7.5, thinnest: 0.8, marginMm: 5 }, random.derive("veins", side)),
    ]),
  );
  const bronchi = (["right", "left"] as const).flatMap((side) =>
    growTree(shape, side, { ends: 60, radius: 5.2, thinnest: 1.5, marginMm: 9 }, random.derive("bronchi", side)),
  );
  const lumen = paintCapsules(space, bronchi);
  const walls = paintCapsules(space, bronchi, 1.1);

  const disease = random.derive("density");
  const glassHu = disease.between(185, 300); // added to the lung
  const denseHu = disease.between(-400, -90);
  const blurMm = random.derive("breathing").between(0, BREATHING_MM);
  const { edgeMm, size, firstMm, spacingMm } = space;
  const plane = size.x * size.y;
  for (let at = 0; at < space.count; at++) {
    const distance = field.distance[at] as number;
    if (distance > 3 * edgeMm + blurMm) {
      hu[at] = body[at] as number;
      continue;
    }
    let value = hu[at] as number;
    if (distance < 0) {
      const y = firstMm.y + (Math.floor(at / size.x) % size.y) * spacingMm.y;
      const z = firstMm.z + Math.floor(at / plane) * spacingMm.z;
      const fissure = Math.max(0, 1 - Math.abs(aboveOblique(anatomy, y, z)) / edgeMm);
      value += (fissure * 90) / edgeMm;
    }
    const texture = fine[at] as number;
    value += (lesions.groundGlass[at] as number) * (glassHu + 45 * texture + 25 * (coarse[at] as number));
    value += (lesions.consolidation[at] as number) * (denseHu + 70 * texture + 80 * (coarse[at] as number) - value);
    value += (vessels[at] as number) * (45 - value);
    value += (walls[at] as number) * 0.5 * (-60 - value);
    value += (lumen[at] as number) * (-985 - value);
    const moved = Math.abs(field.diaphragm[at] as number) < blurMm ? blurMm : 0;
    const share = Math.max(0, Math.min(1, 0.5 - distance / (edgeMm + moved)));
    hu[at] = share * value + (1 - share) * (body[at] as number);
  }
  scanNoise(hu, space, random.derive("scanner"));
  return hu;
}

/** The scanner: its point spread, then noise that is a little correlated, then whole numbers. */
function scanNoise(hu: Float32Array, space: Space, random: RandomSource): void {
  blur(hu, space, random.between(0.9, 1.5));
  const sigmaHu = random.between(24, 58);
  const noise = new Float32Array(space.count);
  for (let at = 0; at < noise.length; at++) noise[at] = roughNormal(random);
  blur(noise, space, 1.5);
  let squares = 0;
  for (const value of noise) squares += value * value;
  const scale = sigmaHu / Math.sqrt(squares / noise.length);
  for (let at = 0; at < hu.length; at++) {
    hu[at] = Math.max(-1024, Math.min(3071, Math.round((hu[at] as number) + scale * (noise[at] as number))));
  }
}
