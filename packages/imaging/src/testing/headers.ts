import { encodeNifti } from "../nifti/encode.js";
import type { Volume } from "../volume.js";
import { scanOn } from "./patients.js";

/** A field of a NIfTI-1 header: how it is stored and at which byte, as nifti1.h has it. */
type Field = readonly [kind: "i16" | "i32" | "f32" | "u8", at: number];
const FIELDS = {
  headerBytes: ["i32", 0],
  dimensions: ["i16", 40],
  datatype: ["i16", 70],
  pixdim: ["f32", 76],
  voxelOffset: ["f32", 108],
  slope: ["f32", 112],
  intercept: ["f32", 116],
  units: ["u8", 123],
  qformCode: ["i16", 252],
  sformCode: ["i16", 254],
  quaternion: ["f32", 256],
  sform: ["f32", 280],
  magic: ["u8", 344],
} as const satisfies Record<string, Field>;

export type HeaderChanges = { readonly [F in keyof typeof FIELDS]?: readonly number[] };

/** A little-endian NIfTI-1 file of a volume, with header fields overwritten from their beginning. */
export function niftiWith(changes: HeaderChanges, volume: Volume = scanOn()): Uint8Array {
  const bytes = encodeNifti(volume);
  const view = new DataView(bytes.buffer);
  for (const [name, values] of Object.entries(changes)) {
    const [kind, at] = FIELDS[name as keyof typeof FIELDS];
    for (const [i, value] of values.entries()) {
      if (kind === "i16") view.setInt16(at + 2 * i, value, true);
      else if (kind === "i32") view.setInt32(at + 4 * i, value, true);
      else if (kind === "f32") view.setFloat32(at + 4 * i, value, true);
      else view.setUint8(at + i, value);
    }
  }
  return bytes;
}

/** A NIfTI-1 file of the test grid with these numbers as float32 voxels. */
export function niftiOfFloats(values: readonly number[], changes: HeaderChanges = {}): Uint8Array {
  const header = niftiWith({ datatype: [16], ...changes }).subarray(0, 352);
  const bytes = new Uint8Array(352 + 4 * values.length);
  bytes.set(header);
  new Float32Array(bytes.buffer, 352).set(values);
  return bytes;
}
