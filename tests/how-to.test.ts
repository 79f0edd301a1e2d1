import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

// A reader types them one after another in one folder; a block of YAML is a file whose name stands in its first line.
test.each(pages)("the commands of %s run as they stand", { timeout: 300_000 }, (name) => {
  const folder = mkdtempSync(join(tmpdir(), "how-to-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { language, text } of blocks(readFileSync(join(root, "docs/how-to", name), "utf8"))) {
    if (language === "yaml") {
      const [, file = ""] = /^# (\S+)\n/.exec(text) ?? [];
      expect(file, `the first line of ${text}`).not.toBe("");
      writeFileSync(join(folder, file), text);
      continue;
    }
    const script = text.replaceAll(
      "npx multirnet ",
      `node '${root}packages/cli/bin/multirnet.js' --threads 1 --quiet `,
    );
    const { status, stderr } = spawnSync("sh", ["-euc", script], { cwd: folder, encoding: "utf8" });
    expect({ text, status, stderr }).toEqual({ text, status: 0, stderr: "" });
  }
});
