import type { RandomSource, SeedKey } from "@multirnet/base";

import { opFailed } from "./errors.js";
import { native, type NativeGenerator } from "./native.js";
import { collectLater } from "./scope.js";

/** libtorch's random generator for the operators that take one, seeded from a source; it has no state outside this object. */
export class Generator {
  readonly native: NativeGenerator;
  readonly keys: readonly SeedKey[]; // of the source it was seeded from

  constructor(random: RandomSource, device = "cpu") {
    this.keys = random.keys;
    try {
      this.native = native().generator(Math.floor(random.uniform() * 2 ** 53), device);
    } catch (error) {
      throw opFailed("generator", device, error);
    }
    collectLater(this);
  }
}
