import { DatasetError } from "./dataset-error.js";

/** What `dataset.json` says that is read here. */
export interface Description {
  readonly name: string | undefined;
  /** Mask value of each label, without the background (0). */
  readonly labels: Readonly<Record<string, number>>;
  /** How image and mask files end, with the dot. */
  readonly fileEnding: string;
}

/**
 * Reads nnU-Net's `dataset.json`: its second version (`labels` by name, `channel_names`, `file_ending`) and its first (`labels` by
 * value, `modality`, `.nii.gz` always).
 *
 * @param path names the file in messages
 * @throws DatasetError DATASET_JSON_BROKEN, DATASET_JSON_KEY, DATASET_CHANNELS
 */
export function parseDescription(text: string, path: string): Description {
  const json = parseObject(text, path);
  const name = json["name"];
  if (name !== undefined && typeof name !== "string") throw wrongKey(path, "name", "a text", name);
  const channels = json["channel_names"] ?? json["modality"] ?? { 0: "CT" };
  if (!isRecord(channels)) throw wrongKey(path, "channel_names", 'an object such as {"0": "CT"}', channels);
  const channelNames = Object.values(channels).map(String);
  if (channelNames.length !== 1) throw new DatasetError({ code: "DATASET_CHANNELS", path, channels: channelNames });
  return { name, labels: parseLabels(json["labels"], path), fileEnding: parseEnding(json["file_ending"], path) };
}

/** Writes a `dataset.json` that nnU-Net reads too. */
export function formatDescription(
  { name, labels, fileEnding }: Description,
  counts: { readonly training: number },
): string {
  const json = {
    ...(name === undefined ? {} : { name }),
    channel_names: { "0": "CT" },
    labels: { background: 0, ...labels },
    numTraining: counts.training,
    file_ending: fileEnding,
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DatasetError({ code: "DATASET_JSON_BROKEN", path, because: shortly(text) }, { cause: error });
  }
  if (!isRecord(json)) throw new DatasetError({ code: "DATASET_JSON_BROKEN", path, because: shortly(text) });
  return json;
}

/** JSON.parse words its errors differently from one Node to the next, so the text itself is shown. */
function shortly(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  if (line === "") return "it is empty";
  return `it begins with ${line.length > 40 ? `${line.slice(0, 40)}…` : line}`;
}

function parseLabels(labels: unknown, path: string): Record<string, number> {
  const expected = 'an object from names to whole numbers, such as {"background": 0, "lesion": 1}';
  if (!isRecord(labels)) throw wrongKey(path, "labels", expected, labels);
  const entries = Object.entries(labels);
  const byValue = entries.length > 0 && entries.every(([key, value]) => /^\d+$/.test(key) && typeof value === "string");
  const named = byValue ? entries.map(([key, value]): [string, unknown] => [String(value), Number(key)]) : entries;
  const result: Record<string, number> = {};
  for (const [name, value] of named) {
    const key = `labels.${name}`;
    if (Array.isArray(value)) {
      throw wrongKey(path, key, "one whole number; region-based labels are not read", value);
    }
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 255) {
      throw wrongKey(path, key, "a whole number from 0 to 255", value);
    }
    if (name === "ignore") throw wrongKey(path, key, "left out; an ignore label is not read", value);
    if ((name === "background") !== (value === 0)) {
      throw wrongKey(path, key, name === "background" ? "0" : "above 0, which is the background", value);
    }
    const other = Object.entries(result).find(([, taken]) => taken === value);
    if (other !== undefined) throw wrongKey(path, key, `another number than labels.${other[0]}`, value);
    if (value !== 0) result[name] = value;
  }
  return result;
}

function parseEnding(ending: unknown, path: string): string {
  if (ending === undefined) return ".nii.gz";
  if (typeof ending === "string" && /^(\.[A-Za-z0-9]+)+$/.test(ending)) return ending;
  throw wrongKey(path, "file_ending", "an ending with its dot, such as .nii.gz", ending);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongKey(path: string, key: string, expected: string, got: unknown): DatasetError {
  const words = got === undefined ? "nothing" : JSON.stringify(got);
  return new DatasetError({ code: "DATASET_JSON_KEY", path, key, expected, got: words });
}
