import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig(
  {
    ignores: [
      "**/dist/",
      "**/node_modules/",
      "**/native/build/",
      "**/src/generated/",
      ".setup/",
      "out/",
      "runs/",
      "coverage/",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "error", // a room's face is written down, not inferred
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
      "no-console": "error", // what the program says goes through the command line's output
      "no-restricted-imports": ["error", { patterns: [{ regex: "^node:assert", message: "Throw a coded error." }] }],

      // Numbers are what most messages here are made of.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // With noUncheckedIndexedAccess, `array[i] as number` is the cast that costs nothing in a hot loop; `!` stays forbidden.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      // `() => handle.close()` as a callback of void is clear enough.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // `while (true)` with a return inside is how a loop with its end in the middle reads.
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      // `{ readonly [M in Meaning]: number }` is shorter than a Readonly<Record<…>> around it.
      "@typescript-eslint/consistent-indexed-object-style": "off",
      // A key of something that was read from a file looks like one: `header["labels"]`.
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      // Loops over parallel typed arrays need their index.
      "@typescript-eslint/prefer-for-of": "off",
      // A leading underscore says that an argument is there for the signature only.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // Tests describe values by matchers, which Vitest types as `any`, and hand async functions to it.
    files: ["**/*.test.ts", "**/testing/**", "**/contract.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  {
    // Programs of the house and examples print.
    files: ["scripts/**", "benchmarks/**", "examples/**", "packages/*/generator/**"],
    rules: { "no-console": "off" },
  },
);
