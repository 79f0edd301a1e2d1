import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { aboutEngine } from "@multirnet/engine";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { block } = aboutEngine();

/** What oneDNN may use, and the block of channels that follows. */
const PROCESSORS = [
  { isa: "AVX512_CORE", blocks: 16 },
  { isa: "AVX2", blocks: 8 },
  { isa: "SSE41", blocks: 0 },
].filter(({ blocks }) => blocks <= block);

test.skipIf(block === 0).each(PROCESSORS)(
  "on a processor with $isa, blocks are of $blocks channels and the answers the same",
  ({ isa, blocks }) => {
    const found = JSON.parse(
      execFileSync(process.execPath, ["scripts/run-typescript.js", "tests/fast-path/answer.ts"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, ONEDNN_MAX_CPU_ISA: isa, DNNL_MAX_CPU_ISA: isa },
      }),
    ) as { readonly block: number; readonly answer: number; readonly learned: number };
    expect(found.block).toBe(blocks);
    if (blocks === 0)
      expect(found).toMatchObject({ answer: 0, learned: 0 }); // the network itself ran
    else {
      expect(found.answer).toBeGreaterThan(0);
      expect(found.answer).toBeLessThan(1e-5);
      expect(found.learned).toBeLessThan(1e-4);
    }
  },
);
