// The figures of docs/networks.md, "How they are written": lines of the networks' files, and how many of those use each block or layer, themselves or
// through another block.
//   node scripts/count-blocks.js
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../packages/networks/src", import.meta.url));
const filesOf = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /^[\w-]+\.ts$/.test(name)) // no tests, no rules that several share
    .map((name) => join(root, folder, name));
const text = (file) => readFileSync(file, "utf8");
const linesOf = (file) => text(file).split("\n").length - 1;

function used(file, found = new Set()) {
  for (const [, path] of text(file).matchAll(/from "(\.[^"]+)\.js"/g)) {
    const other = join(dirname(file), `${path}.ts`);
    if (found.has(other)) continue;
    found.add(other);
    used(other, found);
  }
  return found;
}

const baselines = filesOf("baselines");
const lines = baselines.map(linesOf);
const blocks = [...filesOf("blocks"), ...filesOf("layers")];
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
console.log(`${baselines.length} files of ${Math.min(...lines)} to ${Math.max(...lines)} lines`);
console.log(
  `${Math.round(sum(lines) / lines.length)} on average; ${blocks.length} blocks and layers, ${sum(blocks.map(linesOf))} lines`,
);

const networks = [...baselines, join(root, "multirnet/multirnet.ts")].map((file) => used(file));
const shares = blocks.map((block) => ({ by: networks.filter((uses) => uses.has(block)).length, block }));
for (const { by, block } of shares.sort((a, b) => b.by - a.by))
  console.log(`${String(by).padStart(2)} of ${networks.length}: ${block.slice(root.length + 1)}`);
