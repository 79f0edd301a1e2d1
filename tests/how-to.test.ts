import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

/**
 * Replaces what a block of changes shows without its `+` lines, which must be there once, by what it shows without its `-` lines. A line that ends in
 * … is the one of the file that begins so.
 */
function applyChange(folder: string, change: string): void {
  const [, file = "", shown = ""] = /^--- (\S+)\n([\s\S]*)$/.exec(change) ?? [];
  const before = readFileSync(join(folder, file), "utf8");
  const lines = shown.replaceAll(/^([ -])(.*) …$/gm, (_, sign: string, start: string) => {
    const whole = before.split("\n").filter((line) => line.startsWith(start));
    expect(whole.length, start).toBe(1);
    return sign + (whole[0] ?? "");
  });
  const without = (sign: string): string =>
    lines.replaceAll(new RegExp(`^[${sign}].*\n`, "gm"), "").replaceAll(/^./gm, "");
  expect(before.split(without("+")).length - 1, change).toBe(1);
  writeFileSync(
    join(folder, file),
    before.replace(without("+"), () => without("-")),
  );
}

/** A copy of this repository's packages, documents and tests as they stand, to be changed; what npm installed is linked to. */
function copyOfTree(folder: string): void {
  for (const name of readdirSync(root)) {
    if (["packages", "src", "dist", "docs", "tests", ".prettierrc"].includes(name) || /\.(?:json|js|ts)$/.test(name))
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
test.for(pages)("the commands of %s run as they stand", { timeout: 600_000 }, (name, { skip }) => {
  const page = blocks(readFileSync(join(root, "docs/how-to", name), "utf8"));
  const written = page.filter(({ language }) => language === "ts");
  const done = written.map(fileOf).filter((file) => existsSync(join(root, file)));
  if (done.length > 0) skip(`somebody followed the page: ${done.join(", ")} is there already`);
  const folder = mkdtempSync(join(tmpdir(), "how-to-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const changesSource = written.length > 0;
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
