import { readdirSync } from "node:fs";

import { readGolden, type GoldenCase } from "./agreement.js";

const FOLDERS = ["baselines", "multirnet"] as const;

/** A network with the numbers that another implementation gave for one form of it. */
export interface NamedGolden {
  readonly network: string;
  readonly form: string;
  readonly origin: string; // of the numbers
  readonly one: GoldenCase;
}

/** The golden numbers of all networks: `NAME.golden.json` beside their files, made by scripts/golden. */
export function allGoldens(): NamedGolden[] {
  return FOLDERS.flatMap((folder) => {
    const here = new URL(`../${folder}/`, import.meta.url);
    const files = readdirSync(here).filter((name) => name.endsWith(".golden.json"));
    return files.flatMap((file) => {
      const { network, origin, cases } = readGolden(new URL(file, here));
      return cases.map((one) => ({ network, form: one.name, origin, one }));
    });
  });
}
