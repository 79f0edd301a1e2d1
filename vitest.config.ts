import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Tests run on the sources; only tests of the command line need the build. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@multirnet\/([a-z]+)\/node$/, replacement: here("packages/$1/src/node.ts") },
      { find: /^@multirnet\/([a-z]+)$/, replacement: here("packages/$1/src/index.ts") },
      { find: /^multirnet$/, replacement: here("src/index.ts") },
    ],
  },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/generator/**/*.test.ts",
      "src/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    exclude: ["**/*.slow.test.ts", "**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 2,
    env: { OMP_NUM_THREADS: "1" },
    testTimeout: 60_000,
  },
});
