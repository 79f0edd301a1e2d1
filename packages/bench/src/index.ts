export { grown } from "./growth.js";
export { imagingRows, sizeText, type VolumeBenchOptions } from "./imaging.js";
export { metricsRows } from "./metrics.js";
export { inferRows, trainRows, type NetworkBenchOptions } from "./networks.js";
export { Side } from "./peer.js";
export { roofline, type RooflineOptions } from "./roofline.js";
export { rowsText, type BenchRow } from "./row.js";
export { syntheticScan } from "./synthetic.js";
