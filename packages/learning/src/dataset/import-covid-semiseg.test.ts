import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { readLabels, readScan } from "@multirnet/imaging/node";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { expect, test } from "vitest";

import { openDataset } from "./dataset.js";
import { importDataset } from "./import.js";
import { madeFolder } from "./testing/made-dataset.js";

const [WIDTH, HEIGHT] = [24, 16]; // three JPEG blocks side by side, two one below the other
const BLOCKS = [0, 51, 102, 153, 204, 255]; // grey of each block; flat blocks come through a JPEG as they are
const blockOf = (x: number, y: number): number => Math.floor(x / 8) + 3 * Math.floor(y / 8);

const jpegOf = (grey: (x: number, y: number) => readonly [number, number, number]): Uint8Array => {
  const data = Array.from({ length: WIDTH * HEIGHT }, (_, i) => [
    ...grey(i % WIDTH, Math.floor(i / WIDTH)),
    255,
  ]).flat();
  return jpeg.encode({ width: WIDTH, height: HEIGHT, data }, 100).data;
};
const grey = (x: number, y: number): readonly [number, number, number] => {
  const value = BLOCKS[blockOf(x, y)] ?? 0;
  return [value, value, value];
};
const image = jpegOf(grey);

/** Ground glass in one pixel, consolidation in another. */
const truth = (at: (x: number, y: number) => readonly number[], width = WIDTH): Uint8Array => {
  const pixels = Array.from({ length: width * HEIGHT }, (_, i) => at(i % width, Math.floor(i / width)));
  return encodePng({
    width,
    height: HEIGHT,
    data: Uint8Array.from(pixels.flat()),
    channels: pixels[0]?.length as 1 | 3,
  });
};
const classAt = (x: number, y: number): number => (x === 20 && y === 3 ? 1 : x === 5 && y === 11 ? 2 : 0);
const numbered = truth((x, y) => [classAt(x, y)]);
const COLOURS = [
  [0, 0, 0],
  [128, 0, 0],
  [0, 128, 0],
] as const;
/** With the palette turned round: the colour is the class, not its place. */
const withPalette = encodePng({
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => 2 - classAt(i % WIDTH, Math.floor(i / WIDTH))),
  channels: 1,
  palette: COLOURS.toReversed().map((colour) => [...colour]),
});
const painted = truth(
  (x, y) =>
    [
      [0, 0, 0],
      [128, 0, 0],
      [0, 128, 0],
    ][classAt(x, y)] ?? [],
);

test.each([
  { folders: ["images", "labels"], mask: numbered },
  { folders: ["Imgs", "GT"], mask: painted },
  { folders: ["images", "labels"], mask: withPalette },
])("slices from $folders become scans of one slice, upright, with two lesion types", async ({ folders, mask }) => {
  const [images = "", truths = ""] = folders;
  const source = await madeFolder({
    [`${images}/10.jpg`]: image,
    [`${images}/9.jpg`]: image,
    [`${images}/notes.txt`]: "",
    [`${truths}/9.png`]: mask,
    [`${truths}/10.png`]: mask,
  });
  const out = join(await madeFolder(), "out");
  const { cases, problems } = await importDataset("covid-semiseg", source, out);
  expect(cases).toBe(2);
  expect(problems.map(({ code, severity }) => [code, severity])).toEqual([["DATASET_PATIENTS_UNKNOWN", "note"]]);
  const dataset = await openDataset(out);
  expect(dataset.labels).toEqual({ "ground-glass": 1, consolidation: 2 });
  expect(dataset.cases.map(({ name, diagnosis, estimated }) => [name, diagnosis, estimated])).toEqual([
    ["slice-9", "covid-19", ["spacing", "intensity"]],
    ["slice-10", "covid-19", ["spacing", "intensity"]],
  ]);
  const { volume } = await readScan(dataset.cases[0]?.image ?? "");
  expect(volume.grid.size).toEqual({ x: HEIGHT, y: WIDTH, z: 1 });
  // Column 20 of row 3 is in the third block of the first row; −1200 + 102/255 · 1400 = −640.
  expect(volume.voxels[3 + HEIGHT * 20]).toBe(-640);
  // All blocks, each from its upper left pixel: a step of 51 is 280 HU.
  const corners = [0, 1].flatMap((down) => [0, 8, 16].map((column) => volume.voxels[8 * down + HEIGHT * column]));
  expect(corners).toEqual([-1200, -920, -640, -360, -80, 200]);
  const { volume: lesions } = await readLabels(dataset.cases[0]?.label ?? "");
  const marked = Array.from(lesions.voxels).flatMap((value, at) => (value === 0 ? [] : [[value, at]]));
  expect(marked).toEqual([
    [2, 11 + HEIGHT * 5],
    [1, 3 + HEIGHT * 20],
  ]);
});

/** What an import that must fail says; and it must leave nothing behind. */
async function refused(files: Parameters<typeof madeFolder>[0]): Promise<string> {
  const source = await madeFolder(files);
  const around = await madeFolder();
  const message = await importDataset("covid-semiseg", source, join(around, "out")).then(
    () => "nothing was thrown",
    (error: unknown) => (error as Error).message,
  );
  expect(await readdir(around)).toEqual([]);
  return message.replaceAll(source, "SOURCE");
}

test("a folder that is not laid out so is refused", async () => {
  expect(await refused({})).toBe(
    "SOURCE does not look like covid-semiseg: expected folders images and labels, or folders Imgs and GT",
  );
  expect(await refused({ "images/a.txt": "", "labels/1.png": numbered })).toBe(
    "SOURCE does not look like covid-semiseg: expected JPEG pictures in images",
  );
  expect(await refused({ "images/1.jpg": image, "labels/2.png": numbered })).toBe(
    "SOURCE does not look like covid-semiseg: expected a PNG of the same name beside images/1.jpg",
  );
});

test("two pictures of one name, and names that are none for a case, are refused", async () => {
  expect(await refused({ "images/1.jpg": image, "images/1.JPEG": image, "labels/1.png": numbered })).toBe(
    "SOURCE does not look like covid-semiseg: expected one picture called 1, not images/1.JPEG and images/1.jpg",
  );
  expect(await refused({ "images/.1.jpg": image, "labels/.1.png": numbered })).toBe(
    "SOURCE does not look like covid-semiseg: expected pictures whose names are a file name without its ending (no / and no leading dot), not images/.1.jpg",
  );
});

test("a folder that is a file is none", async () => {
  expect(await refused({ images: "", "labels/1.png": numbered })).toContain("expected folders images and labels");
});

test("pictures that cannot be what they should be are refused, with the place", async () => {
  const withTruth = (mask: Uint8Array): Promise<string> => refused({ "images/1.jpg": image, "labels/1.png": mask });
  expect(await withTruth(truth((x, y) => [x === 7 && y === 2 ? 3 : 0]))).toBe(
    "SOURCE/labels/1.png at column 7, row 2 (from 0): expected 0, 1, 2, got 3",
  );
  expect(await withTruth(truth((x, y) => (x === 0 && y === 5 ? [128, 128, 0] : [0, 0, 0])))).toBe(
    "SOURCE/labels/1.png at column 0, row 5 (from 0): expected (0,0,0), (128,0,0), (0,128,0), got (128,128,0)",
  );
  expect(await withTruth(truth(() => [0], 23))).toBe(
    "SOURCE/labels/1.png: expected 24×16 pixels, as its image has, got 23×16 pixels",
  );
  expect(await withTruth(truth(() => [0, 255]))).toBe(
    "SOURCE/labels/1.png: expected 8 bits a pixel, grey, with a palette or in colours, got 8 bits, 2 channels",
  );
  const coloured = jpegOf((x, y) => (x < 8 ? [200, 20, 20] : grey(x, y)));
  expect(await refused({ "images/1.jpg": coloured, "labels/1.png": numbered })).toMatch(
    /^SOURCE\/images\/1\.jpg at column 0, row 0 \(from 0\): expected a grey picture, got a pixel of \(\d+,\d+,\d+\)$/,
  );
});

test("files cut short are refused", async () => {
  const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);
  expect(await refused({ "images/1.jpg": half(image), "labels/1.png": numbered })).toMatch(
    /^cannot read SOURCE\/images\/1\.jpg: /,
  );
  expect(await refused({ "images/1.jpg": image, "labels/1.png": half(numbered) })).toMatch(
    /^cannot read SOURCE\/labels\/1\.png: /,
  );
  expect(await refused({ "images/1.jpg": "", "labels/1.png": numbered })).toMatch(
    /^cannot read SOURCE\/images\/1\.jpg: /,
  );
});
