import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { writeJson, writeYaml } from "./json-file.js";
import { filesBelow, temporaryFolder, thrownBy } from "./testing/folders.js";

test.each([
  { value: { loss: Number.NaN }, says: "key loss is NaN" },
  { value: { metrics: [{ vdsc: 1 }, { vdsc: Number.POSITIVE_INFINITY }] }, says: "key metrics.1.vdsc is Infinity" },
])("a number that JSON has no word for is refused: $says", async ({ value, says }) => {
  const folder = temporaryFolder();
  const path = join(folder, "metrics.json");
  for (const write of [writeJson, writeYaml]) {
    expect((await thrownBy(write(path, value))).message).toBe(
      `cannot write ${path}: ${says}, which JSON has no word for`,
    );
  }
  expect(filesBelow(folder)).toEqual([]);
});

test("JSON is indented and ends with a line end; YAML repeats equal parts", async () => {
  const folder = temporaryFolder();
  const triple = { x: 1, y: 2 };
  await writeJson(join(folder, "a.json"), { a: triple, gone: undefined });
  await writeYaml(join(folder, "a.yaml"), { a: triple, b: triple });
  expect(readFileSync(join(folder, "a.json"), "utf8")).toBe('{\n  "a": {\n    "x": 1,\n    "y": 2\n  }\n}\n');
  expect(readFileSync(join(folder, "a.yaml"), "utf8")).toBe("a:\n  x: 1\n  y: 2\nb:\n  x: 1\n  y: 2\n");
});

test("below a regular file nothing can be written, and the message says where", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "mine");
  const path = join(file, "metrics.json");
  expect((await thrownBy(writeJson(path, {}))).message).toBe(
    `cannot write ${path}: EEXIST: file already exists, mkdir '${file}'`,
  );
  expect(readFileSync(file, "utf8")).toBe("mine");
});
