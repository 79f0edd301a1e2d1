import { join, parse } from "node:path";

import { LPS_AXES, type Grid, type Meaning, type Volume, type VoxelArrays } from "@multirnet/imaging";
import { writeNifti } from "@multirnet/imaging/node";

import { CASE_NAME, isCaseName } from "./case-table.js";
import { DatasetError } from "./dataset-error.js";
import type { ImportPlan } from "./import-plan.js";
import { listFolder } from "./list-folder.js";
import { readClassPng, readGreyJpeg, type ClassColour, type Picture } from "./pictures.js";
import type { NewCase } from "./write-dataset.js";

const KIND = "covid-semiseg";
const FOLDERS = [
  { images: "images", truths: "labels" },
  { images: "Imgs", truths: "GT" }, // as it was published
] as const;
const LABELS = { "ground-glass": 1, consolidation: 2 };
const COLOURS: readonly ClassColour[] = [
  { rgb: [0, 0, 0], value: 0 },
  { rgb: [128, 0, 0], value: LABELS["ground-glass"] },
  { rgb: [0, 128, 0], value: LABELS.consolidation },
];
/** What the 8 bits are taken to span: the lung window that such pictures are mostly shown in. Each was shown in one of its own. */
const WINDOW_HU = { low: -1200, high: 200 };
/** Of a chest of usual width on 512 pixels, and a thickness that is only there to be something. */
const SPACING_MM = { x: 0.7, y: 0.7, z: 5 };

/**
 * The slices of COVID-SemiSeg with ground-glass and consolidation apart (Fan et al., Inf-Net, IEEE TMI 2020; from 100 slices of about 40 patients
 * of medicalsegmentation.com): grey JPEG images, PNG masks of the same name. Each becomes a scan of one slice, turned upright: down a picture goes from the
 * patient's right to the left, along it from front to back. Spacing and intensity are estimates; which slices are of one patient is not known.
 *
 * @throws DatasetError DATASET_SOURCE_LAYOUT, DATASET_FILE_UNREADABLE, DATASET_PICTURE (the last two while the dataset is written)
 */
export async function planCovidSemiseg(source: string): Promise<ImportPlan> {
  const { images, truths } = await picturesIn(source);
  const cases: NewCase[] = [];
  for (const [stem, image] of [...images].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))) {
    const name = `slice-${stem}`;
    const truth = truths.get(stem);
    if (truth === undefined) throw unlike(source, `a PNG of the same name beside ${image}`);
    cases.push({
      facts: {
        name,
        patient: name,
        diagnosis: "covid-19",
        split: "train",
        source: KIND,
        estimated: ["spacing", "intensity"],
      },
      write: async (files) => {
        const { scan, mask } = await readSlice(join(source, image), join(source, truth));
        await writeNifti(files.image, scan);
        await writeNifti(files.label, mask);
      },
    });
  }
  const remarks = [{ code: "DATASET_PATIENTS_UNKNOWN", cases: cases.length }] as const;
  return { name: KIND, labels: LABELS, fileEnding: ".nii.gz", cases, remarks };
}

/** Places in the source by the name without its ending. */
type Pictures = ReadonlyMap<string, string>;

async function picturesIn(source: string): Promise<{ readonly images: Pictures; readonly truths: Pictures }> {
  for (const { images, truths } of FOLDERS) {
    const [imageFiles, truthFiles] = [await listFolder(join(source, images)), await listFolder(join(source, truths))];
    if (imageFiles === undefined || truthFiles === undefined) continue;
    const found = byStem(source, images, imageFiles, /\.jpe?g$/i);
    if (found.size === 0) throw unlike(source, `JPEG pictures in ${images}`);
    return { images: found, truths: byStem(source, truths, truthFiles, /\.png$/i) };
  }
  throw unlike(source, FOLDERS.map(({ images, truths }) => `folders ${images} and ${truths}`).join(", or "));
}

function byStem(source: string, folder: string, files: readonly string[], ending: RegExp): Pictures {
  const found = new Map<string, string>();
  for (const file of files.filter((name) => ending.test(name)).sort()) {
    const { name: stem } = parse(file);
    const first = found.get(stem);
    if (first !== undefined) throw unlike(source, `one picture called ${stem}, not ${first} and ${folder}/${file}`);
    if (!isCaseName(stem)) throw unlike(source, `pictures whose names are ${CASE_NAME}, not ${folder}/${file}`);
    found.set(stem, join(folder, file));
  }
  return found;
}

async function readSlice(
  image: string,
  truth: string,
): Promise<{ readonly scan: Volume<"hounsfield">; readonly mask: Volume<"label"> }> {
  const grey = await readGreyJpeg(image);
  const classes = await readClassPng(truth, COLOURS);
  if (grey.width !== classes.width || grey.height !== classes.height) {
    const size = ({ width, height }: Picture): string => `${String(width)}×${String(height)} pixels`;
    throw new DatasetError({
      code: "DATASET_PICTURE",
      path: truth,
      expected: `${size(grey)}, as its image has`,
      got: size(classes),
    });
  }
  const { low, high } = WINDOW_HU;
  const hounsfield = Float32Array.from(grey.pixels, (value) => Math.round(low + (value * (high - low)) / 255));
  return { scan: upright("hounsfield", grey, hounsfield), mask: upright("label", classes, classes.pixels) };
}

/** A picture's rows become the axis to the patient's left, its columns the one to the back. */
function upright<M extends Meaning>(meaning: M, { width, height }: Picture, pixels: VoxelArrays[M]): Volume<M> {
  const size = { x: height, y: width, z: 1 };
  const grid: Grid = { size, spacingMm: SPACING_MM, originMm: { x: 0, y: 0, z: 0 }, axes: LPS_AXES };
  const voxels = pixels.slice() as VoxelArrays[M];
  for (let y = 0; y < size.y; y++) {
    for (let x = 0; x < size.x; x++) voxels[x + size.x * y] = pixels[y + width * x] as number;
  }
  return { meaning, grid, voxels };
}

function unlike(path: string, expected: string): DatasetError {
  return new DatasetError({ code: "DATASET_SOURCE_LAYOUT", kind: KIND, path, expected });
}
