/**
 * Our side of `benchmarks/multirnet.ts`, as benchmarks/peer/multirnet.py is the other: one JSON line of settings comes in, then one word a line, and
 * each is answered with one JSON line.
 */
import { readFileSync, writeFileSync } from "node:fs";

import {
  aboutEngine,
  asMask,
  encodeSafetensors,
  gradients,
  keep,
  probabilitiesOf,
  readSafetensors,
  scope,
  setThreads,
  tensorOfBytes,
  threads,
  withoutGradients,
  type Logits,
  type Mask,
  type StoredTensor,
  type Tensor,
} from "@multirnet/engine";
import { Adam } from "@multirnet/learning";
import { compiled, namedHeads, resolveNetwork, undrawnNetwork, type Network } from "@multirnet/networks";
import { RandomSource } from "@multirnet/base";

import { answer, forgetPeak, residentKb, say, settingsLine } from "./worker.ts";

export interface Settings {
  readonly threads: number;
  readonly work: "forward" | "step";
  readonly variant: string; // `plain`: without the fast path
  readonly options: Record<string, unknown>; // of the network, in each side's own words
  readonly tensors: string; // safetensors file: scan, mask, oneHot and weights.*
}

const LEARNING_RATE = 1e-4;

const settings = (await settingsLine()) as Settings;
setThreads(settings.threads);
const made = undrawnNetwork(resolveNetwork({ name: "multirnet", ...settings.options }));
const network = settings.variant === "plain" ? made : compiled(made);
const { scan, mask, oneHot } = loaded(network, settings.tensors);
const parameters = network.parameters();
// The peer's makes its moments at its first step.
const optimiser =
  settings.work === "step" ? new Adam(parameters, { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 }) : undefined;
let steps = 0;

await forgetPeak();
say({ version: aboutEngine().version, threads: threads(), residentKb: residentKb("VmRSS") });
await answer({
  check,
  run: () => {
    if (settings.work === "step") step();
    else forward();
  },
});

function forward(): void {
  scope(() => {
    withoutGradients(() => network.forward(scan, { mode: "eval", random: new RandomSource(0) }));
  });
}

function step(): number {
  return scope(() => {
    const { loss } = trained();
    optimiser?.step(gradients(loss, [...parameters.values()]), LEARNING_RATE);
    return loss.item();
  });
}

/** A forward pass in training and its loss: soft Dice of the outline and cross entropy of the diagnosis. */
function trained(): { readonly heads: Map<string, Logits>; readonly loss: Tensor } {
  return scope(() => {
    const heads = namedHeads(network.forward(scan, { mode: "train", random: new RandomSource(0, "step", steps++) }));
    const p = probabilitiesOf(heads.get("lesion") as Logits);
    const mass = p.sum(undefined).add(mask.sum(undefined)).add(1);
    const dice = p.mul(mask).sum(undefined).mul(2).add(1).div(mass).neg().add(1);
    const likelihood = (heads.get("disease") as Logits).logSoftmax(1).mul(oneHot).sum(undefined);
    return { heads, loss: dice.sub(likelihood.div(oneHot.shape[0] ?? 1)) };
  });
}

/** Writes what both sides must agree on: the heads, and in training the loss and the gradient of every weight. */
function check(path: string): void {
  scope(() => {
    if (settings.work === "forward") {
      const pass = { mode: "eval", random: new RandomSource(0) } as const;
      writeFileSync(path, encodeSafetensors(namedHeads(withoutGradients(() => network.forward(scan, pass)))));
      return;
    }
    const { heads, loss } = trained();
    const found = gradients(loss, [...parameters.values()]) as Tensor[];
    const named = [...parameters.keys()].map((name, index) => [`gradient.${name}`, found[index] as Tensor] as const);
    writeFileSync(path, encodeSafetensors(new Map([...heads, ["loss", loss.reshape([1])], ...named])));
  });
}

function loaded(into: Network, path: string): { readonly scan: Tensor; readonly mask: Mask; readonly oneHot: Mask } {
  return scope(() => {
    const { tensors } = readSafetensors(readFileSync(path), path);
    const weights = [...tensors].filter(([name]) => name.startsWith("weights."));
    into.loadState(new Map(weights.map(([name, stored]) => [name.slice("weights.".length), stored])));
    const kept = (name: string): Tensor => {
      const { dtype, shape, bytes } = tensors.get(name) as StoredTensor;
      return keep(tensorOfBytes(dtype, shape, bytes));
    };
    return { scan: kept("scan"), mask: asMask(kept("mask")), oneHot: asMask(kept("oneHot")) };
  });
}
