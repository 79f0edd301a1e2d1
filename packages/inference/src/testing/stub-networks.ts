import { asLogits, cat, stack, tensorFrom, type Tensor } from "@multirnet/engine";
import { Network, type Pass, type Prediction, type Task } from "@multirnet/networks";

export interface Line {
  readonly slope: number;
  readonly offset: number;
}

interface Answers {
  readonly lesion?: (input: Tensor) => Tensor; // N×1×D×H×W to N×K×D×H×W
  readonly disease?: (input: Tensor) => Tensor; // N×1×D×H×W to N×classes
}

/** A network without weights, whose answer can be worked out by hand. It keeps the passes that it was asked for. */
export class StubNetwork extends Network {
  readonly task: Task;
  readonly asked: Pass[] = [];
  readonly #answers: Answers;

  constructor(answers: Answers) {
    super();
    this.#answers = answers;
    this.task = answers.lesion === undefined ? "diagnosis" : answers.disease === undefined ? "segmentation" : "joint";
  }

  forward(input: Tensor, pass: Pass): Prediction {
    this.asked.push(pass);
    const lesion = (): ReturnType<typeof asLogits> => asLogits((this.#answers.lesion ?? missing)(input));
    const disease = (): ReturnType<typeof asLogits> => asLogits((this.#answers.disease ?? missing)(input));
    if (this.task === "segmentation") return { task: this.task, lesion: lesion(), auxiliary: [] };
    if (this.task === "diagnosis") return { task: this.task, disease: disease(), auxiliary: [] };
    return { task: this.task, lesion: lesion(), disease: disease(), auxiliary: [] };
  }
}

function missing(): never {
  throw new Error("the stub has no such head");
}

/** Logits slope · voxel + offset, a lesion type for each line. */
export const pointwise =
  (...lines: readonly Line[]) =>
  (input: Tensor): Tensor =>
    cat(
      lines.map(({ slope, offset }) => input.mul(slope).add(offset)),
      { dim: 1 },
    );

/** The same logits for every window, one for each of its voxels: x fastest, then y, then z. */
export const byPlace =
  (logits: Float32Array) =>
  (input: Tensor): Tensor =>
    tensorFrom(logits, [1, 1, ...input.shape.slice(2)]).add(input.mul(0));

/** Logits slope · mean of the window + offset, a class for each line. */
export const ofMean =
  (...lines: readonly Line[]) =>
  (input: Tensor): Tensor => {
    const mean = input.mean([1, 2, 3, 4]);
    return stack(
      lines.map(({ slope, offset }) => mean.mul(slope).add(offset)),
      { dim: 1 },
    );
  };

/** σ(x), as the tests work it out. */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
