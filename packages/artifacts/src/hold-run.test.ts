import { symlinkSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { holdRun } from "./hold-run.js";
import { temporaryFolder } from "./testing/folders.js";

test.skipIf(process.platform !== "linux")(
  "a run is held by one at a time, by whatever path it is asked for",
  async () => {
    const folder = temporaryFolder();
    const link = join(temporaryFolder(), "link");
    symlinkSync(folder, link);
    const letGo = await holdRun(folder);
    await expect(holdRun(link)).rejects.toMatchObject({
      code: "RUN_BUSY",
      message: `${link} is being trained by another process; wait until it ends, or stop it`,
    });
    const other = await holdRun(temporaryFolder());
    await letGo();
    const again = await holdRun(link);
    await again();
    await other();
  },
);
