import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { resolve } from "node:path";

import { ArtifactError } from "./errors.js";

/**
 * Keeps a run folder for one training at a time. What is held is a name among Linux's abstract sockets: no file is written, and the kernel lets go of it when
 * the process ends, however it ends. Another machine that shares the folder is not kept out, nor is anyone on a system that has no such names.
 *
 * @returns lets go
 * @throws ArtifactError RUN_BUSY
 */
export async function holdRun(path: string): Promise<() => Promise<void>> {
  const place = await realpath(path).catch(() => resolve(path));
  const name = `\0multirnet-run-${createHash("sha256").update(place).digest("hex")}`;
  const server = createServer();
  try {
    await new Promise<void>((done, failed) => {
      server.once("error", failed).listen(name, done);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw new ArtifactError({ code: "RUN_BUSY", path });
    return () => Promise.resolve(); // no such names here
  }
  server.unref();
  return () =>
    new Promise((done) => {
      server.close(() => {
        done();
      });
    });
}
