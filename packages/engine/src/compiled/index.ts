export { compile, type Compiled } from "./compiled.js";
export type { SegmentedRun } from "./segments.js";
