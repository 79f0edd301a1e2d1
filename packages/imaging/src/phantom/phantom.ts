import { DIAGNOSES, RandomSource, type Diagnosis } from "@multirnet/base";

import { ImagingError } from "../errors.js";
import type { Volume, Xyz } from "../volume.js";

import { drawAnatomy } from "./anatomy.js";
import { capLesions } from "./cap.js";
import { covidLesions } from "./covid.js";
import { noLesions, type Lesions } from "./lesions.js";
import { lungField, shapeLungs, type LungField, type Lungs } from "./lungs.js";
import { smoothNoise } from "./noise.js";
import { paintScan } from "./scan.js";
import { gridOf, spaceOver, type Space } from "./space.js";

/** Stands in the header of every phantom that is written, so that nobody takes it for a patient. */
export const PHANTOM_DESCRIPTION = "multirnet phantom: synthetic, no patient";

/** A synthetic chest CT with its truth; the three volumes lie on one grid. */
export interface Phantom {
  readonly name: string;
  readonly diagnosis: Diagnosis;
  readonly scan: Volume<"hounsfield">; // whole numbers, -1024 to 3071
  readonly lesions: Volume<"label">; // 1 ground-glass, 2 consolidation
  readonly lungs: Volume<"label">; // 1 right, 2 left; lesions included
}

export interface PhantomOptions {
  readonly seed: number;
  readonly index: number; // which case of the seed's endless row
  readonly size?: Xyz;
  readonly diagnosis?: Diagnosis; // default: as phantomDiagnosis says
}

/** About 2.7 × 2.7 × 4 mm over a whole chest. */
export const PHANTOM_SIZE: Xyz = { x: 128, y: 104, z: 64 };

const SIZE_RANGE = { least: 8, most: 1024 } as const;

/** @returns the diagnosis of case `index`: every three in a row have all three, in an order of their own */
export function phantomDiagnosis(seed: number, index: number): Diagnosis {
  const round = new RandomSource(seed, "phantom", "diagnoses", Math.floor(index / 3)).shuffled(DIAGNOSES);
  return round[index % 3] as Diagnosis;
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
export function makePhantom({
  seed,
  index,
  size = PHANTOM_SIZE,
  diagnosis = phantomDiagnosis(seed, index),
}: PhantomOptions): Phantom {
  for (const count of [size.x, size.y, size.z]) {
    if (!Number.isInteger(count) || count < SIZE_RANGE.least || count > SIZE_RANGE.most) {
      throw new ImagingError({ code: "PHANTOM_SIZE", size, ...SIZE_RANGE });
    }
  }
  const random = new RandomSource(seed, "phantom", index);
  const anatomy = drawAnatomy(random.derive("anatomy"));
  const lungs = shapeLungs(anatomy);
  const space = spaceOver(anatomy.fieldMm, anatomy.offsetMm, size);
  const field = lungField(lungs, space, smoothNoise(space, 22, random.derive("wobble")));
  const lesions = drawLesions(diagnosis, lungs, space, field, random.derive("lesions"));
  const scan = paintScan(lungs, space, field, lesions, random);
  const grid = gridOf(space, random.derive("table"));
  return {
    name: `phantom-${seed}-${String(index).padStart(3, "0")}`,
    diagnosis,
    scan: { meaning: "hounsfield", grid, voxels: scan },
    lesions: { meaning: "label", grid, voxels: lesions.label },
    lungs: { meaning: "label", grid, voxels: field.label },
  };
}

function drawLesions(
  diagnosis: Diagnosis,
  lungs: Lungs,
  space: Space,
  field: LungField,
  random: RandomSource,
): Lesions {
  switch (diagnosis) {
    case "covid-19":
      return covidLesions(lungs, space, field, random);
    case "cap":
      return capLesions(lungs, space, field, random);
    case "normal":
      return noLesions(space.count);
  }
}
