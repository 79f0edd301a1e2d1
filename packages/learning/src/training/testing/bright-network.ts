import { asLogits, Buffer, cat, tensorFrom, type Tensor } from "@multirnet/engine";
import { Network, type Prediction, type Task } from "@multirnet/networks";

/**
 * A network whose answer is known: lesion, of the first of its types, is what is brighter than half of the window, and the disease is the same everywhere, as
 * given. It learns nothing.
 */
export class BrightNetwork extends Network {
  readonly disease: Buffer;
  readonly task: Task;
  readonly types: number;

  constructor(task: Task, diseaseLogits: readonly number[], types = 1) {
    super();
    this.types = types;
    this.task = task;
    this.disease = new Buffer(tensorFrom(Float32Array.from(diseaseLogits), [1, diseaseLogits.length]));
  }

  forward(input: Tensor): Prediction {
    const [batch = 1] = input.shape;
    const first = input.sub(0.5).mul(200);
    const none = Array.from({ length: this.types - 1 }, () => first.mul(0).sub(100));
    const lesion = asLogits(cat([first, ...none], { dim: 1 }));
    const disease = asLogits(this.disease.tensor.repeat([batch, 1]));
    switch (this.task) {
      case "segmentation":
        return { task: "segmentation", lesion, auxiliary: [] };
      case "diagnosis":
        return { task: "diagnosis", disease, auxiliary: [] };
      case "joint":
        return { task: "joint", lesion, disease, auxiliary: [] };
    }
  }
}
