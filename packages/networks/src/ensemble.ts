import { scope, type Tensor } from "@multirnet/engine";

import { meanPrediction } from "./mean-prediction.js";
import { Network, type Pass, type Prediction, type Task } from "./network.js";

/**
 * Networks of one kind that answer together, by the mean of their probabilities, as nnU-Net joins its folds (Isensee et al. 2021). Its weights are theirs,
 * under `networks.0` and so on. Only for volumes: networks of slices are shown them first (`overVolumes`).
 */
export class Ensemble extends Network {
  readonly networks: readonly [Network, ...Network[]];
  readonly task: Task;
  override readonly regionsJoin: Network["regionsJoin"];

  constructor(networks: readonly [Network, ...Network[]]) {
    super();
    this.networks = networks;
    this.task = networks[0].task;
    this.regionsJoin = networks[0].regionsJoin;
  }

  /** @param input N×1×D×H×W */
  forward(input: Tensor, pass: Pass): Prediction {
    const [first, ...others] = this.networks;
    return scope(() => meanPrediction([first.forward(input, pass), ...others.map((one) => one.forward(input, pass))]));
  }

  override release(): void {
    for (const network of this.networks) network.release();
  }
}
