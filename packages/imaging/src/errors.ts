import { CodedError } from "@multirnet/base";

import type { Grid, Xyz } from "./volume.js";

/** A grid and what to call its owner in a message. */
export interface NamedGrid {
  readonly name: string;
  readonly grid: Grid;
}

/** All the ways a file can fail to become a volume, or a volume fail to be what was asked. */
export type ImagingProblem =
  | { readonly code: "FILE_MISSING"; readonly path: string }
  | { readonly code: "FILE_UNREADABLE"; readonly path: string; readonly because: string }
  | { readonly code: "FILE_EMPTY"; readonly path: string }
  | { readonly code: "FILE_IS_FOLDER"; readonly path: string }
  | { readonly code: "FILE_IS_DICOM"; readonly path: string }
  | { readonly code: "FILE_FORMAT_UNKNOWN"; readonly path: string }
  | { readonly code: "FILE_ENDING_UNKNOWN"; readonly path: string }
  | { readonly code: "GZIP_TRUNCATED"; readonly path: string; readonly bytes: number }
  | { readonly code: "GZIP_DAMAGED"; readonly path: string; readonly because: string }
  | { readonly code: "GZIP_TOO_LONG"; readonly path: string; readonly promisedBytes: number }
  | { readonly code: "NIFTI_PAIR"; readonly path: string }
  | {
      readonly code: "NIFTI_HEADER_TRUNCATED";
      readonly path: string;
      readonly headerBytes: number;
      readonly bytes: number;
    }
  | { readonly code: "NIFTI_DIMENSIONS"; readonly path: string; readonly dimensions: readonly number[] }
  | { readonly code: "NIFTI_FOUR_D"; readonly path: string; readonly dimensions: readonly number[] }
  | {
      readonly code: "NIFTI_DATATYPE";
      readonly path: string;
      readonly datatype: number;
      readonly name: string | undefined;
      readonly known: readonly string[];
    }
  | { readonly code: "NIFTI_OFFSET"; readonly path: string; readonly offset: number; readonly minimum: number }
  | {
      readonly code: "NIFTI_VOXELS_MISSING";
      readonly path: string;
      readonly size: Xyz;
      readonly expectedBytes: number;
      readonly bytes: number;
    }
  | { readonly code: "NIFTI_SPACING"; readonly path: string; readonly spacing: Xyz }
  | { readonly code: "NIFTI_QUATERNION"; readonly path: string; readonly length: number }
  | { readonly code: "NIFTI_AFFINE_NOT_FINITE"; readonly path: string; readonly form: string }
  | { readonly code: "NIFTI_AFFINE_SINGULAR"; readonly path: string; readonly form: string }
  | { readonly code: "NIFTI_AFFINE_SHEARED"; readonly path: string; readonly form: string; readonly degrees: number }
  | { readonly code: "LABEL_INVALID"; readonly path: string; readonly value: number; readonly at: Xyz }
  | {
      readonly code: "LABEL_UNKNOWN";
      readonly path: string;
      readonly value: number;
      readonly at: Xyz;
      readonly allowed: readonly number[];
    }
  | { readonly code: "PROBABILITY_INVALID"; readonly path: string; readonly value: number; readonly at: Xyz }
  | { readonly code: "VOLUME_TOO_LARGE"; readonly path?: string; readonly size: Xyz; readonly limit: number }
  | { readonly code: "SPACING_INVALID"; readonly spacingMm: Xyz }
  | { readonly code: "ORIENTATION_UNKNOWN"; readonly orientation: string }
  | {
      readonly code: "GRIDS_DIFFER";
      readonly first: NamedGrid;
      readonly second: NamedGrid;
      readonly apartMm?: number; // corner to corner, where the sizes are equal
    }
  | { readonly code: "PHANTOM_SIZE"; readonly size: Xyz; readonly least: number; readonly most: number };

export class ImagingError extends CodedError<ImagingProblem> {
  readonly blame = "input";

  constructor(problem: ImagingProblem, options?: ErrorOptions) {
    super(problem, explain(problem), options);
  }
}

function explain(problem: ImagingProblem): string {
  switch (problem.code) {
    case "FILE_MISSING":
      return `${problem.path} does not exist`;
    case "FILE_UNREADABLE":
      return `cannot read ${problem.path}: ${problem.because}`;
    case "FILE_EMPTY":
      return `${problem.path} is empty`;
    case "FILE_IS_FOLDER":
      return `${problem.path} is a folder; expected a NIfTI file (.nii or .nii.gz)`;
    case "FILE_IS_DICOM":
      return (
        `${problem.path} is DICOM, which is not read yet: convert the series to NIfTI first, ` +
        `for example with "dcm2niix -z y -o OUT FOLDER", and give the .nii.gz file`
      );
    case "FILE_FORMAT_UNKNOWN":
      return `${problem.path} is not a NIfTI file: expected NIfTI-1 or NIfTI-2 (.nii or .nii.gz), found no header of either`;
    case "FILE_ENDING_UNKNOWN":
      return `cannot tell the format of ${problem.path} by its ending: expected .nii or .nii.gz`;
    case "GZIP_TRUNCATED":
      return `${problem.path} is cut short: its gzip stream ends after ${problem.bytes} unpacked bytes without its end mark`;
    case "GZIP_DAMAGED":
      return `${problem.path} is damaged: its gzip stream cannot be unpacked (${problem.because})`;
    case "GZIP_TOO_LONG":
      return (
        `${problem.path} unpacks to far more than the ${problem.promisedBytes} bytes that its header promises; ` +
        `unpacking was stopped`
      );
    case "NIFTI_PAIR":
      return (
        `${problem.path} is half of a .hdr/.img pair: expected header and voxels in one .nii or .nii.gz file; ` +
        `convert it, for example with nibabel's "nib-convert"`
      );
    case "NIFTI_HEADER_TRUNCATED":
      return `${problem.path} is cut short in its header: expected ${problem.headerBytes} bytes, found ${problem.bytes}`;
    case "NIFTI_DIMENSIONS":
      return (
        `${problem.path}: expected one to seven dimensions of at least 1, ` +
        `found dim = [${problem.dimensions.join(", ")}]`
      );
    case "NIFTI_FOUR_D":
      return (
        `${problem.path} holds more than one volume (${problem.dimensions.join("×")}): expected one scan of ` +
        `three dimensions; split it first`
      );
    case "NIFTI_DATATYPE":
      return (
        `${problem.path} stores ${problem.name ?? "an unknown kind of voxel"} (datatype ${problem.datatype}): ` +
        `expected one of ${problem.known.join(", ")}`
      );
    case "NIFTI_OFFSET":
      return (
        `${problem.path}: expected voxels to begin at a whole byte from ${problem.minimum} on, ` +
        `found vox_offset ${problem.offset}`
      );
    case "NIFTI_VOXELS_MISSING":
      return (
        `${problem.path} is cut short: its header promises ${sizeWords(problem.size)} voxels, ` +
        `${problem.expectedBytes} bytes in all, but it holds ${problem.bytes}`
      );
    case "NIFTI_SPACING":
      return `${problem.path}: expected a spacing above 0 on each axis, found pixdim ${tripleWords(problem.spacing)}`;
    case "NIFTI_QUATERNION":
      return (
        `${problem.path}: the quaternion of its qform has the length ${problem.length}, expected at most 1: ` +
        `its directions are not known`
      );
    case "NIFTI_AFFINE_NOT_FINITE":
      return `${problem.path}: its ${problem.form} holds values that are not finite numbers`;
    case "NIFTI_AFFINE_SINGULAR":
      return `${problem.path}: its ${problem.form} is singular: it maps the volume onto a plane, a line or a point`;
    case "NIFTI_AFFINE_SHEARED":
      return (
        `${problem.path}: its ${problem.form} is sheared: two axes are ${problem.degrees} degrees off a right angle ` +
        `(a tilted gantry?); resample the scan to an upright grid first`
      );
    case "LABEL_INVALID":
      return (
        `${problem.path} is no label map: expected whole numbers from 0 to 255, found ${problem.value} ` +
        `at voxel ${tripleWords(problem.at)}`
      );
    case "LABEL_UNKNOWN":
      return (
        `${problem.path} holds the label ${problem.value} at voxel ${tripleWords(problem.at)}: ` +
        `expected only ${problem.allowed.join(", ")}`
      );
    case "PROBABILITY_INVALID":
      return (
        `${problem.path} is no probability map: expected numbers from 0 to 1, found ${problem.value} ` +
        `at voxel ${tripleWords(problem.at)}`
      );
    case "VOLUME_TOO_LARGE":
      return (
        `${problem.path ?? "the volume"} would have ${sizeWords(problem.size)} voxels, ` +
        `more than the ${problem.limit} that are allowed`
      );
    case "SPACING_INVALID":
      return `expected a spacing above 0 mm on each axis, got ${tripleWords(problem.spacingMm)}`;
    case "ORIENTATION_UNKNOWN":
      return (
        `expected three letters, one each of L or R, P or A, S or I, as "LPS", ` +
        `got ${JSON.stringify(problem.orientation)}`
      );
    case "GRIDS_DIFFER":
      return gridsDiffer(problem);
    case "PHANTOM_SIZE":
      return (
        `expected a phantom's size in whole numbers from ${problem.least} to ${problem.most} along each axis, ` +
        `got ${sizeWords(problem.size)}`
      );
  }
}

/** Names the first thing that differs: the size, the spacing, the directions, or the place; or how far it is in all. */
function gridsDiffer({ first, second, apartMm }: ImagingProblem & { readonly code: "GRIDS_DIFFER" }): string {
  const aspects: readonly ((grid: Grid) => string)[] = [
    ({ size }) => `${sizeWords(size)} voxels`,
    ({ spacingMm }) => `${tripleWords(spacingMm)} mm between voxels`,
    ({ axes: { x, y, z } }) => `the axes ${[x, y, z].map(tripleWords).join(", ")}`,
    ({ originMm }) => `its first voxel at ${tripleWords(originMm)} mm`,
  ];
  const says = aspects.find((aspect) => aspect(first.grid) !== aspect(second.grid));
  const how = says
    ? `${first.name} has ${says(first.grid)}, ${second.name} has ${says(second.grid)}`
    : `their voxels lie up to ${Number(apartMm?.toPrecision(3))} mm apart`;
  return `${first.name} and ${second.name} are not on the same grid: ${how}`;
}

function sizeWords({ x, y, z }: Xyz): string {
  return `${x}×${y}×${z}`;
}

function tripleWords({ x, y, z }: Xyz): string {
  return `(${[x, y, z].map((value) => Number(value.toPrecision(6))).join(", ")})`;
}
