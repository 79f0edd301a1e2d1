export * from "./volume.js";
export * from "./phantom/index.js";
