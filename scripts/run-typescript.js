// Runs a TypeScript file of this tree from its source, on any Node: node scripts/run-typescript.js FILE [ARGUMENT…]
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfigFromFile, runnerImport } from "vite";

const [node, , file, ...rest] = process.argv;
if (file === undefined) throw new Error("expected a file: node scripts/run-typescript.js FILE [ARGUMENT…]");
process.argv = [node, resolve(file), ...rest]; // as if Node had been called with the file itself

const settings = fileURLToPath(new URL("../vitest.config.ts", import.meta.url));
const loaded = await loadConfigFromFile({ command: "serve", mode: "development" }, settings);
await runnerImport(resolve(file), { resolve: loaded?.config.resolve });
