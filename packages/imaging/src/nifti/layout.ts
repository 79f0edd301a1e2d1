/** Where things stand in the two headers. https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h and nifti2.h */
export type NiftiFormat = "nifti-1" | "nifti-2";

/** Voxels may not begin before the header and the four bytes that tell of extensions. */
export const HEADER_BYTES: { readonly [F in NiftiFormat]: number } = { "nifti-1": 348, "nifti-2": 540 };
export const EXTENSION_FLAG_BYTES = 4;

/** Enough of a file's beginning to read either header. */
export const LONGEST_HEADER_BYTES = HEADER_BYTES["nifti-2"] + EXTENSION_FLAG_BYTES;

/** Whether typed arrays on this machine keep the low byte first. Files come in both orders. */
export const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Byte positions of the fields, one table a format; wider fields in NIfTI-2. */
export interface Places {
  readonly magic: number;
  readonly datatype: number;
  readonly bitsPerVoxel: number;
  readonly dimensions: number;
  readonly pixdim: number;
  readonly voxelOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly units: number;
  readonly description: number; // 80 bytes of text
  readonly qformCode: number;
  readonly sformCode: number;
  readonly quaternion: number; // b, c, d, then the offsets x, y, z
  readonly sform: number; // three rows of four
}

export const DESCRIPTION_BYTES = 80;

export const PLACES: { readonly [F in NiftiFormat]: Places } = {
  "nifti-1": {
    magic: 344,
    datatype: 70,
    bitsPerVoxel: 72,
    dimensions: 40,
    pixdim: 76,
    voxelOffset: 108,
    slope: 112,
    intercept: 116,
    units: 123,
    description: 148,
    qformCode: 252,
    sformCode: 254,
    quaternion: 256,
    sform: 280,
  },
  "nifti-2": {
    magic: 4,
    datatype: 12,
    bitsPerVoxel: 14,
    dimensions: 16,
    pixdim: 104,
    voxelOffset: 168,
    slope: 176,
    intercept: 184,
    units: 500,
    description: 240,
    qformCode: 344,
    sformCode: 348,
    quaternion: 352,
    sform: 400,
  },
};

export const MAGIC: { readonly [F in NiftiFormat]: readonly number[] } = {
  "nifti-1": [0x6e, 0x2b, 0x31, 0], // n+1
  "nifti-2": [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], // n+2, and bytes that a text transfer would spoil
};
export const PAIR_MAGIC: { readonly [F in NiftiFormat]: readonly number[] } = {
  "nifti-1": [0x6e, 0x69, 0x31, 0], // ni1
  "nifti-2": [0x6e, 0x69, 0x32, 0], // ni2
};

/** The kinds of voxel that are read. */
export const KINDS = {
  2: "uint8",
  4: "int16",
  8: "int32",
  16: "float32",
  64: "float64",
  256: "int8",
  512: "uint16",
  768: "uint32",
  1024: "int64",
  1280: "uint64",
} as const;
export type VoxelKind = (typeof KINDS)[keyof typeof KINDS];

export const KIND_BYTES: { readonly [K in VoxelKind]: number } = {
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

/** Kinds that the standard names and that no scan or mask is stored in. */
export const REFUSED_KINDS: ReadonlyMap<number, string> = new Map([
  [1, "single bits"],
  [32, "complex numbers"],
  [128, "RGB colours"],
  [1536, "128-bit numbers"],
  [1792, "complex numbers"],
  [2048, "complex numbers"],
  [2304, "RGBA colours"],
]);

/** Spatial units (the low three bits of xyzt_units) in mm. */
export const UNIT_MM: ReadonlyMap<number, number> = new Map([
  [1, 1000],
  [2, 1],
  [3, 1e-3],
]);
