export { crossEntropy, voxelCrossEntropy } from "./cross-entropy.js";
export { jointLoss, type JointLoss, type Truth } from "./joint.js";
export { SMOOTH, type Over, type OverlapOptions } from "./overlap.js";
export { softDice } from "./soft-dice.js";
export { focalTversky, tversky, type TverskyOptions } from "./tversky.js";
