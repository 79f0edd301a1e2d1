import { strToU8, zipSync, type Zippable } from "fflate";
import { expect, test } from "vitest";

import { thrownBy } from "./testing/folders.js";
import { zipEntries } from "./zip.js";

// fflate writes, zip.js reads: neither is held against itself.
const content = new Uint8Array(5000).map((_, i) => i % 251);

/** A zip of `a.json` and `b.bin`, stored or deflated, with one change made to its bytes. */
function zipOf(change: (zip: Buffer) => Uint8Array = (zip) => zip, level: 0 | 6 = 0): Uint8Array {
  return change(Buffer.from(zipSync({ "a.json": [strToU8("{}"), { level }], "b.bin": [content, { level }] })));
}

/** Reads all files of a zip, and gives the names. */
async function namesIn(zip: Uint8Array, strictness?: "lenient"): Promise<string[]> {
  const entries = await zipEntries(zip, "m.zip", strictness);
  for (const { read } of entries) await read();
  return entries.map(({ name }) => name);
}

const wordsOf = async (zip: Uint8Array, strictness?: "lenient"): Promise<string> =>
  (await thrownBy(namesIn(zip, strictness))).message;

// Where records begin, by their signatures (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
const localHeader = (zip: Buffer, index: number): number => nth(zip, [0x50, 0x4b, 3, 4], index);
const directoryEntry = (zip: Buffer, index: number): number => nth(zip, [0x50, 0x4b, 1, 2], index);
const endRecord = (zip: Buffer): number => nth(zip, [0x50, 0x4b, 5, 6], 0);
function nth(zip: Buffer, signature: readonly number[], index: number): number {
  let at = -1;
  for (let i = 0; i <= index; i++) at = zip.indexOf(Buffer.from(signature), at + 1);
  return at;
}

/** A field of the second file's entry in the directory overwritten, and where a place is given, in its local header too. */
const withField = (inDirectory: number, value: number, bytes: 2 | 4, inHeader?: number) => (zip: Buffer) => {
  zip.writeUIntLE(value, directoryEntry(zip, 1) + inDirectory, bytes);
  if (inHeader !== undefined) zip.writeUIntLE(value, localHeader(zip, 1) + inHeader, bytes);
  return zip;
};

test("files are listed and read; folders and what macOS adds are not", async () => {
  const files: Zippable = { m: { "b.bin": content }, "empty/": new Uint8Array(), "__MACOSX/m/._b.bin": strToU8("?") };
  const entries = await zipEntries(zipSync(files), "m.zip");
  expect(entries.map(({ name }) => name)).toEqual(["m/b.bin"]);
  expect(await entries[0]?.read()).toEqual(content);
});

test("a file without content is read, deflated or stored", async () => {
  for (const level of [0, 6] as const) {
    const [entry] = await zipEntries(zipSync({ empty: [new Uint8Array(), { level }] }), "m.zip");
    expect(await entry?.read()).toEqual(new Uint8Array());
  }
});

test("the backslashes of old Windows tools are slashes", async () => {
  expect(await namesIn(zipSync({ "m\\b.bin": content }))).toEqual(["m/b.bin"]);
});

test.each(["../b.bin", "/etc/b.bin", "m/../../b.bin", "C:\\b.bin", "..\\b.bin", "\\\\server\\b.bin"])(
  "a zip with the name %s is refused, whatever else is in it",
  async (entry) => {
    expect(await wordsOf(zipSync({ "a.json": strToU8("{}"), [entry]: content }))).toBe(
      `the zip m.zip is refused: the name ${JSON.stringify(entry)} in it leads out of the archive`,
    );
  },
);

test.each<{ says: string; change: (zip: Buffer) => Uint8Array }>([
  { says: "its directory at the end is missing; was it cut short?", change: (zip) => zip.subarray(0, -30) },
  { says: "its directory at the end is missing; was it cut short?", change: (zip) => zip.subarray(0, 12) },
  { says: "Central directory header not found", change: withField(0, 0, 2) },
  { says: "b.bin: Local file header not found", change: withField(42, 3, 4) },
  { says: "b.bin is encrypted", change: withField(8, 1, 2, 6) },
  { says: "b.bin: Compression method not supported", change: withField(10, 12, 2, 8) },
  { says: "b.bin: Entry data out of bounds", change: withField(20, 60_000, 4, 18) },
  { says: "b.bin: Invalid uncompressed size", change: withField(24, 5001, 4, 22) },
  {
    says: "b.bin: Invalid CRC32",
    change: (zip) => {
      const at = zip.indexOf(content) + 1234;
      zip[at] = (zip[at] ?? 0) ^ 1;
      return zip;
    },
  },
  {
    says: "End of Zip64 central directory locator not found",
    change: (zip) => {
      zip.writeUInt32LE(0xffffffff, endRecord(zip) + 16);
      return zip;
    },
  },
])("a damaged zip: $says", async ({ change, says }) => {
  expect(await wordsOf(zipOf(change))).toBe(`the zip m.zip is damaged: ${says}`);
});

test.each<{ reason: string; says: string; change: (zip: Buffer) => Uint8Array }>([
  {
    reason: "a local header names another method than the directory",
    says: "b.bin: Ambiguous archive (mismatched local file header (compression method))",
    change: withField(10, 12, 2),
  },
  {
    reason: "a name is there twice",
    says: "Ambiguous archive (duplicate filename)",
    change: () => {
      const zip = Buffer.from(zipSync({ "a.bin": content, "b.bin": content }));
      for (const at of [localHeader(zip, 1) + 30, directoryEntry(zip, 1) + 46]) zip.write("a.bin", at);
      return zip;
    },
  },
  {
    reason: "two names lead to the same bytes",
    says: "b.bin: Ambiguous archive (mismatched local file header (filename))",
    change: () => {
      const zip = Buffer.from(zipSync({ "a.bin": content, "b.bin": content }));
      zip.writeUInt32LE(0, directoryEntry(zip, 1) + 42);
      return zip;
    },
  },
  {
    reason: "something stands before it",
    says: "Ambiguous archive (prepended data)",
    change: (zip) => Buffer.concat([strToU8("MZ"), zip]),
  },
  {
    reason: "something stands after it",
    says: "Ambiguous archive (appended data)",
    change: (zip) => Buffer.concat([zip, strToU8("?")]),
  },
])("a zip that could be read in two ways is refused: $reason", async ({ change, says }) => {
  expect(await wordsOf(zipOf(change))).toBe(`the zip m.zip is damaged: ${says}`);
});

test("two entries in the same bytes are refused", async () => {
  // As in a bomb of overlapping files: the bytes of a.bin hold the record of b.bin, and the directory leads there.
  const zip = zipOf();
  const record = zip.subarray(localHeader(Buffer.from(zip), 1), directoryEntry(Buffer.from(zip), 0));
  const nested = Buffer.from(zipSync({ "a.bin": [record, { level: 0 }], "b.bin": [content, { level: 0 }] }));
  nested.writeUInt32LE(30 + "a.bin".length, directoryEntry(nested, 1) + 42);
  expect(await wordsOf(nested)).toBe("the zip m.zip is damaged: b.bin: Overlapping entry found");
});

test("an entry cannot unpack to more than it says, nor say more than deflate can give", async () => {
  const most = 60_000_000;
  expect(await wordsOf(zipOf(withField(24, most, 4, 22), 6))).toBe(
    "the zip m.zip is damaged: b.bin: Invalid CRC32 (incorrect length check)",
  );
  expect(await wordsOf(zipOf(withField(24, 4999, 4, 22), 6))).toBe(
    "the zip m.zip is damaged: b.bin: Invalid uncompressed size",
  );
  const bomb = Buffer.from(zipSync({ zeros: [new Uint8Array(30_000_000), { level: 6 }] })); // in 29 kB
  bomb.writeUInt32LE(1000, directoryEntry(bomb, 0) + 24);
  bomb.writeUInt32LE(1000, localHeader(bomb, 0) + 22);
  expect(await wordsOf(bomb)).toBe("the zip m.zip is damaged: zeros: Invalid uncompressed size");
  expect(await wordsOf(bomb, "lenient")).toBe("the zip m.zip is damaged: zeros: Invalid uncompressed size");
});

test("a zip is refused before anything of it is unpacked, where it says of itself that it is a bomb", async () => {
  const before = process.memoryUsage().rss;
  const zip = zipOf(withField(24, 4_000_000_000, 4, 22), 6);
  const says = `the zip m.zip is refused: it would unpack to 4000000002 bytes, and one of ${String(zip.length)} bytes may to 67108864 at most`;
  await expect(zipEntries(zip, "m.zip")).rejects.toMatchObject({ code: "ZIP_TOO_LARGE", message: says });
  expect(await wordsOf(zip, "lenient")).toBe(says);
  // Two files, each of which would do by itself.
  const both = zipOf(withField(24, 40_000_000, 4, 22), 6);
  for (const field of [directoryEntry(Buffer.from(both), 0) + 24, localHeader(Buffer.from(both), 0) + 22])
    Buffer.from(both.buffer, both.byteOffset).writeUInt32LE(40_000_000, field);
  expect(await wordsOf(both)).toBe(says.replace("4000000002", "80000000"));
  expect(process.memoryUsage().rss - before).toBeLessThan(1_000_000_000);
});

test("a name that is there twice is refused in a lenient reading too, and so is one with two kinds of slash", async () => {
  const twice = Buffer.from(zipSync({ "a.bin": content, "b.bin": content }));
  for (const at of [localHeader(twice, 1) + 30, directoryEntry(twice, 1) + 46]) twice.write("a.bin", at);
  expect(await wordsOf(twice, "lenient")).toBe("the zip m.zip is damaged: the name a.bin is in it twice");
  expect(await wordsOf(zipSync({ "m/b.bin": content, "m\\b.bin": content }))).toBe(
    "the zip m.zip is damaged: the name m/b.bin is in it twice",
  );
});

test("a name is quoted in characters that print, and not whole where it is long", async () => {
  const name = `\u009b2J${"x".repeat(200)}`;
  const zip = Buffer.from(zipSync({ [name]: [content, { level: 0 }] }));
  zip.fill(0, zip.indexOf(content), zip.indexOf(content) + 10);
  expect(await wordsOf(zip)).toBe(`the zip m.zip is damaged: \\u{9b}2J${"x".repeat(97)}…: Invalid CRC32`);
});

test("a stream that is no deflate stream is named", async () => {
  const zip = zipOf((zip) => {
    const at = zip.indexOf("b.bin") + "b.bin".length;
    zip.fill(0xff, at, at + 20);
    return zip;
  }, 6);
  expect(await wordsOf(zip)).toBe("the zip m.zip is damaged: b.bin: Invalid CRC32 (invalid block type)");
});
