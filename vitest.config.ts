import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const places = ["packages/*/{src,generator}/**", "src/**", "tests/**", "examples/**"];

/** Tests run on the sources; only tests of the command line need the build. `--mode slow` takes the slow tests, and no other. */
export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [
      { find: /^@multirnet\/([a-z]+)\/node$/, replacement: here("packages/$1/src/node.ts") },
      { find: /^@multirnet\/([a-z]+)$/, replacement: here("packages/$1/src/index.ts") },
      { find: /^multirnet$/, replacement: here("src/index.ts") },
    ],
  },
  test: {
    include: places.map((place) => `${place}/*${mode === "slow" ? ".slow" : ""}.test.ts`),
    exclude: [...configDefaults.exclude, ...(mode === "slow" ? [] : ["**/*.slow.test.ts"])],
    pool: "forks",
    maxWorkers: 2,
    env: { OMP_NUM_THREADS: "1" }, // two workers share two cores
    testTimeout: mode === "slow" ? 1_800_000 : 60_000,
    hookTimeout: mode === "slow" ? 1_800_000 : 60_000,
  },
}));
