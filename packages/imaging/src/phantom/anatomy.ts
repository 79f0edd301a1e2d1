import type { RandomSource } from "@multirnet/base";

import type { Xyz } from "../volume.js";

/** One patient's chest in numbers, drawn before anything is painted. Millimetres in chest coordinates (see `Space`). */
export interface Anatomy {
  readonly fieldMm: Xyz; // field of view of the scan
  readonly offsetMm: Xyz; // where its middle lies
  /** The inside of the rib cage. */
  readonly thorax: {
    readonly halfWidth: number;
    readonly halfDepth: number;
    readonly square: number;
    readonly stoop: number;
  };
  readonly apexZ: number;
  readonly lungHeight: number;
  readonly domeZ: { readonly right: number; readonly left: number };
  readonly domeDrop: number; // how much lower the diaphragm is at the chest wall
  readonly mediastinumX: number; // its middle; right and left lung lie on its two sides
  readonly mediastinumHalf: number;
  readonly heart: { readonly centre: Xyz; readonly radii: Xyz };
  readonly spineY: number;
  readonly body: {
    readonly halfWidth: number;
    readonly halfDepth: number;
    readonly centreY: number;
    readonly fat: number; // thickness under the skin
    readonly breast: number; // how far the front is raised
  };
  readonly ribs: { readonly pitch: number; readonly tilt: number; readonly phase: number };
  readonly fissures: { readonly obliqueZ: number; readonly obliqueSlope: number; readonly horizontalZ: number };
  /** Air, 0 to 1: from a full breath to one let out; 1 has denser lungs, a higher diaphragm and a steeper gradient. */
  readonly exhaled: number;
}

/**
 * Draws one chest. Sizes after adult CT: inner chest 24 to 27 cm wide and 16 to 19 cm deep, lungs 19 to 24 cm high, the right
 * dome of the diaphragm about 1 cm above the left, heart to the left.
 */
export function drawAnatomy(random: RandomSource): Anatomy {
  const exhaled = random.uniform();
  const halfWidth = random.between(120, 134);
  const halfDepth = random.between(80, 94);
  const lungHeight = random.between(202, 236) - 14 * exhaled;
  const fat = random.between(5, 17);
  const frontWall = 15 + fat;
  const backWall = 36 + fat;
  const body = {
    halfWidth: halfWidth + random.between(18, 24) + fat,
    halfDepth: halfDepth + (frontWall + backWall) / 2,
    centreY: (backWall - frontWall) / 2,
    fat,
    breast: random.chance(0.5) ? random.between(8, 24) : 0,
  };
  const apexZ = lungHeight / 2;
  const domeRight = -random.between(42, 60) + 24 * exhaled;
  const heartScale = random.between(0.9, 1.1);
  const halfHeart = { x: 60 * heartScale, y: 42 * heartScale, z: 44 * heartScale };
  return {
    fieldMm: {
      x: 2 * body.halfWidth + random.between(12, 34),
      y: 2 * body.halfDepth + random.between(30, 46),
      z: lungHeight + random.between(16, 32),
    },
    offsetMm: { x: random.between(-6, 6), y: body.centreY + random.between(-4, 6), z: random.between(-5, 3) },
    thorax: { halfWidth, halfDepth, square: random.between(0.15, 0.38), stoop: random.between(6, 16) },
    apexZ,
    lungHeight,
    domeZ: { right: domeRight, left: domeRight - random.between(4, 16) },
    domeDrop: random.between(44, 60),
    mediastinumX: random.between(1, 5),
    mediastinumHalf: random.between(21, 27),
    heart: {
      centre: { x: random.between(24, 32), y: -halfDepth * 0.3, z: domeRight + 34 },
      radii: halfHeart,
    },
    spineY: halfDepth * random.between(0.84, 0.92),
    body,
    ribs: { pitch: random.between(24, 29), tilt: random.between(22, 36), phase: random.uniform() },
    fissures: {
      obliqueZ: random.between(-18, -4),
      obliqueSlope: random.between(0.55, 0.8),
      horizontalZ: random.between(6, 28),
    },
    exhaled,
  };
}
