import { createHash } from "node:crypto";
import { endianness } from "node:os";

import { LESION_LABEL, makePhantom, PHANTOM_DESCRIPTION, type Phantom, type Xyz } from "@multirnet/imaging";
import { writeNifti } from "@multirnet/imaging/node";

import { writeDataset, type NewCase, type WriteOptions } from "./write-dataset.js";

const DESCRIPTION = {
  name: "phantoms",
  labels: { "ground-glass": LESION_LABEL.groundGlass, consolidation: LESION_LABEL.consolidation },
  fileEnding: ".nii.gz",
};

export interface PhantomSetOptions extends WriteOptions {
  readonly cases: number;
  readonly seed: number;
  readonly size?: Xyz | undefined;
}

/**
 * Writes a dataset folder of synthetic chest CTs, each a patient of its own with masks of its lesions and lungs and a diagnosis.
 *
 * @returns SHA-256 of the voxels, hex: of each case in turn the scan as int16 with the low byte first, the lesion mask and the
 * lung mask as bytes; the same for the same options on every machine
 * @throws ImagingError PHANTOM_SIZE; all that `writeDataset` throws
 */
export async function writePhantoms(out: string, options: PhantomSetOptions): Promise<string> {
  const hash = createHash("sha256");
  await writeDataset(out, DESCRIPTION, phantomCases(), options);
  return hash.digest("hex");

  function* phantomCases(): Generator<NewCase> {
    const { cases, seed, size } = options;
    for (let index = 0; index < cases; index++) {
      const phantom = makePhantom({ seed, index, ...(size === undefined ? {} : { size }) });
      for (const bytes of voxelBytes(phantom)) hash.update(bytes);
      yield newCase(phantom);
    }
  }
}

function newCase({ name, diagnosis, scan, lesions, lungs }: Phantom): NewCase {
  return {
    facts: { name, patient: name, diagnosis, split: "train", source: "phantom", estimated: [] },
    write: async (files) => {
      const says = { description: PHANTOM_DESCRIPTION };
      await writeNifti(files.image, scan, says);
      await writeNifti(files.label, lesions, says);
      await writeNifti(files.lung, lungs, says);
    },
  };
}

function voxelBytes({ scan, lesions, lungs }: Phantom): readonly Uint8Array[] {
  const whole = Int16Array.from(scan.voxels); // a phantom's Hounsfield units are whole numbers
  const bytes = Buffer.from(whole.buffer);
  return [endianness() === "LE" ? bytes : bytes.swap16(), lesions.voxels, lungs.voxels];
}
