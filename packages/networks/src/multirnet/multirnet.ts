import type { RandomSource } from "@multirnet/base";
import { scope, zeros, type Tensor } from "@multirnet/engine";

import { ResidualClassifier } from "../blocks/residual-classifier.js";
import { unionProbability } from "../blocks/union.js";
import { NetworkError } from "../errors.js";
import { globalAverage } from "../layers/pooling.js";
import { requireRegion, requireStatistics } from "../input.js";
import { diseaseOf, lesionOf, Network, type Auxiliary, type Pass, type Prediction, type Task } from "../network.js";
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
    const { task, widths, classifierWidths } = options;
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
              style: { kernel: 3, norm: options.norm, activation: "relu" },
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
    if (this.#options.norm === "batch") requireStatistics("multirnet", input, { multipleOf: SIZE_MULTIPLE }, pass);
    return scope(() => this.#predict(input, pass));
  }

  #predict(input: Tensor, pass: Pass): Prediction {
    const { segmentation, classifier } = this;
    if (segmentation === undefined) {
      const disease = part("classifier", () => (classifier as ResidualClassifier).forward(input, undefined, pass));
      return { task: "diagnosis", disease, auxiliary: [] };
    }
    const last = requirePasses(pass.passes ?? this.#options.passes);
    const [batch = 1, , ...space] = input.shape;
    let map: Tensor = zeros([batch, 1, ...space], { dtype: input.dtype, device: input.device });
    const auxiliary: Auxiliary[] = [];
    for (let index = 0; ; index++) {
      const found = this.#onePass(segmentation, classifier, input, map, {
        ...pass,
        random: pass.random.derive("pass", index),
      });
      const names = index === last ? "" : `pass${String(index)}.`;
      auxiliary.push(...found.auxiliary.map((item) => ({ ...item, name: names + item.name })));
      if (index === last) return { ...found, auxiliary };
      const lesion = lesionOf(found);
      const disease = diseaseOf(found);
      if (lesion !== undefined) {
        auxiliary.push({ name: `${names}lesion`, of: "lesion", role: "pass", logits: lesion });
        map = scope(() => {
          const fused = unionProbability(lesion);
          return this.#options.detachPasses ? fused.detach() : fused;
        });
      }
      if (disease !== undefined)
        auxiliary.push({ name: `${names}disease`, of: "disease", role: "pass", logits: disease });
    }
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

function requirePasses(passes: number): number {
  if (Number.isInteger(passes) && passes >= 0 && passes <= MAXIMUM_PASSES) return passes;
  const because = `expected a whole number from 0 to ${String(MAXIMUM_PASSES)}, but ${String(passes)} came`;
  throw new NetworkError({ code: "NETWORK_OPTION", network: "multirnet", key: "passes", because });
}
