import { readdirSync } from "node:fs";

import { readGolden, type GoldenCase } from "./agreement.js";

const FOLDERS = ["baselines", "multirnet"] as const;
const ENDING = ".golden.json";

/** Files that are not named after their network. */
const NETWORKS: Readonly<Record<string, string>> = {
  densenet: "densenet121",
  "densenet-2d": "densenet121-2d",
  res2net: "res2net50-2d",
};

/** A network with the numbers that its public implementation gave for one form of it. */
export interface NamedGolden {
  readonly network: string;
  readonly scan: readonly number[] | undefined; // shape, where the form has none of its own
  readonly one: GoldenCase;
}

/** The golden numbers of all networks. */
export function allGoldens(): NamedGolden[] {
  return FOLDERS.flatMap((folder) => {
    const here = new URL(`../${folder}/`, import.meta.url);
    const files = readdirSync(here).filter((name) => name.endsWith(ENDING));
    return files.flatMap((file) => {
      const name = file.slice(0, -ENDING.length);
      const { scan, cases } = readGolden(new URL(file, here));
      return cases.map((one) => ({ network: NETWORKS[name] ?? name, scan, one }));
    });
  });
}
