import { firstFew } from "@multirnet/base";
import type { StoredTensor } from "@multirnet/engine";
import { headsOf, optionWords, type ImportedWeights, type NetworkSpec, type Reference } from "@multirnet/networks";

import { countedText, countText } from "./count-text.js";

/** What `weights import` did. */
export interface Imported {
  readonly file: string;
  readonly given: ReadonlyMap<string, StoredTensor>; // what the file holds
  readonly reference: Reference;
  readonly spec: NetworkSpec;
  readonly config: string | undefined; // the file that its options came from; from the reference unless given
  readonly background: "first" | undefined;
  readonly found: ImportedWeights;
  readonly out: string;
}

/** An import in words, a line for each thing to know; long lists are counted. */
export function importText({ file, given, reference, spec, config, background, found, out }: Imported): string {
  const { source, covers = [], head } = reference;
  const { tensors, missing, extra, leftOut, unused } = found;
  const { name } = spec;
  const { classes, lesions } = headsOf(spec);
  const isCovered = (path: string): boolean => covers.length === 0 || covers.includes(firstPart(path));
  const isLeftOut = (path: string): boolean => leftOut.length > 0 && head?.tensors.test(path) === true;
  const lacking = missing.filter((path) => isCovered(path) && !isLeftOut(path));
  const rest = missing.filter((path) => !isCovered(path));
  const unknown = extra.filter((path) => !leftOut.includes(path));
  const places = tensors + missing.length;

  const lines = [
    `${out}: ${name} with ${optionText(reference, config)}`,
    `from ${source}: ${countText(tensors)} of the ${countedText(given.size, "tensor")} of ${file}`,
    `they fill ${tensors === places ? "all" : `${countText(tensors)} of`} ${countText(places)} tensors of ${name}`,
  ];
  if (background !== undefined) lines.push(backgroundText(lesions.length));
  if (leftOut.length > 0) {
    const [theirs = 0] = given.get(leftOut[0] ?? "")?.shape ?? [];
    const ours = `${name} has ${String(classes.length)}`;
    lines.push(`left out, a classifier of ${String(theirs)} classes where ${ours}: ${leftOut.join(", ")}`);
  }
  if (lacking.length > 0) lines.push(`missing, left as they began: ${firstFew(lacking)}`);
  if (rest.length > 0) {
    const parts = [...new Set(rest.map(firstPart))].join(", ");
    lines.push(`not of this reference, left as they began: ${countedText(rest.length, "tensor")} of ${parts}`);
  }
  if (unknown.length > 0) lines.push(`extra, not taken: ${firstFew(unknown)}`);
  const [needless] = unused;
  if (needless !== undefined) lines.push(`not needed: ${countedText(unused.length, "tensor")}, such as ${needless}`);
  if (covers.length === 1)
    lines.push(`a training begins with it by initialWeights: { file: ${out}, part: ${covers.join()} }`);
  return lines.join("\n  ");
}

function optionText(reference: Reference, config: string | undefined): string {
  if (config !== undefined) return `the options of ${config}`;
  const same = reference.options === undefined ? "" : ", which forward and train need too";
  return optionWords(reference) + same;
}

function backgroundText(types: number): string {
  return types === 1
    ? "the softmax over background and lesion is now a sigmoid of the lesion: the same outline"
    : `the softmax over background and ${String(types)} lesion types is now a sigmoid of each, held against the background alone, as types may overlap`;
}

function firstPart(path: string): string {
  return path.split(".")[0] ?? "";
}
