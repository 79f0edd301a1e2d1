import type { Buffer, Parameter } from "@multirnet/engine";
import { asLogits, cat, scope, tensor, type Logits, type Tensor } from "@multirnet/engine";

import { resize } from "./layers/resize.js";
import {
  diseaseOf,
  lesionOf,
  Network,
  type Auxiliary,
  type ChannelStatistics,
  type Pass,
  type Prediction,
  type Task,
} from "./network.js";

/** Slices that go through a network together in evaluation; in training all of a batch do, as norms need them. */
const TOGETHER = 8;

/** @returns the network itself where it looks at volumes, else one that shows it their slices */
export function overVolumes(network: Network): Network {
  return network.sees === "volume" ? network : new Slicewise(network);
}

/**
 * Shows a network of slices the axial slices of a region, each three times as channels, normalised as the network wants them and resized to the side that
 * it is made for, and puts its outlines together again. The diagnosis of a region is the mean of its slices' probabilities, unless the network makes one of them itself; that of a scan is the mean of its regions'.
 *
 * Its weights are the network's, under the same names.
 */
class Slicewise extends Network {
  readonly task: Task;
  override readonly regionsJoin = "probabilities"; // of slices, or of what they are together
  readonly #network: Network;

  constructor(network: Network) {
    super();
    this.task = network.task;
    this.#network = network;
  }

  override *members(prefix = ""): Generator<readonly [path: string, member: Parameter | Buffer]> {
    yield* this.#network.members(prefix);
  }

  override release(): void {
    this.#network.release();
  }

  /** @param input N×1×D×H×W */
  forward(input: Tensor, pass: Pass): Prediction {
    const [samples = 0, , depth = 0, height = 0, width = 0] = input.shape;
    const { side = 0, normalised } = this.#network;
    const size = side === 0 ? [height, width] : [side, side];
    return scope(() => {
      const flat = input.reshape([samples * depth, 1, height, width]);
      const grey = (side === 0 ? flat : resize(flat, size)).expand([-1, 3, -1, -1]);
      const slices = normalised === undefined ? grey : normalise(grey, normalised);
      if (this.#network.sees === "stack") {
        return this.#network.forward(slices.reshape([samples, depth, 3, ...size]), pass);
      }
      const found = this.#inParts(slices, pass);
      const lesion = lesionOf(found);
      const disease = diseaseOf(found);
      const volume = (logits: Logits): Logits => {
        const sized = side === 0 ? logits : resize(logits, [height, width]);
        const types = sized.shape[1] ?? 0;
        return asLogits(sized.reshape([samples, depth, types, height, width]).permute([0, 2, 1, 3, 4]));
      };
      const region = (logits: Logits): Logits => {
        const classes = logits.shape[1] ?? 0;
        return asLogits(logits.softmax(1).reshape([samples, depth, classes]).mean([1]).log());
      };
      const auxiliary = found.auxiliary.map((one): Auxiliary => ({
        ...one,
        logits: one.of === "disease" ? region(one.logits) : volume(one.logits),
      }));
      if (lesion === undefined) return { task: "diagnosis", disease: region(disease as Logits), auxiliary };
      if (disease === undefined) return { task: "segmentation", lesion: volume(lesion), auxiliary };
      return { task: "joint", lesion: volume(lesion), disease: region(disease), auxiliary };
    });
  }

  #inParts(slices: Tensor, pass: Pass): Prediction {
    const count = slices.shape[0] ?? 0;
    const together = pass.mode === "train" ? count : TOGETHER;
    const parts: Prediction[] = [];
    for (let start = 0; start < count; start += together) {
      const few = slices.narrow(0, start, Math.min(together, count - start));
      parts.push(this.#network.forward(few, { ...pass, random: pass.random.derive("slices", start) }));
    }
    return joined(parts);
  }
}

/** @param slices N×3×H×W in [0, 1] */
function normalise(slices: Tensor, { mean, deviation }: ChannelStatistics): Tensor {
  const { device, dtype } = slices;
  const [shift, scale] = [mean, deviation].map((three) => tensor(three, [1, 3, 1, 1]).toDevice(device, dtype));
  return slices.sub(shift as Tensor).div(scale as Tensor);
}

/** The predictions for parts of a batch as one. */
function joined(parts: readonly Prediction[]): Prediction {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first as Prediction;
  const all = (of: (part: Prediction) => Logits | undefined): Logits =>
    asLogits(
      cat(
        parts.map((part) => of(part) as Logits),
        { dim: 0 },
      ),
    );
  const auxiliary = first.auxiliary.map((one, index): Auxiliary => ({
    ...one,
    logits: all((part) => part.auxiliary[index]?.logits),
  }));
  switch (first.task) {
    case "segmentation":
      return { task: "segmentation", lesion: all(lesionOf), auxiliary };
    case "diagnosis":
      return { task: "diagnosis", disease: all(diseaseOf), auxiliary };
    case "joint":
      return { task: "joint", lesion: all(lesionOf), disease: all(diseaseOf), auxiliary };
  }
}
