import { inflateRawSync } from "node:zlib";

import { messageOf } from "@multirnet/base";

import { ArtifactError } from "./errors.js";

/** One file in a zip, as the archive's directory lists it; `read` unpacks it and checks length and sum. */
export interface ZipEntry {
  readonly name: string;
  readonly read: () => Uint8Array;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED_FLAG = 1;
const MOST_PER_BYTE = 1032; // no deflate stream grows more than this
const UINT32_MAX = 0xffffffff; // stands for "see the Zip64 record"

/** @returns whether bytes begin as a zip does */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * The files of a zip, from the directory at its end (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16). Nothing is
 * unpacked to disk, and no entry can unpack to more than its listed size. Folders and macOS' `__MACOSX/` are left out.
 *
 * @param path only for the words of errors
 * @throws ArtifactError ZIP_DAMAGED, ZIP_UNSAFE_NAME (absolute, or with a `..` part)
 */
export function zipEntries(archive: Uint8Array, path: string): readonly ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = endRecord(view, path);
  const entries: ZipEntry[] = [];
  let at = end.directoryAt;
  for (let i = 0; i < end.entries; i++) {
    if (at + ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== ENTRY_SIGNATURE) {
      throw damaged(path, `entry ${i + 1} of ${end.entries} of its directory is missing`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const packed: Packed = {
      name: safeName(new TextDecoder().decode(archive.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes)), path),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      sum: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      localAt: view.getUint32(at + 42, true),
    };
    if (!packed.name.endsWith("/") && !packed.name.startsWith("__MACOSX/")) {
      entries.push({ name: packed.name, read: () => unpack(archive, view, packed, path) });
    }
    at += ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

interface Packed {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly sum: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly localAt: number;
}

function endRecord(view: DataView, path: string): { readonly entries: number; readonly directoryAt: number } {
  const first = Math.max(0, view.byteLength - END_BYTES - 0xffff); // a comment of up to 65,535 bytes may follow the record
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const directoryAt = view.getUint32(at + 16, true);
    if (directoryAt === UINT32_MAX)
      throw damaged(path, "it is in the Zip64 form, for more than 4 GiB, which is not read here");
    return { entries: view.getUint16(at + 10, true), directoryAt };
  }
  throw damaged(path, "its directory at the end is missing; was it cut short?");
}

function safeName(raw: string, path: string): string {
  const name = raw.replaceAll("\\", "/"); // as old Windows tools write them
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name) || name.split("/").includes("..")) {
    throw new ArtifactError({ code: "ZIP_UNSAFE_NAME", path, entry: raw });
  }
  return name;
}

function unpack(archive: Uint8Array, view: DataView, entry: Packed, path: string): Uint8Array {
  const { name, localAt, packedBytes, bytes } = entry;
  if ((entry.flags & ENCRYPTED_FLAG) !== 0) throw damaged(path, `${name} is encrypted`);
  if (localAt + LOCAL_BYTES > view.byteLength || view.getUint32(localAt, true) !== LOCAL_SIGNATURE) {
    throw damaged(path, `${name} is not where the directory says`);
  }
  const from = localAt + LOCAL_BYTES + view.getUint16(localAt + 26, true) + view.getUint16(localAt + 28, true);
  if (from + packedBytes > view.byteLength) throw damaged(path, `${name} is cut short`);
  const content = inflated(archive.subarray(from, from + packedBytes), entry, path);
  if (content.length !== bytes) throw damaged(path, `${name} has ${content.length} bytes, its directory says ${bytes}`);
  if (crc32(content) !== entry.sum) throw damaged(path, `the check sum of ${name} does not match`);
  return content;
}

function inflated(packed: Uint8Array, { name, method, bytes }: Packed, path: string): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED)
    throw damaged(path, `${name} is packed by method ${method}; only stored and deflated are read`);
  if (bytes > MOST_PER_BYTE * packed.length)
    throw damaged(path, `${name} cannot grow from ${packed.length} to ${bytes} bytes`);
  if (bytes === 0) return new Uint8Array(0);
  try {
    return inflateRawSync(packed, { maxOutputLength: bytes });
  } catch (error) {
    throw new ArtifactError({ code: "ZIP_DAMAGED", path, because: `${name}: ${messageOf(error)}` }, { cause: error });
  }
}

function damaged(path: string, because: string): ArtifactError {
  return new ArtifactError({ code: "ZIP_DAMAGED", path, because });
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum >>> 0;
});

/** CRC-32 of ISO 3309, as zip and PNG have it; node:zlib's own is missing in the first releases of Node 20. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    sum = (CRC_TABLE[(sum ^ (bytes[i] as number)) & 0xff] as number) ^ (sum >>> 8);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
