import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { CARD_FILE, WEIGHTS_FILE } from "./bundle.js";
import { digestOf } from "./digest.js";
import { ArtifactError } from "./errors.js";
import { isAbsence, unreadable } from "./file-error.js";
import { parseModelCard, readModelCard, type ModelCard } from "./model-card.js";
import { runFolder } from "./run-folder.js";
import { looksLikeZip, zipEntries, type ZipEntry } from "./zip.js";

/** A trained network as it lies on disk: what it is, and its weights, not yet read. */
export interface Model {
  readonly kind: "run" | "bundle" | "zip";
  readonly path: string;
  readonly card: ModelCard;
  readonly weightsFile: string; // where the weights were found, relative to `path`
  readonly weights: Uint8Array; // the bytes of a safetensors file
  readonly digest: string; // SHA-256 of them
}

export interface OpenOptions {
  /** Which weights of a run: the best by validation, or the last. Without it the best, and the last where none were best. */
  readonly checkpoint?: "best" | "last";
}

/**
 * Opens a run folder, a bundle folder or a zip of a bundle (its files at the top or in one folder).
 *
 * @throws ArtifactError MODEL_ABSENT, MODEL_UNKNOWN_KIND, MODEL_WITHOUT_CARD, MODEL_WITHOUT_WEIGHTS, CARD_NOT_JSON,
 * CARD_INVALID, ZIP_DAMAGED, ZIP_UNSAFE_NAME, ZIP_AMBIGUOUS, ARTIFACT_UNREADABLE
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<Model> {
  const kind = await kindAt(path);
  switch (kind) {
    case "run":
      return openRun(path, options);
    case "bundle":
      return openBundle(path);
    case "zip":
      return openZip(path);
  }
}

async function kindAt(path: string): Promise<Model["kind"]> {
  const found = await typeAt(path);
  if (found === undefined) throw new ArtifactError({ code: "MODEL_ABSENT", path });
  if (found === "other")
    throw new ArtifactError({ code: "MODEL_UNKNOWN_KIND", path, came: "a pipe, socket or device" });
  if (found === "file") {
    const start = await firstBytes(path);
    if (looksLikeZip(start)) return "zip";
    throw new ArtifactError({
      code: "MODEL_UNKNOWN_KIND",
      path,
      came: start.length === 0 ? "an empty file" : "another file",
    });
  }
  if ((await typeAt(join(path, WEIGHTS_FILE))) === "file") return "bundle";
  if ((await typeAt(runFolder(path).checkpoints)) === "folder") return "run";
  // A card alone is a bundle that has lost its weights, or a run that was stopped before its first checkpoint.
  if ((await typeAt(join(path, CARD_FILE))) === "file") {
    throw new ArtifactError({ code: "MODEL_WITHOUT_WEIGHTS", path, expected: [WEIGHTS_FILE] });
  }
  throw new ArtifactError({ code: "MODEL_UNKNOWN_KIND", path, came: "a folder with none of these" });
}

async function openRun(path: string, { checkpoint }: OpenOptions): Promise<Model> {
  const card = await cardIn(path, "run");
  const names = checkpoint === undefined ? ["best", "last"] : [checkpoint];
  const files = names.map((name) => `checkpoints/${name}.safetensors`);
  for (const weightsFile of files) {
    if ((await typeAt(join(path, weightsFile))) === "file") return modelFrom({ kind: "run", path, card, weightsFile });
  }
  throw new ArtifactError({ code: "MODEL_WITHOUT_WEIGHTS", path, expected: files });
}

async function openBundle(path: string): Promise<Model> {
  return modelFrom({ kind: "bundle", path, card: await cardIn(path, "bundle"), weightsFile: WEIGHTS_FILE });
}

async function openZip(path: string): Promise<Model> {
  const entries = await zipEntries(await bytesOf(path), path);
  const cards = entries.filter(({ name }) => baseName(name) === CARD_FILE);
  if (cards.length > 1)
    throw new ArtifactError({ code: "ZIP_AMBIGUOUS", path, entries: cards.map(({ name }) => name) });
  const [cardEntry] = cards;
  if (cardEntry === undefined) throw new ArtifactError({ code: "MODEL_WITHOUT_CARD", path, kind: "zip" });
  const weightsFile = cardEntry.name.slice(0, -CARD_FILE.length) + WEIGHTS_FILE;
  const weightsEntries: readonly ZipEntry[] = entries.filter(({ name }) => name === weightsFile);
  if (weightsEntries.length > 1) {
    throw new ArtifactError({ code: "ZIP_AMBIGUOUS", path, entries: weightsEntries.map(({ name }) => name) });
  }
  const [weightsEntry] = weightsEntries;
  if (weightsEntry === undefined)
    throw new ArtifactError({ code: "MODEL_WITHOUT_WEIGHTS", path, expected: [weightsFile] });
  const card = parseModelCard(new TextDecoder().decode(await cardEntry.read()), `${path}:${cardEntry.name}`);
  const weights = await weightsEntry.read();
  return { kind: "zip", path, card, weightsFile, weights, digest: digestOf(weights) };
}

async function modelFrom(found: Pick<Model, "kind" | "path" | "card" | "weightsFile">): Promise<Model> {
  const weights = await bytesOf(join(found.path, found.weightsFile));
  return { ...found, weights, digest: digestOf(weights) };
}

async function cardIn(path: string, kind: "run" | "bundle"): Promise<ModelCard> {
  const file = join(path, CARD_FILE);
  if ((await typeAt(file)) !== "file") throw new ArtifactError({ code: "MODEL_WITHOUT_CARD", path, kind });
  return readModelCard(file);
}

async function typeAt(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? "folder" : found.isFile() ? "file" : "other"; // to open a pipe would wait for ever
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw unreadable(path, error);
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
