/** What needs Node: files. Kept apart from `index.ts`, so that the rest runs in a browser. */
export { readLabels, readProbability, readScan, type LabelOptions, type Scan } from "./files/read.js";
export { writeNifti } from "./files/write.js";
