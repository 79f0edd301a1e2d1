import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";

import { encodeNifti } from "../nifti/encode.js";
import { withFolder } from "../testing/folders.js";
import { GRID, scanOn } from "../testing/patients.js";
import { laterWords } from "../testing/words.js";
import { readScan } from "./read.js";
import { writeNifti } from "./write.js";

test("a written scan is read back, packed or not, and folders on the way are made", () =>
  withFolder(async (folder) => {
    for (const name of ["a/scan.nii", "a/b/scan.nii.gz", "SCAN.NII.GZ"]) {
      const path = join(folder, name);
      await writeNifti(path, scanOn());
      expect((await readScan(path)).volume).toEqual(scanOn());
    }
    expect(readFileSync(join(folder, "a/scan.nii")).equals(encodeNifti(scanOn()))).toBe(true);
    expect(gunzipSync(readFileSync(join(folder, "a/b/scan.nii.gz"))).equals(encodeNifti(scanOn()))).toBe(true);
  }));

test("the same volume gives the same bytes", () =>
  withFolder(async (folder) => {
    const [a, b] = [join(folder, "a.nii.gz"), join(folder, "b.nii.gz")];
    await writeNifti(a, scanOn());
    await writeNifti(b, scanOn());
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  }));

test("the format can be chosen", () =>
  withFolder(async (folder) => {
    await writeNifti(join(folder, "scan.nii"), scanOn(), { format: "nifti-2" });
    expect((await readScan(join(folder, "scan.nii"))).format).toBe("nifti-2");
  }));

test.each(["scan", "scan.nrrd", "scan.gz", "scannii"])("the ending of %s is refused, and nothing is written", (name) =>
  withFolder(async (folder) => {
    const path = join(folder, name);
    expect(await laterWords(writeNifti(path, scanOn()))).toBe(
      `cannot tell the format of ${path} by its ending: expected .nii or .nii.gz`,
    );
    expect(readdirSync(folder)).toEqual([]);
  }),
);

test("a folder that cannot be written is told, and nothing is left", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "file"), "x");
    const path = join(folder, "file", "scan.nii.gz");
    await expect(writeNifti(path, scanOn())).rejects.toMatchObject({
      name: "FileError",
      code: "FILE_UNWRITABLE",
      message: expect.stringMatching(/^cannot write .*\/file\/scan\.nii\.gz: (ENOTDIR|EEXIST): /),
    });
    expect(readdirSync(folder)).toEqual(["file"]);
  }));

const mayMount = process.platform === "linux" && process.getuid?.() === 0;

test.skipIf(!mayMount)(
  "a disk that fills up leaves the older file and nothing else (skipped where tmpfs cannot be mounted)",
  (context) =>
    withFolder(async (folder) => {
      const disk = join(folder, "disk");
      mkdirSync(disk);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
      } catch {
        context.skip("tmpfs cannot be mounted here");
      }
      try {
        // 1 MB of numbers that gzip cannot foresee.
        const voxels = Float32Array.from({ length: 512 * 1024 }, (_, i) => Math.imul(i, 2654435761) >> 16);
        const scan = { ...scanOn({ ...GRID, size: { x: 512, y: 1024, z: 1 } }), voxels };
        for (const name of ["scan.nii", "scan.nii.gz"]) {
          const path = join(disk, name);
          writeFileSync(path, "older");
          await expect(writeNifti(path, scan)).rejects.toThrow(
            `no space left on the disk for ${path}; nothing was written there`,
          );
          expect(readFileSync(path, "utf8")).toBe("older");
        }
        expect(readdirSync(disk).sort()).toEqual(["scan.nii", "scan.nii.gz"]);
      } finally {
        execFileSync("umount", [disk]);
      }
    }),
);
