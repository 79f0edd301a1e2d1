import type { Frozen } from "../config/frozen.js";
import { LearningError } from "../errors.js";

/**
 * Which of a network's weights stand still in an epoch.
 *
 * @param paths of all its weights
 * @throws LearningError FROZEN_PART for a part that none of them has
 */
export function frozenIn(frozen: Frozen, paths: readonly string[], epoch: number): ReadonlySet<string> {
  const still = new Set<string>();
  for (const { part, epochs } of frozen) {
    const has = paths.filter((path) => `.${path}.`.includes(`.${part}.`));
    if (has.length === 0) throw new LearningError({ code: "FROZEN_PART", part });
    if (epochs === undefined || epoch < epochs) for (const path of has) still.add(path);
  }
  return still;
}
