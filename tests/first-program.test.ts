import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = readFileSync(`${root}examples/first-program.ts`, "utf8");

test("the README's first program is the one in examples", () => {
  expect(readFileSync(`${root}README.md`, "utf8")).toContain(`\`\`\`ts\n${program}\`\`\`\n`);
});

test("the README's first program runs, on the phantom and the model that ship", async () => {
  const lines: string[] = [];
  const print = vi.spyOn(console, "log").mockImplementation((...words) => void lines.push(words.join(" ")));
  await import("../examples/first-program.js");
  print.mockRestore();
  expect(lines[0]).toMatch(/^\d+ ml of lesions$/);
  expect(lines.slice(1, 4).map((line) => line.replace(/: \d+ %$/, ""))).toEqual(["covid-19", "cap", "normal"]);
  const [, dice = ""] = /^V-DSC ([\d.]+)$/.exec(lines[4] ?? "") ?? [];
  expect(Number(dice)).toBeGreaterThan(0.5);
});
