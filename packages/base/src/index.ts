export { NOTICE, VERSION } from "./about.js";
export { DIAGNOSES, type Diagnosis } from "./diagnoses.js";
export { CodedError, messageOf, type Blame, type Problem } from "./errors.js";
export { firstFew } from "./first-few.js";
export { nearestName } from "./nearest-name.js";
export { isNotGiven, type NotGiven } from "./not-given.js";
export { RandomSource, type SeedKey } from "./random.js";
