import { open, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { fileErrorOf } from "@multirnet/base/node";

import { crc32c } from "./crc32c.js";
import { bytesField, doubleField, floatField, message, textField, wholeField } from "./message.js";

/** Numbers of TensorFlow's definitions: core/util/event.proto and core/framework/summary.proto. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2, image: 4 } as const;
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const SESSION_LOG = { status: 1 } as const;

const START = 1; // SessionLog.SessionStatus
const RGB = 3;

export interface EventPicture {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/**
 * A file of events for TensorBoard. A resumed training has one more: it begins by saying from which step on it counts, and TensorBoard forgets what an older
 * file has from there on.
 */
export class EventFile {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Makes a new file in a folder.
   *
   * @param step the first that it will have
   * @throws FileError
   */
  static async create(folder: string, step: number): Promise<EventFile> {
    const seconds = String(Math.floor(Date.now() / 1000));
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${String(process.pid)}.${String(step)}`);
    try {
      const events = new EventFile(await open(path, "a"), path);
      await events.#add(textField(EVENT.fileVersion, "brain.Event:2"));
      if (step > 0) {
        const started = message(wholeField(SESSION_LOG.status, START));
        await events.#add(wholeField(EVENT.step, step), bytesField(EVENT.sessionLog, started));
      }
      return events;
    } catch (error) {
      throw fileErrorOf(path, error);
    }
  }

  /** Numbers of one step, by tag; those that are not finite are left out. @throws FileError */
  async scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    const summary = Object.entries(values)
      .filter(([, value]) => Number.isFinite(value))
      .map(([tag, value]) =>
        bytesField(SUMMARY.value, message(textField(VALUE.tag, tag), floatField(VALUE.simpleValue, value))),
      );
    await this.#add(wholeField(EVENT.step, step), bytesField(EVENT.summary, message(...summary)));
  }

  /** @throws FileError */
  async picture(step: number, tag: string, { width, height, png }: EventPicture): Promise<void> {
    const image = message(
      wholeField(IMAGE.height, height),
      wholeField(IMAGE.width, width),
      wholeField(IMAGE.colorspace, RGB),
      bytesField(IMAGE.encoded, png),
    );
    const value = message(textField(VALUE.tag, tag), bytesField(VALUE.image, image));
    await this.#add(wholeField(EVENT.step, step), bytesField(EVENT.summary, bytesField(SUMMARY.value, value)));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #add(...fields: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#file.appendFile(recordOf(message(doubleField(EVENT.wallTime, Date.now() / 1000), ...fields)));
    } catch (error) {
      throw fileErrorOf(this.#path, error);
    }
  }
}

/** TFRecord: the length in 64 bits, its checksum, the data, its checksum. */
function recordOf(data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

/** CRC-32C, turned by 15 bits and moved, as the checksum of data that holds checksums itself. */
function checksum(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const masked = ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) >>> 0;
  const result = Buffer.alloc(4);
  result.writeUInt32LE(masked);
  return result;
}
