export { NOTICE, VERSION } from "./about.js";
export { CodedError, messageOf, type Blame, type Problem } from "./errors.js";
export { nearestName } from "./nearest-name.js";
export { RandomSource, type SeedKey } from "./random.js";
