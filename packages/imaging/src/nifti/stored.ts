import { HOST_IS_LITTLE, KIND_BYTES, type VoxelKind } from "./layout.js";

/** Voxels as they are stored, before slope and intercept; 64-bit whole numbers come as the nearest doubles. */
export type StoredVoxels =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/**
 * Sees bytes as numbers. No copy is made where the bytes lie as this machine wants them.
 *
 * @param bytes exactly the voxels
 */
export function storedVoxels(bytes: Uint8Array, kind: VoxelKind, littleEndian: boolean): StoredVoxels {
  const width = KIND_BYTES[kind];
  const swap = width > 1 && littleEndian !== HOST_IS_LITTLE;
  const own = swap || bytes.byteOffset % width !== 0 ? bytes.slice() : bytes;
  if (swap) swapBytes(own, width);
  return numbers(own, kind, own.length / width);
}

function numbers({ buffer, byteOffset }: Uint8Array, kind: VoxelKind, count: number): StoredVoxels {
  switch (kind) {
    case "uint8":
      return new Uint8Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "int64":
      return doubles(new Uint32Array(buffer, byteOffset, 2 * count), new Int32Array(buffer, byteOffset, 2 * count));
    case "uint64": {
      const words = new Uint32Array(buffer, byteOffset, 2 * count);
      return doubles(words, words);
    }
  }
}

/** Two 32-bit words make one 64-bit number; only the high one can be negative. */
function doubles(lows: Uint32Array, highs: Uint32Array | Int32Array): Float64Array {
  const low = HOST_IS_LITTLE ? 0 : 1;
  const high = 1 - low;
  const out = new Float64Array(lows.length / 2);
  for (let i = 0, at = 0; i < out.length; i++, at += 2) {
    out[i] = (highs[at + high] as number) * 2 ** 32 + (lows[at + low] as number);
  }
  return out;
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    for (let a = start, b = start + width - 1; a < b; a++, b--) {
      const byte = bytes[a] as number;
      bytes[a] = bytes[b] as number;
      bytes[b] = byte;
    }
  }
}
