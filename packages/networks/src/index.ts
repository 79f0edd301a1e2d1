export { compiled, passInStretches, type StretchedPass } from "./compiled-network.js";
export { unionProbability } from "./blocks/union.js";
export { Ensemble } from "./ensemble.js";
export { NetworkError, type NetworkProblem } from "./errors.js";
export { Flipped } from "./flipped.js";
export { importWeights, type ImportedWeights, type ImportOptions } from "./import-weights.js";
export { regionTensor, requireRegion } from "./input.js";
export {
  diseaseOf,
  lesionOf,
  namedHeads,
  Network,
  type Auxiliary,
  type Heads,
  type Pass,
  type Prediction,
  type Task,
} from "./network.js";
export { layerTable, type LayerRow } from "./layer-table.js";
export { forwardMixed } from "./mixed-precision.js";
export { networkFacts, type NetworkFacts } from "./network-facts.js";
export { optionTable, type OptionRow } from "./option-table.js";
export { parameterCount } from "./parameter-count.js";
export { part } from "./part.js";
export {
  createNetwork,
  headsOf,
  taskOf,
  networkEntry,
  NETWORKS,
  resolveNetwork,
  sideMultiple,
  undrawnNetwork,
  type NetworkEntry,
  type NetworkSpec,
} from "./registry.js";
export { nameHere, optionWords, type NameRule, type Reference, type ReferenceHead } from "./reference.js";
export { overVolumes } from "./slicewise.js";
export { encodeWeights, loadPart, loadWeights } from "./weights.js";
