import type { Recipe } from "./recipe.js";

export type { Recipe } from "./recipe.js";

const CROSS_ENTROPY_OF_CLASSES: Recipe = {
  cites: "cross entropy of the classes, as all diagnosis networks",
  differs: "nothing",
  settings: {},
};

/** The published training of each network of the registry. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  multirnet: {
    cites: "Li et al. 2022: focal Tversky loss, α 0.7, β 0.3",
    differs: "nothing that the paper says",
    settings: { loss: { segmentation: "focalTversky", alpha: 0.7, beta: 0.3, exponent: 0.9 } },
  },
  vnet: {
    cites: "Milletari et al. 2016: Dice with squares below",
    differs: "nothing",
    settings: { loss: { segmentation: "squaredDice" } },
  },
  unet3d: {
    cites: "Çiçek et al. 2016: cross entropy",
    differs: "binary, as the outline is a sigmoid; not weighted, as the paper's weights were for sparse annotations",
    settings: { loss: { segmentation: "crossEntropy" } },
  },
  unetpp3d: {
    cites: "Zhou et al. 2018: half the cross entropy and Dice, of all four heads",
    differs: "nothing",
    settings: { loss: { segmentation: "dice", voxelCrossEntropy: 0.5, deepSupervision: [1, 1, 1] } },
  },
  unet2d: {
    cites: "Ronneberger et al. 2015: cross entropy",
    differs: "binary, as the outline is a sigmoid; voxels between touching pieces weigh no more than others",
    settings: { loss: { segmentation: "crossEntropy" } },
  },
  unetpp2d: {
    cites: "Zhou et al. 2018: half the cross entropy and Dice, of all four heads",
    differs: "nothing",
    settings: { loss: { segmentation: "dice", voxelCrossEntropy: 0.5, deepSupervision: [1, 1, 1] } },
  },
  "attention-unet": {
    cites: "Oktay et al. 2018: Dice",
    differs: "the outline alone, as MONAI's form has no further heads",
    settings: { loss: { segmentation: "dice" } },
  },
  zhou: {
    cites: "Zhou et al. 2021: Dice of the outline and cross entropy of the diagnosis, the same of each",
    differs: "the paper gives no weights: half and half",
    settings: { loss: { segmentation: "dice", lambda: 0.5 } },
  },
  infnet: {
    cites: "Fan et al. 2020: structure loss of the global map and the three stages, cross entropy of the edges",
    differs:
      "edges are made from the masks; the cross entropy is weighted as the paper says (its code loses the weights: weightedStructure: false); one size of input",
    settings: {
      loss: { segmentation: "structure", weightedStructure: true, deepSupervision: [1, 1, 1], edge: 0.25 },
    },
  },
  medt: {
    cites: "Valanarasu et al. 2021: cross entropy; gates, where a variant has them, learn from the tenth epoch on",
    differs: "binary, as the outline is a sigmoid",
    settings: { loss: { segmentation: "crossEntropy" }, frozen: [{ part: "gates", epochs: 10, optional: true }] },
  },
  transunet: {
    cites: "Chen et al. 2021, and Beckschen/TransUNet trainer.py: cross entropy and Dice with squares, half of each",
    differs: "twice their mean, which Adam does not see; binary, as the outline is a sigmoid",
    settings: { loss: { segmentation: "squaredDice", voxelCrossEntropy: 1 } },
  },
  jcs: {
    cites:
      "Wu et al. 2021, and yuhuan-wu/JCS: cross entropy and Dice of all five heads, over a classifier that was trained first",
    differs:
      "the first stage is a training of its own (docs/how-to/train-in-stages.md), and initialWeights brings its weights; norms of the fusion learn",
    settings: {
      loss: { segmentation: "dice", voxelCrossEntropy: 1, deepSupervision: [1, 1, 1, 1] },
      frozen: [{ part: "classifier" }],
    },
  },
  covnet: {
    cites: "Li et al. 2020: cross entropy",
    differs: "classes are not balanced in sampling",
    settings: {},
  },
  densenet121: CROSS_ENTROPY_OF_CLASSES,
  densenet201: CROSS_ENTROPY_OF_CLASSES,
  "densenet121-2d": CROSS_ENTROPY_OF_CLASSES,
  "densenet201-2d": CROSS_ENTROPY_OF_CLASSES,
  res2net50: CROSS_ENTROPY_OF_CLASSES,
  "res2net50-2d": CROSS_ENTROPY_OF_CLASSES,
};
