import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import protobuf from "protobufjs";
import { expect, test } from "vitest";

import { temporaryFolder } from "../testing/folders.js";
import { crc32c } from "./crc32c.js";
import { EventFile } from "./event-file.js";

/** The fields of TensorFlow's event.proto and summary.proto that are written here, by their numbers there. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
  }
  message SessionLog { enum SessionStatus { UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; } SessionStatus status = 1; }
  message Summary {
    message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
    message Value { string tag = 1; oneof value { float simple_value = 2; Image image = 4; } }
    repeated Value value = 1;
  }
`);

/** The events of a folder's only file, their checksums verified. */
async function eventsIn(folder: string): Promise<Record<string, unknown>[]> {
  const names = await readdir(folder);
  expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d+\..+/)]);
  const file = await readFile(join(folder, names[0] ?? ""));
  const Event = root.lookupType("Event");
  const events: Record<string, unknown>[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(unmasked(file.readUInt32LE(at + 8))).toBe(crc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(file.readUInt32LE(at + 12 + length))).toBe(crc32c(data));
    events.push(Event.toObject(Event.decode(data), { longs: Number, enums: String }));
    at += 16 + length;
  }
  return events;
}

function unmasked(masked: number): number {
  const turned = (masked - 0xa282ead8) >>> 0;
  return ((turned >>> 17) | (turned << 15)) >>> 0;
}

test("the checksum is CRC-32C", () => {
  // RFC 3720, B.4: 32 bytes of 0, of 0xff, and from 0 up.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test("numbers and pictures of steps are read back by the public definitions", async () => {
  const folder = temporaryFolder();
  const events = await EventFile.create(folder, 0);
  await events.scalars(1, { "loss/total": 0.75, rate: 3e-4, broken: NaN });
  await events.scalars(3_000_000_000, { ø: -1 }); // more than 32 bits
  await events.picture(7, "prediction/a", { width: 3, height: 2, png: Uint8Array.of(1, 2, 3) });
  await events.close();
  const found = await eventsIn(folder);
  for (const { wallTime } of found) expect(Math.abs((wallTime as number) - Date.now() / 1000)).toBeLessThan(60);
  expect(found.map(({ wallTime: _, ...event }) => event)).toEqual([
    { fileVersion: "brain.Event:2" },
    {
      step: 1,
      summary: {
        value: [
          { tag: "loss/total", simpleValue: 0.75 },
          { tag: "rate", simpleValue: Math.fround(3e-4) },
        ],
      },
    },
    { step: 3_000_000_000, summary: { value: [{ tag: "ø", simpleValue: -1 }] } },
    {
      step: 7,
      summary: {
        value: [
          {
            tag: "prediction/a",
            image: { height: 2, width: 3, colorspace: 3, encodedImageString: Buffer.from([1, 2, 3]) },
          },
        ],
      },
    },
  ]);
});

test("a resumed training says from which step on it counts", async () => {
  const folder = temporaryFolder();
  const events = await EventFile.create(folder, 41);
  await events.close();
  expect((await eventsIn(folder)).map(({ wallTime: _, ...event }) => event)).toEqual([
    { fileVersion: "brain.Event:2" },
    { step: 41, sessionLog: { status: "START" } },
  ]);
});

test("a folder that is not there is told by its path", async () => {
  const folder = join(temporaryFolder(), "none");
  await expect(EventFile.create(folder, 0)).rejects.toThrow(folder);
});
