import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import {
  fileErrorOf,
  isTemporary,
  namesIn,
  sweepTemporaries,
  temporaryFor,
  writeFileAtomically,
} from "@multirnet/base/node";

import { ArtifactError } from "./errors.js";
import { jsonText, yamlText } from "./json-file.js";
import { checkedCard, type ModelCard } from "./model-card.js";

export const CARD_FILE = "model.json";
export const WEIGHTS_FILE = "model.safetensors";

/** All that a bundle folder may hold; a folder with anything else is somebody's own, and is left alone. */
const BUNDLE_FILES: readonly string[] = [CARD_FILE, WEIGHTS_FILE, "model.onnx", "README.md", "config.yaml", "LICENSE"];

/** A model to hand on: what `model.json`, `model.safetensors`, `README.md`, `config.yaml` and `LICENSE` will hold. */
export interface Bundle {
  readonly card: ModelCard;
  readonly weights: Uint8Array; // bytes of a safetensors file
  readonly readme: string; // the card for people, Markdown
  readonly config: Readonly<Record<string, unknown>>; // what made the weights
  readonly licence?: string; // full text, for the weights
}

/**
 * Writes a bundle into `folder`, which is new, empty or holds an older bundle. All files are first written whole into a hidden
 * folder inside it (a full disk shows itself there, and an older bundle stays as it was), then renamed, `model.json` last and
 * the old one taken away first: whoever opens the folder half way is told that it is not finished, and never gets the card of
 * one model with the weights of another.
 *
 * @returns the paths written, by file name
 * @throws ArtifactError BUNDLE_FOLDER_TAKEN, CARD_INVALID, NOT_FINITE
 * @throws FileError FILE_DISK_FULL, FILE_UNWRITABLE
 */
export async function writeBundle(folder: string, bundle: Bundle): Promise<Readonly<Record<string, string>>> {
  const contents = contentsOf(folder, bundle);
  const old = await bundleFilesIn(folder);
  const staging = temporaryFor(join(folder, "bundle"));
  const madeHere = await makeFolder(folder);
  try {
    await sweepTemporaries(folder);
    for (const [name, content] of contents) await writeFileAtomically(join(staging, name), [content]);
    for (const name of commitOrder(old)) await rm(join(folder, name), { recursive: true });
    for (const [name] of contents) await rename(join(staging, name), join(folder, name));
    await rm(staging, { recursive: true });
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    if (madeHere !== undefined) await rm(madeHere, { recursive: true, force: true }).catch(() => undefined);
    throw fileErrorOf(folder, error);
  }
  return Object.fromEntries(contents.map(([name]) => [name, join(folder, name)]));
}

/** The card is last: with it the bundle is there. */
function contentsOf(
  folder: string,
  bundle: Bundle,
): readonly (readonly [name: string, content: Uint8Array | string])[] {
  const path = (name: string): string => join(folder, name);
  return [
    [WEIGHTS_FILE, bundle.weights],
    ["README.md", bundle.readme],
    ["config.yaml", yamlText(bundle.config, path("config.yaml"))],
    ...(bundle.licence === undefined ? [] : [["LICENSE", bundle.licence] as const]),
    [CARD_FILE, `${jsonText(checkedCard(bundle.card, path(CARD_FILE)), path(CARD_FILE), 2)}\n`],
  ];
}

/** The card is first: without it there is no bundle any more. */
function commitOrder(names: readonly string[]): readonly string[] {
  return names.includes(CARD_FILE) ? [CARD_FILE, ...names.filter((name) => name !== CARD_FILE)] : names;
}

async function bundleFilesIn(folder: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = (await namesIn(folder)).filter((name) => !isTemporary(name));
  } catch (error) {
    throw fileErrorOf(folder, error);
  }
  const foreign = names.find((name) => !BUNDLE_FILES.includes(name));
  if (foreign !== undefined) throw new ArtifactError({ code: "BUNDLE_FOLDER_TAKEN", path: folder, holds: foreign });
  return names;
}

/** @returns the topmost folder that had to be made, so that it can be taken away again */
async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileErrorOf(folder, error);
  }
}
