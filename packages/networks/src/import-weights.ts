import { firstFew } from "@multirnet/base";
import { describeShape, scope, type Tensor } from "@multirnet/engine";

import { NetworkError } from "./errors.js";
import type { Network } from "./network.js";
import { nameHere, optionWords, type Reference, type ReferenceHead } from "./reference.js";

export interface ImportOptions {
  /** The file's head is a softmax over the background, its first channel, and the lesion types: each type's channel becomes how much it stands above it. */
  readonly background?: "first" | undefined;
}

/** What became of the tensors of another implementation. */
export interface ImportedWeights {
  readonly tensors: number; // how many were taken over
  readonly missing: readonly string[]; // tensors of the network that nothing was found for; they stay as they were
  readonly extra: readonly string[]; // tensors of the file that were not taken over, by their names there
  readonly leftOut: readonly string[]; // those of them that are a classifier of another number of classes
  readonly unused: readonly string[]; // tensors of the file that no network needs: counters, and what its implementation never uses
}

/**
 * Fills a network with the tensors of a public implementation, by the rules of its reference. Numbers of other types are converted; what wrappers of
 * modules and checkpoints put before every name is taken away.
 *
 * With `background: "first"` the outline's logit of type k is w_k·x + b_k − (w_0·x + b_0): of one type its sigmoid is the softmax, of several each is
 * held against the background alone, p_k / (p_k + p_0) of the softmax, as types may overlap here.
 *
 * @throws NetworkError NETWORK_WEIGHTS where a tensor has another shape, or none has a place; nothing is changed then
 */
export function importWeights(
  network: Network,
  reference: Reference,
  tensors: ReadonlyMap<string, Tensor>,
  { background }: ImportOptions = {},
): ImportedWeights {
  const { head } = reference;
  const refused = (because: string): NetworkError =>
    new NetworkError({ code: "NETWORK_WEIGHTS", reference: reference.name, because });
  if (background !== undefined && head?.outputs !== "softmax")
    throw refused(`background ${background}: ${NO_BACKGROUND[head?.outputs ?? "none"]}`);

  const state = network.state();
  const bare = bareNames([...tensors.keys()], (name) => state.has(nameHere(reference, name) ?? ""));
  const found = new Map<string, Tensor>();
  const [extra, leftOut, unused]: [string[], string[], string[]] = [[], [], []];
  const misfits: Misfit[] = [];
  scope(() => {
    for (const [name, tensor] of tensors) {
      const ours = nameHere(reference, bare(name));
      const place = ours === undefined ? undefined : state.get(ours);
      if (ours === undefined) unused.push(name);
      else if (place === undefined) extra.push(name);
      else {
        const laid = reference.laidOut === undefined ? tensor : reference.laidOut(tensor, place.shape, ours);
        const isHead = head?.tensors.test(ours) === true;
        const [outputs = 0, ...inputs] = place.shape;
        const takesOff = isHead && background !== undefined;
        if (laid !== undefined && same(laid.shape, takesOff ? [outputs + 1, ...inputs] : place.shape))
          found.set(ours, takesOff ? aboveBackground(laid) : laid);
        else {
          const there = laid ?? tensor;
          const byOutputs = isHead && (head.outputs === "background" || same(there.shape.slice(1), inputs));
          if (byOutputs && head.outputs === "classes") leftOut.push(name);
          else misfits.push({ name, there: there.shape, ours, here: place.shape, byOutputs });
        }
      }
    }
    if (misfits.length > 0) throw refused(misfitWords(misfits, reference, background));
    if (found.size === 0)
      throw refused(`none of its ${String(tensors.size)} tensors is called as in ${reference.source}`);
    if (background !== undefined && ![...found.keys()].some((name) => head?.tensors.test(name)))
      throw refused(`background ${background}: there is no head among its tensors`);
    network.loadState(new Map([...state].map(([name, tensor]) => [name, found.get(name) ?? tensor])));
  });
  const missing = [...state.keys()].filter((name) => !found.has(name));
  return { tensors: found.size, missing, extra: [...extra, ...leftOut], leftOut, unused };
}

/** What may stand before every name: parts of checkpoints that were written flat, fields of training frameworks, and compiled modules. */
const WRAPPERS = ["", "state_dict.", "model_state_dict.", "model.", "net.", "network.", "_orig_mod."] as const;

/** @returns names without the first wrapper that makes one of them known, and without DataParallel's `module.` */
function bareNames(names: readonly string[], isKnown: (name: string) => boolean): (name: string) => string {
  const without = (wrapper: string, name: string): string =>
    (name.startsWith(wrapper) ? name.slice(wrapper.length) : name).replace(/^module\./, "");
  const found = WRAPPERS.find((wrapper) => names.some((name) => isKnown(without(wrapper, name))));
  return (name) => without(found ?? "", name);
}

/** The logits of a softmax whose first channel is the background, as so many sigmoids: each channel less the first. */
function aboveBackground(tensor: Tensor): Tensor {
  const exact = tensor.toDtype("float64");
  return exact.narrow(0, 1, (tensor.shape[0] ?? 0) - 1).sub(exact.narrow(0, 0, 1));
}

const NO_BACKGROUND: Readonly<Record<Exclude<ReferenceHead["outputs"], "softmax"> | "none", string>> = {
  classes: "its head gives classes, and no outline",
  lesions: "its head has no channel for the background, but one for each lesion type, as this network's",
  background: "this network has a channel for the background too, and takes the head as it is",
  none: "it has no head",
};

/** A tensor that cannot go where it belongs. */
interface Misfit {
  readonly name: string;
  readonly there: readonly number[];
  readonly ours: string;
  readonly here: readonly number[];
  readonly byOutputs: boolean; // of the last layer, and no other than in the number of its outputs
}

function misfitWords(
  misfits: readonly Misfit[],
  reference: Reference,
  background: ImportOptions["background"],
): string {
  const [first] = misfits;
  if (first !== undefined && misfits.every(({ byOutputs }) => byOutputs))
    return headWords(first.there[0] ?? 0, first.here[0] ?? 0, reference.head?.outputs, background);
  const each = misfits.map(
    ({ name, there, ours, here }) => `${name} is ${describeShape(there)} there, ${ours} is ${describeShape(here)} here`,
  );
  return `tensors of another shape: ${firstFew(each, "; ")}; they are for ${optionWords(reference)}`;
}

/** What to give so that a head with another number of channels fits. */
function headWords(
  there: number,
  here: number,
  outputs: ReferenceHead["outputs"] | undefined,
  background: ImportOptions["background"],
): string {
  const has = `its head has ${counted(there, "channel")}`;
  if (outputs === "background" || background !== undefined) {
    const types = outputs === "background" ? here - 1 : here;
    return there < 2
      ? `${has}, so that none is the background's`
      : `${has}, for the background and ${counted(there - 1, "lesion type")}, and this network is for ${String(types)}: ` +
          `give \`lesions\` ${counted(there - 1, "name")}`;
  }
  const asTheyAre = `${has}, this network's ${String(here)}: give \`lesions\` ${counted(there, "name")}`;
  return outputs === "softmax" && there > 1
    ? `${asTheyAre}, or ${String(there - 1)} with background first where the first channel is the background's`
    : asTheyAre;
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}
