export { roofline, type RooflineOptions } from "./roofline.js";
export { rowsText, type BenchRow } from "./row.js";
