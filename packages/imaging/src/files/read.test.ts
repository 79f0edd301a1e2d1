import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

import { encodeNifti } from "../nifti/encode.js";
import { withFolder } from "../testing/folders.js";
import { niftiOfFloats, niftiWith } from "../testing/headers.js";
import { GRID, maskOn, scanOn } from "../testing/patients.js";
import { laterWords } from "../testing/words.js";
import { readLabels, readProbability, readScan } from "./read.js";

/** What reading a file with these bytes says. */
async function saidOf(name: string, bytes: Uint8Array | string, read: (path: string) => Promise<unknown> = readScan) {
  let said = "";
  await withFolder(async (folder) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    said = (await laterWords(read(path))).replaceAll(folder, "…");
  });
  return said;
}

test("a scan is read packed and unpacked, by what it holds and not by its name", () =>
  withFolder(async (folder) => {
    const bytes = niftiWith({});
    for (const [name, content] of [
      ["scan.nii", bytes],
      ["scan.nii.gz", gzipSync(bytes)],
      ["misnamed.nii", gzipSync(bytes)],
      ["misnamed.nii.gz", bytes],
      ["in-two-pieces.nii.gz", Buffer.concat([gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))])],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, content);
      expect(await readScan(path)).toEqual({
        volume: scanOn(),
        description: "multirnet",
        format: "nifti-1",
        warnings: [],
      });
    }
  }));

test("a scan larger than the pieces it is unpacked in", () =>
  withFolder(async (folder) => {
    // 2.4 MB of numbers that gzip cannot foresee
    const voxels = Float32Array.from({ length: 100 * 80 * 150 }, (_, i) => ((i * 7919) % 4001) - 1000);
    const scan = { ...scanOn({ ...GRID, size: { x: 100, y: 80, z: 150 } }), voxels };
    for (const [name, pack] of [
      ["scan.nii", (bytes: Uint8Array) => bytes],
      ["scan.nii.gz", (bytes: Uint8Array) => gzipSync(bytes)],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, pack(encodeNifti(scan)));
      const { volume } = await readScan(path);
      expect(Buffer.compare(Buffer.from(volume.voxels.buffer), Buffer.from(voxels.buffer))).toBe(0);
    }
  }));

test("warnings of the header come along", () =>
  withFolder(async (folder) => {
    const path = join(folder, "scan.nii.gz");
    writeFileSync(path, gzipSync(Buffer.concat([niftiWith({ units: [0] }), Buffer.alloc(9)])));
    expect((await readScan(path)).warnings).toEqual([
      "the header does not say the unit of its spacing (code 0): taken as mm",
      "9 bytes after the last voxel were not read",
    ]);
  }));

test("a missing file, an empty file, a folder", () =>
  withFolder(async (folder) => {
    expect(await laterWords(readScan(join(folder, "none.nii")))).toBe(`${folder}/none.nii does not exist`);
    expect(await laterWords(readScan(folder))).toBe(`${folder} is a folder; expected a NIfTI file (.nii or .nii.gz)`);
    writeFileSync(join(folder, "empty.nii"), "");
    expect(await laterWords(readScan(join(folder, "empty.nii")))).toBe(`${folder}/empty.nii is empty`);
    writeFileSync(join(folder, "empty.nii.gz"), gzipSync(""));
    expect(await laterWords(readScan(join(folder, "empty.nii.gz")))).toBe(`${folder}/empty.nii.gz is empty`);
  }));

test("a path through a file cannot be read", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "file"), "x");
    const path = join(folder, "file", "scan.nii");
    expect(await laterWords(readScan(path))).toBe(`cannot read ${path}: ENOTDIR: not a directory, open '${path}'`);
  }));

test.skipIf(process.getuid?.() === 0)("a file without permission cannot be read (skipped for root, who may)", () =>
  withFolder(async (folder) => {
    const path = join(folder, "scan.nii");
    writeFileSync(path, niftiWith({}));
    chmodSync(path, 0);
    expect(await laterWords(readScan(path))).toBe(`cannot read ${path}: EACCES: permission denied, open '${path}'`);
  }),
);

const DICOM_ADVICE =
  "is DICOM, which is not read yet: convert the series to NIfTI first, " +
  'for example with "dcm2niix -z y -o OUT FOLDER", and give the .nii.gz file';

test("DICOM is told what to do: by its mark, by its ending, as a folder", () =>
  withFolder(async (folder) => {
    const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), Buffer.alloc(50)]);
    expect(await saidOf("IM000001", dicom)).toBe(`…/IM000001 ${DICOM_ADVICE}`);
    expect(await saidOf("1.dcm", "anything")).toBe(`…/1.dcm ${DICOM_ADVICE}`);
    const series = join(folder, "series");
    mkdirSync(series);
    writeFileSync(join(series, "IM000001"), dicom);
    expect(await laterWords(readScan(series))).toBe(`${series} ${DICOM_ADVICE}`);
  }));

test("what is no NIfTI is told what was expected", async () => {
  const said = "is not a NIfTI file: expected NIfTI-1 or NIfTI-2 (.nii or .nii.gz), found no header of either";
  expect(await saidOf("scan.png", "\u0089PNG\r\n and much more that is no header, over and over".repeat(20))).toBe(
    `…/scan.png ${said}`,
  );
  expect(await saidOf("notes.txt.gz", gzipSync("only words"))).toBe(`…/notes.txt.gz ${said}`);
});

test("a packed file cut short is told where", async () => {
  const packed = gzipSync(niftiWith({}), { level: 0 }); // stored: as long as the file, and 23 bytes about it
  expect(await saidOf("scan.nii.gz", packed.subarray(0, packed.length - 4))).toBe(
    "…/scan.nii.gz is cut short: its gzip stream ends after 472 unpacked bytes without its end mark",
  );
  expect(await saidOf("scan.nii.gz", packed.subarray(0, 215))).toBe(
    "…/scan.nii.gz is cut short: its gzip stream ends after 200 unpacked bytes without its end mark",
  );
});

test("a damaged packed file is told so", async () => {
  const packed = gzipSync(niftiWith({}));
  packed[packed.length - 6] = (packed.at(-6) ?? 0) ^ 0xff; // in its checksum
  expect(await saidOf("scan.nii.gz", packed)).toBe(
    "…/scan.nii.gz is damaged: its gzip stream cannot be unpacked (incorrect data check)",
  );
});

test("a file that holds less than its header promises is told what came, packed or not", async () => {
  const bytes = niftiWith({ dimensions: [3, 3, 4, 6] });
  const said = "is cut short: its header promises 3×4×6 voxels, 496 bytes in all, but it holds 472";
  expect(await saidOf("scan.nii", bytes)).toBe(`…/scan.nii ${said}`);
  expect(await saidOf("scan.nii.gz", gzipSync(bytes))).toBe(`…/scan.nii.gz ${said}`);
});

test("a header that promises gigabytes takes no memory for them", async () => {
  const bytes = niftiWith({ dimensions: [3, 1000, 1000, 1000], datatype: [64] }); // 8 GB
  const before = process.memoryUsage().arrayBuffers;
  for (const [name, content] of [
    ["scan.nii", bytes],
    ["scan.nii.gz", gzipSync(bytes)],
  ] as const) {
    expect(await saidOf(name, content)).toBe(
      `…/${name} is cut short: its header promises 1000×1000×1000 voxels, 8000000352 bytes in all, but it holds 472`,
    );
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  const huge = niftiWith({ dimensions: [3, 2500, 2500, 2400], datatype: [16] }); // 60 GB
  expect(await saidOf("huge.nii.gz", gzipSync(huge))).toBe(
    "…/huge.nii.gz would have 2500×2500×2400 voxels, more than the 1073741824 that are allowed",
  );
});

test("a gzip bomb is stopped soon after what its header promises", async () => {
  const bomb = gzipSync(Buffer.concat([niftiWith({}), Buffer.alloc(2 ** 27)])); // 128 MiB of zeros in 130 kB
  const before = process.memoryUsage().arrayBuffers;
  expect(await saidOf("scan.nii.gz", bomb)).toBe(
    "…/scan.nii.gz unpacks to far more than the 472 bytes that its header promises; unpacking was stopped",
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
});

test("a colour picture and a time series are refused from the header alone", async () => {
  expect(await saidOf("colour.nii", niftiWith({ datatype: [128] }))).toBe(
    "…/colour.nii stores RGB colours (datatype 128): expected one of uint8, int8, int16, uint16, int32, uint32, float32, " +
      "int64, uint64, float64",
  );
  expect(await saidOf("series.nii", niftiWith({ dimensions: [4, 3, 4, 5, 200] }))).toBe(
    "…/series.nii holds more than one volume (3×4×5×200): expected one scan of three dimensions; split it first",
  );
});

test("labels are read, and only those allowed", () =>
  withFolder(async (folder) => {
    const mask = maskOn(GRID, [[1, 2, 3]]);
    mask.voxels[59] = 7;
    const path = join(folder, "mask.nii.gz");
    writeFileSync(path, gzipSync(encodeNifti(mask)));
    expect(await readLabels(path)).toEqual({ volume: mask, warnings: [] });
    expect((await readLabels(path, { allowed: [0, 1, 7] })).volume).toEqual(mask);
    expect(await laterWords(readLabels(path, { allowed: [0, 1, 2] }))).toBe(
      `${path} holds the label 7 at voxel (2, 3, 4): expected only 0, 1, 2`,
    );
  }));

test("a mask that is none, and a probability map that is none", async () => {
  const halves = niftiOfFloats(new Array<number>(60).fill(0.5));
  expect(await saidOf("mask.nii", halves, readLabels)).toBe(
    "…/mask.nii is no label map: expected whole numbers from 0 to 255, found 0.5 at voxel (0, 0, 0)",
  );
  expect(await saidOf("p.nii", halves, readProbability)).toBe("nothing was thrown");
  expect(await saidOf("p.nii", niftiWith({}), readProbability)).toBe(
    "…/p.nii is no probability map: expected numbers from 0 to 1, found -1000 at voxel (0, 0, 0)",
  );
});
