import { asLogits, scope, type Buffer, type Parameter, type Tensor } from "@multirnet/engine";

import { meanPrediction } from "./mean-prediction.js";
import { Network, type Pass, type Prediction, type Task } from "./network.js";

/**
 * A network that looks at each region as it is and mirrored, along every combination of some axes, and answers with the mean of the probabilities (what
 * nnU-Net calls mirroring). Its weights are the network's, under the same names. Only for volumes.
 */
export class Flipped extends Network {
  readonly task: Task;
  override readonly regionsJoin: Network["regionsJoin"];
  readonly #network: Network;
  readonly #ways: readonly (readonly number[])[]; // axes that are reversed, without the first, which has none

  /** @param axes of N×1×D×H×W */
  constructor(network: Network, axes: readonly number[]) {
    super();
    this.task = network.task;
    this.regionsJoin = network.regionsJoin;
    this.#network = network;
    this.#ways = axes
      .reduce<number[][]>((ways, axis) => [...ways, ...ways.map((way) => [...way, axis])], [[]])
      .slice(1);
  }

  override *members(prefix = ""): Generator<readonly [path: string, member: Parameter | Buffer]> {
    yield* this.#network.members(prefix);
  }

  override release(): void {
    this.#network.release();
  }

  /** @param input N×1×D×H×W */
  forward(input: Tensor, pass: Pass): Prediction {
    return scope(() =>
      meanPrediction([
        this.#network.forward(input, pass),
        ...this.#ways.map((axes) => turnedBack(this.#network.forward(input.flip(axes), pass), axes)),
      ]),
    );
  }
}

/** The outline as it lies in the region that was not mirrored; a diagnosis lies nowhere. */
function turnedBack(prediction: Prediction, axes: readonly number[]): Prediction {
  return prediction.task === "diagnosis"
    ? prediction
    : { ...prediction, lesion: asLogits(prediction.lesion.flip(axes)) };
}
