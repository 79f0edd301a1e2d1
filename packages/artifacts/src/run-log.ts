import { open, readFile, type FileHandle } from "node:fs/promises";

import { fileErrorOf } from "@multirnet/base/node";

import { ArtifactError } from "./errors.js";
import { isAbsence, unreadable } from "./file-error.js";
import { jsonText } from "./json-file.js";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 1 << 16;

/**
 * The log of a run, one JSON object a line. Opened for a resumed run it is first cut back to the lines that the checkpoint
 * had seen, so that the log of a run that was killed and resumed is that of one that was left alone.
 */
export class RunLog {
  readonly #file: FileHandle;
  readonly #path: string;
  #bytes: number;
  #lines: number;

  private constructor(file: FileHandle, path: string, length: { readonly bytes: number; readonly lines: number }) {
    this.#file = file;
    this.#path = path;
    this.#bytes = length.bytes;
    this.#lines = length.lines;
  }

  /**
   * Opens or makes the log and cuts it after `keepLines` lines; a last line without its end, as `kill -9` leaves it, never counts.
   *
   * @throws ArtifactError LOG_TOO_SHORT where there are fewer whole lines than that
   * @throws FileError
   */
  static async open(path: string, keepLines: number): Promise<RunLog> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, keepLines === 0 ? "w" : "r+");
      const kept = await lengthOfLines(file, keepLines);
      if (kept.lines < keepLines) {
        throw new ArtifactError({ code: "LOG_TOO_SHORT", path, lines: kept.lines, keepLines });
      }
      await file.truncate(kept.bytes);
      return new RunLog(file, path, kept);
    } catch (error) {
      await file?.close().catch(() => undefined);
      if (keepLines > 0 && isAbsence(error))
        throw new ArtifactError({ code: "LOG_TOO_SHORT", path, lines: 0, keepLines }, { cause: error });
      throw fileErrorOf(path, error);
    }
  }

  /** The lines so far: what a checkpoint stores, and `open` cuts back to. */
  get lines(): number {
    return this.#lines;
  }

  /**
   * Adds one line; where it does not fit, nothing of it stays.
   *
   * @throws ArtifactError NOT_FINITE: a log with a NaN could not be read again
   * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE
   */
  async append(record: Readonly<Record<string, unknown>>): Promise<void> {
    const line = Buffer.from(`${jsonText(record, this.#path)}\n`);
    try {
      let written = 0;
      while (written < line.length) {
        const at = this.#bytes + written;
        written += (await this.#file.write(line, written, line.length - written, at)).bytesWritten;
      }
    } catch (error) {
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw fileErrorOf(this.#path, error);
    }
    this.#bytes += line.length;
    this.#lines += 1;
  }

  /** Waits until all lines are on the disk; to be called before the checkpoint that counts them is written. */
  async sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw fileErrorOf(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** @returns where the line `most` ends, or the last whole line if there are fewer */
async function lengthOfLines(
  file: FileHandle,
  most: number,
): Promise<{ readonly bytes: number; readonly lines: number }> {
  const block = new Uint8Array(BLOCK_BYTES);
  let lines = 0;
  let bytes = 0;
  for (let at = 0; lines < most;) {
    const { bytesRead } = await file.read(block, 0, block.length, at);
    if (bytesRead === 0) break;
    for (let i = block.indexOf(NEWLINE); i !== -1 && i < bytesRead && lines < most; i = block.indexOf(NEWLINE, i + 1)) {
      lines += 1;
      bytes = at + i + 1;
    }
    at += bytesRead;
  }
  return { bytes, lines };
}

/** A line of a step, as far as readers of a log look at it. */
export interface LoggedStep {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly segmentation?: number;
  readonly diagnosis?: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly waitSeconds: number;
}

export interface LoggedEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly validation?: { readonly score: number; readonly vdsc?: number; readonly accuracy?: number };
}

export interface RunLogContent {
  readonly steps: readonly LoggedStep[];
  readonly epochs: readonly LoggedEpoch[];
}

/**
 * Reads the log of a run, which may be being written: a last line without its end does not count. Before the first step there is none.
 *
 * @throws ArtifactError ARTIFACT_UNREADABLE, LOG_DAMAGED for a line that is no JSON
 */
export async function readRunLog(path: string): Promise<RunLogContent> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isAbsence(error)) return { steps: [], epochs: [] };
    throw unreadable(path, error);
  }
  const lines = text.split("\n").slice(0, -1);
  const records = lines.map((line, index) => recordOf(line, path, index + 1));
  return {
    steps: records.filter(({ kind }) => kind === "step") as unknown as LoggedStep[],
    epochs: records.filter(({ kind }) => kind === "epoch") as unknown as LoggedEpoch[],
  };
}

function recordOf(line: string, path: string, number: number): { readonly kind: unknown } {
  try {
    return JSON.parse(line) as { readonly kind: unknown };
  } catch (error) {
    throw new ArtifactError({ code: "LOG_DAMAGED", path, line: number }, { cause: error });
  }
}
