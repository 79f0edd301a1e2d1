import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { sameGrid } from "../grid.js";
import { orientTo } from "../orientation.js";
import { GRID, maskOn, scanOn } from "../testing/patients.js";
import type { Grid, Volume } from "../volume.js";
import { decodeNifti } from "./decode.js";
import { encodeNifti } from "./encode.js";

/** A rotation by `degrees` about (1, 2, 3), by Rodrigues' formula. */
function turned(degrees: number, grid: Grid = GRID): Grid {
  const [ux, uy, uz] = [1, 2, 3].map((part) => part / Math.sqrt(14)) as [number, number, number];
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const k = 1 - c;
  return {
    ...grid,
    axes: {
      x: { x: c + ux * ux * k, y: uy * ux * k + uz * s, z: uz * ux * k - uy * s },
      y: { x: ux * uy * k - uz * s, y: c + uy * uy * k, z: uz * uy * k + ux * s },
      z: { x: ux * uz * k + uy * s, y: uy * uz * k - ux * s, z: c + uz * uz * k },
    },
  };
}

const mirrored = (grid: Grid): Grid => {
  const { x, y, z } = grid.axes;
  return { ...grid, axes: { x, y, z: { x: -z.x, y: -z.y, z: -z.z } } };
};
const odd: Grid = { ...GRID, spacingMm: { x: 0.7, y: 0.8, z: 1 / 3 }, originMm: { x: 0.1, y: -0.2, z: 1e3 / 7 } };

const scans: readonly { readonly name: string; readonly scan: Volume<"hounsfield"> }[] = [
  { name: "upright", scan: scanOn() },
  { name: "SPL", scan: orientTo(scanOn(), "SPL") },
  { name: "AIR", scan: orientTo(scanOn(), "AIR") },
  { name: "numbers that 32 bits do not hold", scan: scanOn(odd) },
  { name: "oblique", scan: scanOn(turned(25, odd)) },
  { name: "oblique, left-handed", scan: scanOn(mirrored(turned(25, odd))) },
  { name: "nearly a half turn", scan: scanOn(turned(179.9, odd)) },
  { name: "a half turn", scan: scanOn(turned(180, odd)) },
];

test.each(scans)("what is read back is the same: $name", ({ scan }) => {
  for (const format of ["nifti-1", "nifti-2"] as const) {
    const first = decodeNifti(encodeNifti(scan, { format }), "scan.nii", "hounsfield");
    expect(first.format).toBe(format);
    expect(first.warnings).toEqual([]); // sform and qform agree
    expect(first.volume.voxels).toEqual(scan.voxels);
    expect(sameGrid(first.volume.grid, scan.grid, 1e-4)).toBe(true);
    // From then on to the last bit: a mask lies exactly on the grid of the scan that was read.
    const second = decodeNifti(encodeNifti(first.volume), "scan.nii", "hounsfield");
    expect(second.volume).toEqual(first.volume);
  }
});

test("in thousandths voxels are read back to half of one, as int16; what is too large stops at the largest", () => {
  const voxels = scanOn().voxels.map((_, i) => i / 7000);
  const given: Volume<"probability"> = { meaning: "probability", grid: GRID, voxels };
  const file = encodeNifti(given, { steps: 1000 });
  expect(file).toHaveLength(352 + 2 * voxels.length);
  const { volume } = decodeNifti(file, "p.nii", "probability");
  for (const [i, p] of voxels.entries()) expect(Math.abs((volume.voxels[i] ?? NaN) - p)).toBeLessThan(0.0005 + 1e-7);
  const far = { ...scanOn(), voxels: scanOn().voxels.map((_, i) => (i % 2 === 0 ? 1e6 : -1e6)) };
  const stopped = decodeNifti(encodeNifti(far, { steps: 1000 }), "far.nii", "hounsfield").volume.voxels;
  expect([stopped[0], stopped[1]]).toEqual([32.767, -32.767].map((hu) => expect.closeTo(hu, 5) as unknown));
});

test("the qform alone gives the same grid", () => {
  for (const { scan } of scans) {
    const bytes = encodeNifti(scan);
    new DataView(bytes.buffer).setInt16(254, 0, true); // sform_code
    const { grid } = decodeNifti(bytes, "scan.nii", "hounsfield").volume;
    expect(sameGrid(grid, scan.grid, 1e-3)).toBe(true);
  }
});

test("whole Hounsfield units are stored as int16, others as float32, labels as uint8", () => {
  const kind = (volume: Volume): number => new DataView(encodeNifti(volume).buffer).getInt16(70, true);
  expect(kind(scanOn())).toBe(4);
  for (const hu of [0.5, 32768, -32769]) {
    const scan = { ...scanOn(), voxels: scanOn().voxels.with(7, hu) };
    expect(kind(scan)).toBe(16);
    expect(decodeNifti(encodeNifti(scan), "scan.nii", "hounsfield").volume).toEqual(scan);
  }
  expect(kind(maskOn(GRID, []))).toBe(2);
  expect(kind({ meaning: "probability", grid: GRID, voxels: new Float32Array(60) })).toBe(16);
});

test("a side longer than NIfTI-1 can say is written as NIfTI-2", () => {
  const long = { ...maskOn({ ...GRID, size: { x: 40_000, y: 1, z: 1 } }, [[39_999, 0, 0]]) };
  const { format, volume } = decodeNifti(encodeNifti(long), "mask.nii", "label");
  expect(format).toBe("nifti-2");
  expect(volume).toEqual(long);
});

/** A Python with nibabel, if there is one. */
const python = ["python3", "/usr/bin/python3"].find((command) => {
  try {
    execFileSync(command, ["-c", "import nibabel"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const READ = `
import json, sys, nibabel
for path in sys.argv[1:]:
    image = nibabel.load(path)
    print(json.dumps({"sform": image.get_sform().tolist(), "qform": image.get_qform().tolist(),
        "codes": [int(image.header["sform_code"]), int(image.header["qform_code"])],
        "values": image.get_fdata().ravel(order="F").tolist(), "units": image.header.get_xyzt_units()[0]}))
`;

interface NibabelReading {
  readonly sform: readonly (readonly number[])[];
  readonly qform: readonly (readonly number[])[];
  readonly codes: readonly number[];
  readonly values: readonly number[];
  readonly units: string;
}

test.skipIf(python === undefined)(
  "nibabel opens what is written on the same grid (skipped where nibabel is not installed)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "multirnet-"));
    try {
      const files = scans.flatMap(({ scan }, i) =>
        (["nifti-1", "nifti-2"] as const).map((format) => {
          const path = join(folder, `${i}-${format}.nii`);
          writeFileSync(path, encodeNifti(scan, { format }));
          return { path, scan };
        }),
      );
      const lines = execFileSync(python ?? "", ["-c", READ, ...files.map(({ path }) => path)], { encoding: "utf8" });
      const readings = lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as NibabelReading);
      expect(readings.length).toBe(files.length);
      for (const [i, { sform, qform, codes, values, units }] of readings.entries()) {
        const scan = files[i]?.scan ?? scanOn();
        expect(values).toEqual([...scan.voxels]);
        expect([codes, units]).toEqual([[1, 1], "mm"]);
        for (const [r, row] of (["x", "y", "z"] as const).entries()) {
          const sign = row === "z" ? 1 : -1;
          const { axes, spacingMm, originMm } = scan.grid;
          const ours = [axes.x[row] * spacingMm.x, axes.y[row] * spacingMm.y, axes.z[row] * spacingMm.z, originMm[row]];
          for (const [c, value] of ours.entries()) {
            expect(Math.abs((sform[r]?.[c] ?? NaN) - sign * value)).toBeLessThan(1e-5);
            expect(Math.abs((qform[r]?.[c] ?? NaN) - sign * value)).toBeLessThan(1e-4);
          }
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("the free text comes back from either format, cut to what a header holds", () => {
  for (const format of ["nifti-1", "nifti-2"] as const) {
    for (const description of ["", "a phantom", "x".repeat(79)]) {
      expect(decodeNifti(encodeNifti(scanOn(), { format, description }), "a.nii", "hounsfield").description).toBe(
        description,
      );
    }
    const long = encodeNifti(scanOn(), { format, description: "y".repeat(200) });
    expect(decodeNifti(long, "a.nii", "hounsfield").description).toBe("y".repeat(79));
  }
});
