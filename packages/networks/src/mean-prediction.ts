import { asLogits, type Logits, type Tensor } from "@multirnet/engine";

import { diseaseOf, lesionOf, type Prediction } from "./network.js";

/** Nearest to 0 and 1 that a mean probability comes, so that it has a logit: some digits of a float32. */
const LEAST = 1e-7;

/**
 * What predictions of one kind say together: the logits of the mean of their probabilities, of lesions voxel by voxel and of each class. What only training
 * looks at is left out.
 */
export function meanPrediction(predictions: readonly [Prediction, ...Prediction[]]): Prediction {
  const [first] = predictions;
  const heads = (of: (prediction: Prediction) => Logits | undefined): Logits[] =>
    predictions.flatMap((prediction) => of(prediction) ?? []);
  const lesion = (): Logits => {
    const p = mean(heads(lesionOf).map((logits) => logits.sigmoid())).clamp({ min: LEAST, max: 1 - LEAST });
    return asLogits(p.log().sub(p.neg().add(1).log()));
  };
  const disease = (): Logits =>
    asLogits(
      mean(heads(diseaseOf).map((logits) => logits.softmax(1)))
        .clamp({ min: LEAST })
        .log(),
    );
  switch (first.task) {
    case "segmentation":
      return { task: "segmentation", lesion: lesion(), auxiliary: [] };
    case "diagnosis":
      return { task: "diagnosis", disease: disease(), auxiliary: [] };
    case "joint":
      return { task: "joint", lesion: lesion(), disease: disease(), auxiliary: [] };
  }
}

function mean(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce((sum, tensor) => sum.add(tensor)).div(tensors.length);
}
