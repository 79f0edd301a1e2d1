import type { z } from "zod";

import type { lossSchema } from "../config/loss.js";
import type { frozenSchema } from "../config/frozen.js";

/** How a network was trained where it was published. The optimiser is not part of it: all networks have that of the config. */
export interface Recipe {
  readonly cites: string;
  readonly differs: string; // what is not as published, and why
  readonly settings: {
    readonly loss?: z.input<typeof lossSchema>;
    readonly frozen?: z.input<typeof frozenSchema>;
  };
}
