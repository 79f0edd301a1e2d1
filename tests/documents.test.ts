import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

function documents(folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return path.endsWith(".md") ? [path] : [];
    return /^(?:\..*|node_modules|dist|out|runs)$/.test(entry.name) ? [] : documents(path);
  });
}

/** @returns what the links of a page point to inside this repository */
function links(page: string): string[] {
  return [...page.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) =>
    /^(?:[a-z]+:|#)/.test(target) ? [] : [target.replace(/#.*/, "")],
  );
}

test("links are read, and those that leave the repository are not", () => {
  expect(links("[a](b.md#c) ![d](e/f.png) [g](https://example.org/h) [i](#j)")).toEqual(["b.md", "e/f.png"]);
});

test.each(documents())("every link of %s leads somewhere", (path) => {
  const missing = links(readFileSync(join(root, path), "utf8")).filter(
    (to) => !existsSync(join(root, dirname(path), to)),
  );
  expect(missing).toEqual([]);
});
