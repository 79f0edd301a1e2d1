import { asLogits, Buffer, tensorFrom, type Tensor } from "@multirnet/engine";
import { Network, type Prediction, type Task } from "@multirnet/networks";

/**
 * A network whose answer is known: lesion is what is brighter than half of the window, and the disease is the same everywhere, as given. It learns
 * nothing.
 */
export class BrightNetwork extends Network {
  readonly disease: Buffer;
  readonly task: Task;

  constructor(task: Task, diseaseLogits: readonly number[]) {
    super();
    this.task = task;
    this.disease = new Buffer(tensorFrom(Float32Array.from(diseaseLogits), [1, diseaseLogits.length]));
  }

  forward(input: Tensor): Prediction {
    const [batch = 1] = input.shape;
    const lesion = asLogits(input.sub(0.5).mul(200));
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
