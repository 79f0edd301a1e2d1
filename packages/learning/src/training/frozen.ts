import { undrawnNetwork } from "@multirnet/networks";

import type { Frozen } from "../config/frozen.js";
import type { TrainConfig } from "../config/train-config.js";
import { LearningError } from "../errors.js";

/** Sees that a config freezes only what its network has, and not all of it, before anything is written. @throws LearningError FROZEN_PART, FROZEN_ALL */
export function requireFrozenParts({ frozen, network: spec }: Pick<TrainConfig, "frozen" | "network">): void {
  if (frozen.length === 0) return;
  const network = undrawnNetwork(spec);
  try {
    const paths = [...network.parameters().keys()];
    if (frozenIn(frozen, paths, 0).size === paths.length)
      throw new LearningError({ code: "FROZEN_ALL", parts: frozen.map(({ part }) => part) });
  } finally {
    network.release();
  }
}

/**
 * Which of a network's weights stand still in an epoch.
 *
 * @param paths of all its weights
 * @throws LearningError FROZEN_PART for a part that none of them has, unless it is optional
 */
export function frozenIn(frozen: Frozen, paths: readonly string[], epoch: number): ReadonlySet<string> {
  const still = new Set<string>();
  for (const { part, epochs, optional = false } of frozen) {
    const has = paths.filter((path) => `.${path}.`.includes(`.${part}.`));
    if (has.length === 0 && !optional) throw new LearningError({ code: "FROZEN_PART", part });
    if (epochs === undefined || epoch < epochs) for (const path of has) still.add(path);
  }
  return still;
}
