import type { Logits, Tensor } from "@multirnet/engine";

import type { Prediction } from "./network.js";

/** Makes a prediction of heads in the order of `namedHeads`. */
export type Rebuild = (heads: readonly Tensor[]) => Prediction;

/** Puts heads back into a prediction of the same kind as this one. */
export function rebuilder({ task, auxiliary }: Prediction): Rebuild {
  const kinds = auxiliary.map(({ name, of, role }) => ({ name, of, role }));
  return (heads) => {
    const logits = heads as readonly Logits[];
    const final = task === "joint" ? 2 : 1;
    const rest = kinds.map((kind, index) => ({ ...kind, logits: logits[final + index] as Logits }));
    const [first, second] = logits as readonly [Logits, Logits];
    switch (task) {
      case "joint":
        return { task, lesion: first, disease: second, auxiliary: rest };
      case "segmentation":
        return { task, lesion: first, auxiliary: rest };
      case "diagnosis":
        return { task, disease: first, auxiliary: rest };
    }
  };
}
