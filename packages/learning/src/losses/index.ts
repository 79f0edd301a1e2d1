export { crossEntropy, voxelCrossEntropy } from "./cross-entropy.js";
export { edgeLoss } from "./edge.js";
export { jointLoss, type JointLoss, type JointSettings, type Truth } from "./joint.js";
export { noiseRobustDice } from "./noise-robust-dice.js";
export { SMOOTH, type Over, type OverlapOptions } from "./overlap.js";
export { softDice, type DiceOptions } from "./soft-dice.js";
export { structureLoss } from "./structure.js";
export { focalTversky, tversky, type TverskyOptions } from "./tversky.js";
