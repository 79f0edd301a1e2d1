import { RandomSource } from "@multirnet/base";
import { scope } from "@multirnet/engine";

import { networkEntry, type NetworkSpec } from "./registry.js";

/** @returns how many numbers a network learns; it is made for that, without the random weights that take most of the time */
export function parameterCount({ name, options }: NetworkSpec): number {
  const network = scope(() => networkEntry(name).create(options, new NoRandom()));
  try {
    return [...network.parameters().values()].reduce((sum, { elements }) => sum + elements, 0);
  } finally {
    network.release();
  }
}

/** For weights that nobody looks at. */
class NoRandom extends RandomSource {
  override derive(): this {
    return this;
  }

  override uniform(): number {
    return 0.5;
  }

  override normal(): number {
    return 0;
  }
}
