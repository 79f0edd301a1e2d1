export { gradients, keepsGradients, withoutGradients } from "./autograd.js";
export { compile, type Compiled, type SegmentedRun } from "./compiled/index.js";
export { tensor, tensorFrom, tensorOfBytes } from "./create.js";
export { bytesPerElement, type DType } from "./dtype.js";
export { EngineError, type EngineProblem } from "./errors.js";
export * from "./generated/tensor.js";
export { Generator } from "./generator.js";
export { blasInUse, loadedLibraries, type Blas } from "./libraries.js";
export { aboutEngine, operatorSchemas, releaseIdleMemory, setThreads, threads } from "./machine.js";
export {
  asLogits,
  asMask,
  asProbabilities,
  probabilitiesOf,
  type Logits,
  type Mask,
  type Probabilities,
} from "./meaning.js";
export { inMixedPrecision, mixesPrecision } from "./mixed-precision.js";
export { Buffer, Module, Parameter } from "./module.js";
export type { About } from "./native.js";
export { firstNotFinite, type CallPlace } from "./not-finite.js";
export { adamInPlace } from "./optimise.js";
export {
  chromeTrace,
  flopOf,
  joinedProfiles,
  profiled,
  type Profile,
  type ProfileEvent,
  type ProfileRow,
} from "./profile.js";
export { labelled, record, type CallRecord, type TensorFacts } from "./recorder.js";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type SafetensorsFile,
  type StoredTensor,
} from "./safetensors.js";
export { keep, scope } from "./scope.js";
export { describeShape, describeTensor, type TensorArray } from "./tensor-core.js";
