import type { RandomSource } from "@multirnet/base";
import { scope, type Tensor } from "@multirnet/engine";

import { iterate } from "../blocks/iterative-learning.js";
import { ResidualClassifier } from "../blocks/residual-classifier.js";
import { unionProbability } from "../blocks/union.js";
import { globalAverage } from "../layers/pooling.js";
import { requireRegion, requireStatistics } from "../input.js";
import type { Norm } from "../layers/norm.js";
import { Network, type Auxiliary, type Pass, type Prediction, type Task } from "../network.js";
import { part } from "../part.js";
import { MAXIMUM_PASSES, type MultirNetOptions } from "./options.js";
import { SegmentationSubnet, SIZE_MULTIPLE } from "./segmentation-subnet.js";

const CLASSIFIER_STRIDES = [1, 2, 2, 2, 2, 1];

/**
 * MultiR-Net: one network that outlines pneumonia lesions and diagnoses from what it outlined. Li et al., Computers in Biology and Medicine
 * 144:105340, 2022.
 *
 * A V-Net backbone with reverse attention in its skips and multi-scale fusion of its levels gives the lesion map; a residual classifier looks at the
 * scan times that map, and at the backbone's bottleneck. Iterative learning feeds the map back as a second input channel.
 *
 * About 48.1 M parameters and 159 GFLOP a pass at 1×1×32×96×96. What the paper leaves open is an option, with the choice as its default.
 */
export class MultirNet extends Network {
  readonly task: Task;
  readonly segmentation: SegmentationSubnet | undefined;
  readonly classifier: ResidualClassifier | undefined;
  readonly #options: MultirNetOptions;

  constructor(options: MultirNetOptions, init: RandomSource) {
    super();
    const { task, widths, classifierWidths, classifierNorm = options.norm } = options;
    this.#options = options;
    this.task = task;
    this.segmentation = task === "diagnosis" ? undefined : new SegmentationSubnet(options, init.derive("segmentation"));
    this.classifier =
      task === "segmentation"
        ? undefined
        : new ResidualClassifier(
            {
              widths: classifierWidths,
              strides: CLASSIFIER_STRIDES,
              pooledElsewhere: task === "joint" ? (widths.at(-1) ?? 0) : 0,
              classes: options.classes.length,
              dropout: options.dropout,
              style: { kernel: 3, norm: classifierNorm, activation: "relu" },
            },
            init.derive("classifier"),
          );
  }

  /**
   * @param input N×1×D×H×W in [0, 1], each side a multiple of 16
   * @throws NetworkError NETWORK_INPUT, NETWORK_OPTION for a number of passes that there is not
   */
  forward(input: Tensor, pass: Pass): Prediction {
    requireRegion("multirnet", input, { channels: 1, multipleOf: SIZE_MULTIPLE });
    for (const norm of this.#norms()) requireStatistics("multirnet", input, { multipleOf: SIZE_MULTIPLE, norm }, pass);
    return scope(() => this.#predict(input, pass));
  }

  /** Those at stride 16. */
  #norms(): Norm[] {
    const { norm, classifierNorm = norm } = this.#options;
    return [
      ...(this.segmentation === undefined ? [] : [norm]),
      ...(this.classifier === undefined ? [] : [classifierNorm]),
    ];
  }

  #predict(input: Tensor, pass: Pass): Prediction {
    const { segmentation, classifier } = this;
    if (segmentation === undefined) {
      const disease = part("classifier", () => (classifier as ResidualClassifier).forward(input, undefined, pass));
      return { task: "diagnosis", disease, auxiliary: [] };
    }
    const { passes, detachPasses } = this.#options;
    const iterations = {
      network: "multirnet",
      passes: pass.passes ?? passes,
      most: MAXIMUM_PASSES,
      detach: detachPasses,
    };
    return iterate(input, iterations, pass, (map, one) => this.#onePass(segmentation, classifier, input, map, one));
  }

  #onePass(
    segmentation: SegmentationSubnet,
    classifier: ResidualClassifier | undefined,
    input: Tensor,
    map: Tensor,
    pass: Pass,
  ): Prediction {
    const { lesion, levels, bottleneck } = segmentation.forward(input, map, pass);
    const auxiliary = levels.map((logits, level): Auxiliary => ({
      name: `level${String(level)}`,
      of: "lesion",
      role: "level",
      logits,
    }));
    if (classifier === undefined) return { task: "segmentation", lesion, auxiliary };
    const disease = part("classifier", () => {
      const found = unionProbability(lesion);
      const mask = this.#options.detachMask ? found.detach() : found;
      return classifier.forward(input.mul(mask), globalAverage(bottleneck), pass);
    });
    return { task: "joint", lesion, disease, auxiliary };
  }
}
