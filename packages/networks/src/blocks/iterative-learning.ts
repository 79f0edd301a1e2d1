import { scope, zeros, type Tensor } from "@multirnet/engine";

import { NetworkError } from "../errors.js";
import { diseaseOf, lesionOf, type Auxiliary, type Pass, type Prediction } from "../network.js";
import { unionProbability } from "./union.js";

export interface Iterations {
  readonly network: string; // its name, for messages
  readonly passes: number; // extra passes
  readonly most: number;
  readonly detach: boolean; // no gradient from a pass to the one before
}

/**
 * Shows a network its own map again: the first pass sees a map of zeros, each further one what the pass before found. The heads of all passes but the
 * last are auxiliary, their names with `passN.` before. MultiR-Net, Algorithm 1.
 *
 * @param once one pass over the input, N×1×D×H×W, and the map, of the same size
 * @throws NetworkError NETWORK_OPTION for a number of passes that there is not
 */
export function iterate(
  input: Tensor,
  { network, passes, most, detach }: Iterations,
  pass: Pass,
  once: (map: Tensor, pass: Pass) => Prediction,
): Prediction {
  if (!Number.isInteger(passes) || passes < 0 || passes > most) {
    const because = `expected a whole number from 0 to ${String(most)}, but ${String(passes)} came`;
    throw new NetworkError({ code: "NETWORK_OPTION", network, key: "passes", because });
  }
  const [batch = 1, , ...space] = input.shape;
  let map: Tensor = zeros([batch, 1, ...space], { dtype: input.dtype, device: input.device });
  const auxiliary: Auxiliary[] = [];
  for (let index = 0; ; index++) {
    const found = once(map, { ...pass, random: pass.random.derive("pass", index) });
    const names = index === passes ? "" : `pass${String(index)}.`;
    auxiliary.push(...found.auxiliary.map((item) => ({ ...item, name: names + item.name })));
    if (index === passes) return { ...found, auxiliary };
    const lesion = lesionOf(found);
    const disease = diseaseOf(found);
    if (lesion !== undefined) {
      auxiliary.push({ name: `${names}lesion`, of: "lesion", role: "pass", logits: lesion });
      map = scope(() => {
        const fused = unionProbability(lesion);
        return detach ? fused.detach() : fused;
      });
    }
    if (disease !== undefined)
      auxiliary.push({ name: `${names}disease`, of: "disease", role: "pass", logits: disease });
  }
}
