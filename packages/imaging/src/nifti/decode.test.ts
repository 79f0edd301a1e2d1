import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { orientation } from "../orientation.js";
import { niftiOfFloats, niftiWith } from "../testing/headers.js";
import { GRID, maskOn, scanOn } from "../testing/patients.js";
import { words } from "../testing/words.js";
import { decodeNifti, NiftiDecoder } from "./decode.js";
import { readNiftiHeader } from "./header.js";

interface NiftiCase {
  readonly name: string;
  readonly file: string;
  readonly affine: readonly (readonly [number, number, number, number])[];
  readonly axes: string;
  readonly values: readonly number[];
}
// Written and read by nibabel: scripts/golden/imaging.py
const cases = JSON.parse(
  readFileSync(new URL("../testing/nifti.golden.json", import.meta.url), "utf8"),
) as readonly NiftiCase[];

test.each(cases)("nibabel reads the same: $name", ({ name, file, affine, axes, values }) => {
  const { volume, format, warnings } = decodeNifti(Buffer.from(file, "base64"), "scan.nii", "hounsfield");
  expect(format).toBe(name.startsWith("NIfTI-2") ? "nifti-2" : "nifti-1");
  expect([...volume.voxels]).toEqual(values.map(Math.fround));
  expect(volume.grid.size).toEqual({ x: 3, y: 4, z: 5 });
  expect(orientation(volume.grid)).toBe(axes);
  // RAS of nibabel, LPS of ours: x and y change sign.
  const { originMm, spacingMm, axes: directions } = volume.grid;
  const ours = (["x", "y", "z"] as const).map((row) => [
    ...(["x", "y", "z"] as const).map((column) => directions[column][row] * spacingMm[column]),
    originMm[row],
  ]);
  // After a half turn nibabel takes rounding for a turn of 0.02 degrees.
  const tolerance = name === "half turn, qform" ? 1e-3 : 2e-6;
  for (const [i, row] of affine.slice(0, 3).entries()) {
    for (const [j, value] of row.entries()) {
      expect(Math.abs((ours[i]?.[j] ?? NaN) - (i < 2 ? -value : value))).toBeLessThan(tolerance);
    }
  }
  expect(warnings).toEqual(
    name === "neither sform nor qform"
      ? [
          "the header has neither sform nor qform: taken as x to the left, y to the front, z to the head, centred; " +
            "left and right may be wrong",
        ]
      : [],
  );
});

const read = (bytes: Uint8Array) => decodeNifti(bytes, "scan.nii", "hounsfield");

test("the test's own file is read as it was made", () => {
  const { volume, warnings } = read(niftiWith({}));
  expect(volume).toEqual(scanOn());
  expect(warnings).toEqual([]);
});

test.each([0, NaN, Infinity])("a slope of %s means that voxels are stored as they are", (slope) => {
  expect(read(niftiWith({ slope: [slope], intercept: [5] })).volume.voxels).toEqual(scanOn().voxels);
});

test("an intercept that is no number is taken as 0, and said", () => {
  const { volume, warnings } = read(niftiWith({ slope: [2], intercept: [NaN] }));
  expect(volume.voxels[1]).toBe(-1980);
  expect(warnings).toEqual(["scl_inter is NaN: taken as 0"]);
});

test.each([
  { unit: "m", code: 1, factor: 1000 },
  { unit: "mm", code: 2, factor: 1 },
  { unit: "micron", code: 3, factor: 1e-3 },
  { unit: "mm, and seconds in time", code: 2 + 8, factor: 1 },
])("spacing in $unit becomes mm", ({ code, factor }) => {
  const { volume, warnings } = read(niftiWith({ units: [code] }));
  expect(volume.grid.spacingMm.z).toBeCloseTo(2.5 * factor, 4 - Math.log10(factor));
  expect(volume.grid.originMm.y).toBeCloseTo(23 * factor, 4 - Math.log10(factor));
  expect(warnings).toEqual([]);
});

test.each([0, 5])("the unit code %i is taken as mm, and said", (code) => {
  const { volume, warnings } = read(niftiWith({ units: [code] }));
  expect(volume.grid).toEqual(GRID);
  expect(warnings).toEqual([`the header does not say the unit of its spacing (code ${code}): taken as mm`]);
});

test("sform and qform that disagree are told, and the sform is used", () => {
  // The qform's first voxel is moved by 3 mm along x and 4 along y.
  const { volume, warnings } = read(niftiWith({ quaternion: [0, 0, 1, 11 + 3, -23 + 4] }));
  expect(volume.grid).toEqual(GRID);
  expect(warnings).toEqual(["sform and qform put voxels up to 5 mm apart; the sform was used"]);
});

test("four dimensions are read if the fourth is 1, two as one slice", () => {
  expect(read(niftiWith({ dimensions: [4, 3, 4, 5, 1] })).volume).toEqual(scanOn());
  expect(read(niftiWith({ dimensions: [7, 3, 4, 5, 1, 1, 1, 1] })).volume).toEqual(scanOn());
  expect(read(niftiWith({ dimensions: [2, 3, 4, 77] })).volume.grid.size).toEqual({ x: 3, y: 4, z: 1 });
});

test.each([
  { kind: "several times", dimensions: [4, 3, 4, 1, 5], shape: "3×4×1×5" },
  { kind: "a vector a voxel", dimensions: [5, 3, 4, 1, 1, 5], shape: "3×4×1×1×5" },
])("4-D is refused: $kind", ({ dimensions, shape }) => {
  expect(words(() => read(niftiWith({ dimensions })))).toBe(
    `scan.nii holds more than one volume (${shape}): expected one scan of three dimensions; split it first`,
  );
});

test.each([
  { dimensions: [3, 3, 0, 5], stated: "3, 3, 0, 5, 1, 1, 1, 1" },
  { dimensions: [3, -3, 4, 5], stated: "3, -3, 4, 5, 1, 1, 1, 1" },
  { dimensions: [0], stated: "0, 3, 4, 5, 1, 1, 1, 1" },
  { dimensions: [8], stated: "8, 3, 4, 5, 1, 1, 1, 1" },
  { dimensions: [-3], stated: "-3, 3, 4, 5, 1, 1, 1, 1" },
])("dimensions that are none are refused: $stated", ({ dimensions, stated }) => {
  expect(words(() => read(niftiWith({ dimensions })))).toBe(
    `scan.nii: expected one to seven dimensions of at least 1, found dim = [${stated}]`,
  );
});

test("a header of 60 GB is refused by its limit, before memory is asked for", () => {
  // 2500 · 2500 · 2400 voxels of float32 are 60 GB.
  expect(words(() => read(niftiWith({ dimensions: [3, 2500, 2500, 2400], datatype: [16] }).subarray(0, 352)))).toBe(
    "scan.nii would have 2500×2500×2400 voxels, more than the 1073741824 that are allowed",
  );
});

test("a header that promises more than the file holds says how much came", () => {
  const bytes = niftiWith({ dimensions: [3, 3, 4, 6] });
  expect(words(() => read(bytes))).toBe(
    "scan.nii is cut short: its header promises 3×4×6 voxels, 496 bytes in all, but it holds 472",
  );
  expect(words(() => read(niftiWith({}).subarray(0, 471)))).toBe(
    "scan.nii is cut short: its header promises 3×4×5 voxels, 472 bytes in all, but it holds 471",
  );
});

test("what comes after the voxels is not read, and said", () => {
  const bytes = new Uint8Array(475);
  bytes.set(niftiWith({}));
  const { volume, warnings } = read(bytes);
  expect(volume).toEqual(scanOn());
  expect(warnings).toEqual(["3 bytes after the last voxel were not read"]);
});

test.each([
  { datatype: 128, name: "RGB colours" },
  { datatype: 2304, name: "RGBA colours" },
  { datatype: 32, name: "complex numbers" },
  { datatype: 1, name: "single bits" },
  { datatype: 1536, name: "128-bit numbers" },
  { datatype: 77, name: "an unknown kind of voxel" },
])("the datatype $datatype is refused by name", ({ datatype, name }) => {
  expect(words(() => read(niftiWith({ datatype: [datatype] })))).toBe(
    `scan.nii stores ${name} (datatype ${datatype}): expected one of uint8, int8, int16, uint16, int32, uint32, float32, ` +
      "int64, uint64, float64",
  );
});

test.each([0, 348, 352.5, NaN])("voxels that begin at byte %s are refused", (offset) => {
  expect(words(() => read(niftiWith({ voxelOffset: [offset] })))).toBe(
    `scan.nii: expected voxels to begin at a whole byte from 352 on, found vox_offset ${offset}`,
  );
});

test("an extension before the voxels is passed over, at any byte", () => {
  for (const extra of [16, 3]) {
    const bytes = new Uint8Array(472 + extra);
    bytes.set(niftiWith({ voxelOffset: [352 + extra] }).subarray(0, 352));
    bytes.set(niftiWith({}).subarray(352), 352 + extra);
    expect(read(bytes).volume).toEqual(scanOn());
  }
});

test.each([
  { spacing: [0, 0.5, 2.5], stated: "(0, 0.5, 2.5)" },
  { spacing: [0.75, -0, 2.5], stated: "(0.75, 0, 2.5)" },
  { spacing: [0.75, 0.5, -2.5], stated: "(0.75, 0.5, -2.5)" },
  { spacing: [NaN, 0.5, 2.5], stated: "(NaN, 0.5, 2.5)" },
  { spacing: [0.75, Infinity, 2.5], stated: "(0.75, Infinity, 2.5)" },
])("the spacing $stated is refused", ({ spacing, stated }) => {
  expect(words(() => read(niftiWith({ pixdim: [1, ...spacing] })))).toBe(
    `scan.nii: expected a spacing above 0 on each axis, found pixdim ${stated}`,
  );
});

/** Rows of a 3×4 matrix. */
const upright = [-0.75, 0, 0, 11, 0, -0.5, 0, -23, 0, 0, 2.5, -37];
const sformWith = (changes: Readonly<Record<number, number>>): number[] =>
  upright.map((value, i) => changes[i] ?? value);

test.each([
  { what: "an axis of length 0", sform: sformWith({ 0: 0 }) },
  { what: "two axes along one line", sform: sformWith({ 0: 0, 4: 0.7 }) },
  { what: "nothing but zeros", sform: upright.map(() => 0) },
])("a singular sform is refused: $what", ({ sform }) => {
  expect(words(() => read(niftiWith({ sform })))).toBe(
    "scan.nii: its sform is singular: it maps the volume onto a plane, a line or a point",
  );
});

test.each([NaN, Infinity])("an sform with %s in it is refused", (value) => {
  expect(words(() => read(niftiWith({ sform: sformWith({ 3: value }) })))).toBe(
    "scan.nii: its sform holds values that are not finite numbers",
  );
});

test("a sheared sform is refused with its angle", () => {
  // The z axis leans by atan(1 / 2.5) = 21.8 degrees, as a tilted gantry makes it.
  expect(words(() => read(niftiWith({ sform: sformWith({ 6: 1 }) })))).toBe(
    "scan.nii: its sform is sheared: two axes are 21.8 degrees off a right angle (a tilted gantry?); " +
      "resample the scan to an upright grid first",
  );
});

test("a skew too small to matter is put right, and said", () => {
  // 0.002 / 2.5 = 0.0008: shared by both axes, 0.0004 each.
  const { volume, warnings } = read(niftiWith({ sform: sformWith({ 6: 0.002 }), qformCode: [0] }));
  expect(warnings).toEqual(["the sform is skewed by 0.0458 degrees; its axes were made upright"]);
  const { y, z } = volume.grid.axes;
  expect(y.x * z.x + y.y * z.y + y.z * z.z).toBeCloseTo(0, 6);
  expect(z.y).toBeCloseTo(-0.0004, 6);
  expect(y.z).toBeCloseTo(0.0004, 6);
  expect(volume.grid.spacingMm.z).toBeCloseTo(2.5, 5);
});

test("a quaternion longer than 1 is refused where only it tells the directions", () => {
  const quaternion = [0.9, 0.5, 0];
  expect(words(() => read(niftiWith({ quaternion, sformCode: [0] })))).toBe(
    "scan.nii: the quaternion of its qform has the length 1.02956, expected at most 1: its directions are not known",
  );
  expect(read(niftiWith({ quaternion })).warnings).toEqual([
    "the qform cannot be read: its quaternion is longer than 1; the sform was used",
  ]);
});

test("voxels that are no numbers become air, and are counted", () => {
  const values = [NaN, Infinity, -Infinity, 40, ...new Array<number>(56).fill(-500)];
  const { volume, warnings } = read(niftiOfFloats(values));
  expect([...volume.voxels.subarray(0, 5)]).toEqual([-1000, -1000, -1000, 40, -500]);
  expect(warnings).toEqual(["3 of 60 voxels are not finite numbers: taken as -1000"]);
});

test("voxels that a slope takes out of range become air too", () => {
  const { volume, warnings } = read(niftiWith({ slope: [3e38] }));
  expect(new Set(volume.voxels)).toEqual(new Set([-1000]));
  expect(warnings).toEqual(["60 of 60 voxels are not finite numbers: taken as -1000"]);
});

test("a mask holds whole numbers from 0 to 255, however it is stored", () => {
  const labels = Array.from({ length: 60 }, (_, i) => (i === 7 ? 255 : i % 3));
  const { volume } = decodeNifti(niftiOfFloats(labels), "mask.nii", "label");
  expect([...volume.voxels]).toEqual(labels);
  const stored = decodeNifti(niftiWith({}, maskOn(GRID, [[1, 2, 3]])), "mask.nii", "label");
  expect(stored.volume).toEqual(maskOn(GRID, [[1, 2, 3]]));
});

test.each([0.5, -1, 256, NaN, Infinity, 1e12])("a mask with the value %s is refused", (value) => {
  const values = new Array<number>(60).fill(1);
  values[2 + 3 * (1 + 4 * 3)] = value;
  values[59] = -7; // the first is named
  expect(words(() => decodeNifti(niftiOfFloats(values), "mask.nii", "label"))).toBe(
    `mask.nii is no label map: expected whole numbers from 0 to 255, found ${Math.fround(value)} at voxel (2, 1, 3)`,
  );
});

test("a scan given as a mask is refused", () => {
  expect(words(() => decodeNifti(niftiWith({}), "scan.nii", "label"))).toBe(
    "scan.nii is no label map: expected whole numbers from 0 to 255, found -1000 at voxel (0, 0, 0)",
  );
});

test("all-lesion and no-lesion masks are masks", () => {
  for (const label of [0, 1]) {
    const mask = { ...maskOn(GRID, []), voxels: new Uint8Array(60).fill(label) };
    expect(decodeNifti(niftiWith({}, mask), "mask.nii", "label").volume).toEqual(mask);
  }
});

test("probabilities lie in [0, 1], rounding aside", () => {
  const values = [1.0000001, -1e-8, 0.25, ...new Array<number>(57).fill(0)];
  expect([...decodeNifti(niftiOfFloats(values), "p.nii", "probability").volume.voxels.subarray(0, 3)]).toEqual([
    1, 0, 0.25,
  ]);
  values[4] = 1.5;
  expect(words(() => decodeNifti(niftiOfFloats(values), "p.nii", "probability"))).toBe(
    "p.nii is no probability map: expected numbers from 0 to 1, found 1.5 at voxel (1, 1, 0)",
  );
});

test("half of a .hdr/.img pair is refused by name", () => {
  expect(words(() => read(niftiWith({ magic: [0x6e, 0x69, 0x31, 0] })))).toBe(
    "scan.nii is half of a .hdr/.img pair: expected header and voxels in one .nii or .nii.gz file; " +
      'convert it, for example with nibabel\'s "nib-convert"',
  );
});

test.each([
  { what: "ANALYZE, without the magic word", bytes: niftiWith({ magic: [0, 0, 0, 0] }) },
  { what: "text", bytes: Uint8Array.from("not a scan", (letter) => letter.charCodeAt(0)) },
  { what: "three bytes", bytes: Uint8Array.of(92, 1, 0) },
])("what is no NIfTI is refused: $what", ({ bytes }) => {
  expect(words(() => read(bytes))).toBe(
    "scan.nii is not a NIfTI file: expected NIfTI-1 or NIfTI-2 (.nii or .nii.gz), found no header of either",
  );
});

test("an empty file and half a header are told as such", () => {
  expect(words(() => read(new Uint8Array(0)))).toBe("scan.nii is empty");
  expect(words(() => read(niftiWith({}).subarray(0, 100)))).toBe(
    "scan.nii is cut short in its header: expected 348 bytes, found 100",
  );
});

// Every kind and byte order that nibabel wrote.
test.each(cases)("in parts of any length it is the same: $name", ({ file }) => {
  const bytes = new Uint8Array(Buffer.from(file, "base64"));
  const whole = read(bytes);
  for (const length of [1, 3, 7, 353, bytes.length + 5]) {
    const decoder = new NiftiDecoder(readNiftiHeader(bytes, "scan.nii"), "scan.nii", "hounsfield", bytes.length);
    for (let at = 0; at < bytes.length; at += length) decoder.add(bytes.subarray(at, at + length));
    expect(decoder.finish(bytes.length)).toEqual(whole);
  }
});

test("the first label that is none is told, in whichever part it came", () => {
  const bytes = niftiOfFloats(Array.from({ length: 60 }, (_, place) => (place === 41 ? 2.5 : place === 50 ? -1 : 1)));
  const decoder = new NiftiDecoder(readNiftiHeader(bytes, "mask.nii"), "mask.nii", "label", bytes.length);
  for (let at = 0; at < bytes.length; at += 50) decoder.add(bytes.subarray(at, at + 50));
  expect(words(() => decoder.finish(bytes.length))).toBe(words(() => decodeNifti(bytes, "mask.nii", "label")));
});
