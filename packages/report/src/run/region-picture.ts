import { encode } from "fast-png";

/** A slice of a region as a network saw it, with the truth where it is known and what the network said. */
export interface RegionSlice {
  readonly width: number; // pixels
  readonly height: number;
  readonly image: Float32Array; // [0, 1], rows from the top
  readonly truth?: Uint8Array | undefined; // above 0: lesion
  readonly probability?: Float32Array | undefined; // [0, 1]
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/** Of the outlines: bluish green for the truth, orange for what was found (Okabe and Ito), which differ in lightness too. */
const TRUTH = [0, 190, 140] as const;
const FOUND = [255, 140, 20] as const;
const THRESHOLD = 0.5;

/**
 * A slice enlarged, in grey, with the outline of the truth and of what was found along the edges of pixels. Where both run, what was found is seen.
 *
 * @param scale pixels of the picture for one of the slice, 2 or more
 */
export function regionPicture({ width, height, image, truth, probability }: RegionSlice, scale = 3): Picture {
  const size = { width: width * scale, height: height * scale };
  const data = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const grey = Math.round(255 * (image[Math.floor(x / scale) + width * Math.floor(y / scale)] as number));
      data.fill(grey, 3 * (x + size.width * y), 3 * (x + size.width * y) + 3);
    }
  }
  const outline = (inside: (at: number) => boolean, colour: readonly number[]): void => {
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        if (isBorder(x, y, inside)) data.set(colour, 3 * (x + size.width * y));
      }
    }
  };
  if (truth !== undefined) outline((at) => (truth[at] as number) > 0, TRUTH);
  if (probability !== undefined) outline((at) => (probability[at] as number) >= THRESHOLD, FOUND);
  return { ...size, png: encode({ ...size, data, channels: 3, depth: 8 }, { zlib: { level: 9 } }) };

  /** Whether a pixel of the picture lies in a marked pixel of the slice and touches one that is not. */
  function isBorder(x: number, y: number, inside: (at: number) => boolean): boolean {
    const marked = (px: number, py: number): boolean =>
      px >= 0 && py >= 0 && px < size.width && py < size.height
        ? inside(Math.floor(px / scale) + width * Math.floor(py / scale))
        : false;
    return marked(x, y) && !(marked(x - 1, y) && marked(x + 1, y) && marked(x, y - 1) && marked(x, y + 1));
  }
}
