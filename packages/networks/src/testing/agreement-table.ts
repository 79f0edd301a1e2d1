/**
 * How far each network is from the numbers of its public implementation, as a table in Markdown: the largest difference of any head, gradient and
 * running statistic, as shares of their ranges.
 *
 *     npx tsc -b tsconfig.build.json && node scripts/run-typescript.js packages/networks/src/testing/agreement-table.ts
 */
import { agreementWith, type Agreement } from "./agreement.js";
import { allGoldens } from "./all-goldens.js";

print("| network | form | heads, evaluation | heads, training | gradients | running statistics |");
print("| --- | --- | --- | --- | --- | --- |");
for (const { network, form, one } of allGoldens()) {
  const found = agreementWith(network, one);
  print(
    `| ${network} | ${form} | ${byName(found.evaluation)} | ${most(found.training)} | ${most(found.gradients)} | ${most(found.statistics)} |`,
  );
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
