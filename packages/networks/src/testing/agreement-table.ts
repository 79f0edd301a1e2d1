/**
 * How far each network is from the numbers of its public implementation, as a table in Markdown: the largest difference of any head, gradient and
 * running statistic, as shares of their ranges.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js packages/networks/src/testing/agreement-table.ts
 */
import { readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { agreementWith, readGolden, type Agreement } from "./agreement.js";

const folders = ["packages/networks/src/baselines", "packages/networks/src/multirnet"];
const NAMES: Readonly<Record<string, string>> = {
  densenet: "densenet121",
  "densenet-2d": "densenet121-2d",
  res2net: "res2net50-2d",
};

print("| network | form | heads, evaluation | heads, training | gradients | running statistics |");
print("| --- | --- | --- | --- | --- | --- |");
for (const folder of folders) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".golden.json"))) {
    const known = file.slice(0, -".golden.json".length);
    const golden = readGolden(pathToFileURL(`${folder}/${file}`));
    for (const one of golden.cases) {
      const found = agreementWith(NAMES[known] ?? known, golden.scan, one);
      print(
        `| ${known} | ${one.name} | ${byName(found.evaluation)} | ${most(found.training)} | ${most(found.gradients)} | ${most(found.statistics)} |`,
      );
    }
  }
}

function byName(differences: Agreement["evaluation"]): string {
  return Array.from(differences, ([name, share]) => `${name.replace("auxiliary.", "")} ${share.toExponential(0)}`).join(
    ", ",
  );
}

function most(differences: Agreement["training"]): string {
  return differences.size === 0 ? "none" : Math.max(...differences.values()).toExponential(0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
