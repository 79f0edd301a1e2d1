import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = readdirSync(join(root, "docs/how-to")).filter((name) => name.endsWith(".md"));

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({ language, text }));
}

test("blocks of code are read with their language", () => {
  expect(blocks("a\n```sh\nls\nls -l\n```\nb `c`\n```yaml\nd: e\n```\n")).toEqual([
    { language: "sh", text: "ls\nls -l\n" },
    { language: "yaml", text: "d: e\n" },
  ]);
});

/** The file that a block is to be written to: its first line says which. */
function fileOf({ language, text }: Block): string {
  const [, file = ""] = (language === "yaml" ? /^# (\S+)\n/ : /^\/\/ (\S+)\n/).exec(text) ?? [];
  expect(file, `the first line of ${text}`).not.toBe("");
  return file;
}

/** Replaces what a block of changes shows without its `+` lines, which must be there once, by what it shows without its `-` lines. */
function applyChange(folder: string, change: string): void {
  const [, file = "", lines = ""] = /^--- (\S+)\n([\s\S]*)$/.exec(change) ?? [];
  const without = (sign: string): string =>
    lines.replaceAll(new RegExp(`^[${sign}].*\n`, "gm"), "").replaceAll(/^./gm, "");
  const before = readFileSync(join(folder, file), "utf8");
  expect(before.split(without("+")).length - 1, change).toBe(1);
  writeFileSync(
    join(folder, file),
    before.replace(without("+"), () => without("-")),
  );
}

/** A copy of this repository's packages as they stand, to be changed; what npm installed is linked to. */
function copyOfTree(folder: string): void {
  for (const name of readdirSync(root)) {
    if (name === "packages" || name === "src" || name === "dist" || /\.(?:json|js|ts)$/.test(name))
      cpSync(join(root, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  }
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name === "@multirnet") continue;
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  mkdirSync(join(folder, "node_modules/@multirnet"));
  for (const room of readdirSync(join(folder, "packages")))
    symlinkSync(join(folder, "packages", room), join(folder, "node_modules/@multirnet", room));
}

// A reader types them one after another in one folder. A block of YAML or TypeScript is a file whose name stands in its first line, a block of
// changes is applied; a page that changes the source is run in a copy of it.
test.each(pages)("the commands of %s run as they stand", { timeout: 300_000 }, (name) => {
  const folder = mkdtempSync(join(tmpdir(), "how-to-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const page = blocks(readFileSync(join(root, "docs/how-to", name), "utf8"));
  const changesSource = page.some(({ language }) => language === "ts");
  if (changesSource) copyOfTree(folder);
  const program = join(changesSource ? folder : root, "packages/cli/bin/multirnet.js");
  const ran = (text: string): void => {
    const { status, stderr } = spawnSync("sh", ["-euc", text], { cwd: folder, encoding: "utf8" });
    expect({ text, status, stderr }).toEqual({ text, status: 0, stderr: "" });
  };
  for (const block of page) {
    if (block.language === "yaml" || block.language === "ts") writeFileSync(join(folder, fileOf(block)), block.text);
    else if (block.language === "diff") applyChange(folder, block.text);
    else ran(block.text.replaceAll("npx multirnet ", `node '${program}' --threads 1 --quiet `));
  }
});
