import { readFile } from "node:fs/promises";

import { messageOf } from "@multirnet/base";
import { decode as decodePng } from "fast-png";
import jpeg from "jpeg-js";

import { DatasetError } from "./dataset-error.js";

/** A picture with one number a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array; // row by row from the top
}

/** Which class a colour stands for, where a mask is painted and not counted. */
export interface ClassColour {
  readonly rgb: readonly [red: number, green: number, blue: number];
  readonly value: number;
}

/**
 * Reads a grey JPEG, or a coloured one whose three colours are the same everywhere.
 *
 * @throws DatasetError DATASET_FILE_UNREADABLE, DATASET_PICTURE
 */
export async function readGreyJpeg(path: string): Promise<Picture> {
  const bytes = await readBytes(path);
  const { width, height, data } = decoded(path, () => jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false }));
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(4 * i, 4 * i + 3);
    if (red !== green || green !== blue) {
      throw wrong({ path, at: i, width }, "a grey picture", `a pixel of (${String([red, green, blue])})`);
    }
    pixels[i] = red;
  }
  return { width, height, pixels };
}

/**
 * Reads a mask from a PNG of 8 bits: grey numbers as they are, colours, also those of a palette, by the table.
 *
 * @throws DatasetError DATASET_FILE_UNREADABLE, DATASET_PICTURE
 */
export async function readClassPng(path: string, colours: readonly ClassColour[]): Promise<Picture> {
  const bytes = await readBytes(path);
  const { width, height, channels, depth, palette, data } = decoded(path, () => decodePng(bytes, { checkCrc: true }));
  if (depth !== 8 || channels === 2) {
    const got = `${String(depth)} bits, ${String(channels)} channels`;
    throw wrong({ path }, "8 bits a pixel, grey, with a palette or in colours", got);
  }
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const numbers = Array.from(data.subarray(channels * i, channels * (i + 1)));
    const painted = palette === undefined ? numbers : palette[numbers[0] ?? 0];
    const found = colours.find(({ rgb, value }) =>
      painted?.length === 1 ? painted[0] === value : rgb.every((one, at) => one === painted?.[at]),
    );
    if (found === undefined) {
      const known = colours.map(({ rgb, value }) => (painted?.length === 1 ? String(value) : `(${String(rgb)})`));
      const got = painted?.length === 1 ? String(painted) : `(${String(painted?.slice(0, 3))})`;
      throw wrong({ path, at: i, width }, known.join(", "), got);
    }
    pixels[i] = found.value;
  }
  return { width, height, pixels };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function decoded<T>(path: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): DatasetError {
  return new DatasetError({ code: "DATASET_FILE_UNREADABLE", path, because: messageOf(error) }, { cause: error });
}

function wrong(
  { path, at, width }: { path: string; at?: number; width?: number },
  expected: string,
  got: string,
): DatasetError {
  const place = at === undefined || width === undefined ? {} : { place: { x: at % width, y: Math.floor(at / width) } };
  return new DatasetError({ code: "DATASET_PICTURE", path, expected, got, ...place });
}
