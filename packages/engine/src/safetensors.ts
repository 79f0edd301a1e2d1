import { tensorFromBytes } from "./create.js";
import { bytesPerElement, dtypeCode, type DType } from "./dtype.js";
import { EngineError } from "./errors.js";
import type { Tensor } from "./generated/tensor.js";
import { describeTensor } from "./tensor-core.js";

/** The format's names of the element types (huggingface/safetensors, README, "Format"). */
const FORMAT_NAMES = {
  U8: "uint8",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  F16: "float16",
  F32: "float32",
  F64: "float64",
  BOOL: "bool",
  BF16: "bfloat16",
} as const satisfies Record<string, DType>;
type FormatName = keyof typeof FORMAT_NAMES;
const NAMES_OF_TYPES = new Map<DType, FormatName>(
  Object.entries(FORMAT_NAMES).map(([name, dtype]) => [dtype, name as FormatName]),
);

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
const MAXIMUM_HEADER_BYTES = 100_000_000; // the limit of the reference implementation

/** A tensor as it lies in a file: row-major, least byte first. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What a safetensors file holds, before any tensor is made of it. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes tensors and texts as one safetensors file; the order of the tensors is kept.
 *
 * @throws EngineError ENGINE_ARGUMENT for a tensor named `__metadata__`, which the format keeps for the texts
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  if (tensors.has(METADATA)) {
    const [where, expected] = ["encodeSafetensors", "another name for a tensor"];
    throw new EngineError({ code: "ENGINE_ARGUMENT", where, expected, came: METADATA });
  }
  const entries: string[] = []; // an object would reorder names such as 0 and 1
  if (Object.keys(metadata).length > 0) entries.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    const place = { dtype: NAMES_OF_TYPES.get(dtype), shape, data_offsets: [end, end + bytes] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(place)}`);
    end += bytes;
  }
  const words = new TextEncoder().encode(`{${entries.join()}}`);
  const headerBytes = Math.ceil(words.length / 8) * 8; // padded with blanks, so that the data is aligned
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end).fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(words, LENGTH_BYTES);
  let place = LENGTH_BYTES + headerBytes;
  for (const tensor of tensors.values()) {
    file.set(new Uint8Array(tensor.toArray().buffer), place);
    place += tensor.bytes;
  }
  return file;
}

/**
 * Reads the header and checks it against the bytes, without copying any tensor.
 *
 * @param where the file's name, for messages
 * @throws EngineError ENGINE_SAFETENSORS
 */
export function readSafetensors(file: Uint8Array, where: string): SafetensorsFile {
  const refuse = (because: string): never => {
    throw new EngineError({ code: "ENGINE_SAFETENSORS", where, because });
  };
  if (file.length < LENGTH_BYTES)
    refuse(`it holds ${String(file.length)} bytes, and the header's length alone takes 8`);
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAXIMUM_HEADER_BYTES) refuse(`its header would be ${String(headerBytes)} bytes long`);
  const data = LENGTH_BYTES + headerBytes;
  if (file.length < data)
    refuse(`its header takes ${String(headerBytes)} bytes, but only ${String(file.length - LENGTH_BYTES)} follow`);
  const header = parseHeader(new TextDecoder().decode(file.subarray(LENGTH_BYTES, data)), refuse);
  const { [METADATA]: metadata = {}, ...entries } = header;
  if (!isTexts(metadata)) return refuse(`its ${METADATA} is not a table of texts`);
  // By place in the file, which is the order in which they were written; an object lists names such as 0 and 1 first.
  const places = Object.entries(entries)
    .map(([name, entry]) => readEntry(name, entry, refuse))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const tensors = new Map<string, StoredTensor>();
  let last = 0;
  for (const { name, dtype, shape, start, end } of places) {
    const wanted = shape.reduce((product, side) => product * side, bytesPerElement(dtype));
    if (end - start !== wanted)
      refuse(
        `${name} is ${describeTensor({ shape, dtype })}, ${String(wanted)} bytes, but its place has ${String(end - start)}`,
      );
    if (start !== last)
      refuse(`${name} starts at byte ${String(start)} of the data, but what is before it ends at ${String(last)}`);
    if (data + end > file.length)
      refuse(`${name} ends at byte ${String(data + end)}, but the file at ${String(file.length)}: it was cut short`);
    tensors.set(name, { dtype, shape, bytes: file.subarray(data + start, data + end) });
    last = end;
  }
  if (data + last !== file.length)
    refuse(`its tensors end at byte ${String(data + last)}, but the file at ${String(file.length)}`);
  return { tensors, metadata };
}

/** Reads all tensors of a file onto the CPU. @throws EngineError ENGINE_SAFETENSORS */
export function decodeSafetensors(file: Uint8Array, where: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, bytes }] of readSafetensors(file, where).tensors) {
    tensors.set(name, tensorFromBytes(dtypeCode(dtype), shape, bytes));
  }
  return tensors;
}

function parseHeader(text: string, refuse: (because: string) => never): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch {
    // said below: a header that is no JSON and one that is no object are the same fault to the reader
  }
  return refuse("its header is not a JSON object");
}

function readEntry(name: string, entry: unknown, refuse: (because: string) => never) {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(FORMAT_NAMES, dtype))
    return refuse(`${name} has the unknown type ${String(dtype)}`);
  if (!areCounts(shape)) return refuse(`${name} has no shape`);
  if (!areCounts(offsets) || offsets.length !== 2) return refuse(`${name} has no place in the file`);
  const [start = 0, end = 0] = offsets;
  return { name, dtype: FORMAT_NAMES[dtype as FormatName], shape, start, end };
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
