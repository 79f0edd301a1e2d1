import { existsSync } from "node:fs";
import { open } from "node:fs/promises";

import { checkAgainst, faultWords, runFolder } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  scope,
  type Module,
  type Tensor,
} from "@multirnet/engine";
import { z } from "zod";

import { LearningError } from "../errors.js";
import type { Optimiser } from "../optimisers/optimiser.js";
import type { WeightAverage } from "../optimisers/weight-average.js";

const best = z.strictObject({ epoch: z.int().min(0), score: z.number() });

/** Where a training stands, apart from its tensors. */
const positionSchema = z.strictObject({
  epoch: z.int().min(0).describe("that is being trained"),
  step: z.int().min(0).describe("of the epoch that comes next"),
  steps: z.int().min(0).describe("that the optimiser has made"),
  logLines: z.int().min(0),
  lossSum: z.number().describe("of this epoch's steps so far"),
  best: best.optional(),
  plateau: z
    .strictObject({
      factor: z.number().describe("that is left of the learning rate"),
      since: z.int().describe("epoch that it has stood so"),
    })
    .optional(),
  done: z.boolean().describe("whether the training has come to its end"),
});
export type Position = z.infer<typeof positionSchema>;

export const START: Position = { epoch: 0, step: 0, steps: 0, logLines: 0, lossSum: 0, done: false };

/** What a training changes as it goes. */
export interface Learner {
  readonly network: Module;
  readonly optimiser: Optimiser;
  readonly average: WeightAverage | undefined;
}

/** All that resuming needs, as one safetensors file: weights, optimiser, average, and the position as text, its keys always in the schema's order. */
export function encodeState({ network, optimiser, average }: Learner, position: Position): Uint8Array {
  const tensors = new Map([
    ...prefixed("weights.", network.state()),
    ...optimiser.state(),
    ...(average?.state() ?? []),
  ]);
  return encodeSafetensors(tensors, { position: JSON.stringify(positionSchema.parse(position)) });
}

/**
 * The weights of a state that predict, as the bytes of `last.safetensors`: where there is an average of a weight, that.
 *
 * @throws LearningError TRAINING_STATE
 */
export function weightsOfState(state: Uint8Array, path: string): Uint8Array {
  return scope(() => {
    const { tensors } = decoded(state, path);
    const averages = withPrefix("average.", tensors);
    const weights = withPrefix("weights.", tensors);
    return encodeSafetensors(new Map(Array.from(weights, ([name, tensor]) => [name, averages.get(name) ?? tensor])));
  });
}

/** Fills what a training changes from a state. @throws LearningError TRAINING_STATE */
export function loadState(state: Uint8Array, path: string, { network, optimiser, average }: Learner): Position {
  return scope(() => {
    const { tensors, position } = decoded(state, path);
    try {
      network.loadState(withPrefix("weights.", tensors));
      optimiser.loadState(tensors, position.steps);
      average?.loadState(tensors);
    } catch (error) {
      throw new LearningError({ code: "TRAINING_STATE", path, because: messageOf(error) }, { cause: error });
    }
    return position;
  });
}

/**
 * Where a run stands; of its state, which may be large, only the header is read.
 *
 * @returns undefined where it has no state, as a bundle
 * @throws LearningError TRAINING_STATE
 */
export async function positionOfRun(path: string): Promise<Position | undefined> {
  const { lastState } = runFolder(path);
  if (!existsSync(lastState)) return undefined;
  try {
    const { __metadata__: metadata } = await headerOf(lastState);
    return positionOf(metadata?.["position"], lastState);
  } catch (error) {
    if (error instanceof LearningError) throw error;
    throw new LearningError({ code: "TRAINING_STATE", path: lastState, because: messageOf(error) }, { cause: error });
  }
}

/** A safetensors file's header, which follows its length in 64 bits. */
async function headerOf(path: string): Promise<{ readonly __metadata__?: Readonly<Record<string, string>> }> {
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const { size } = await file.stat(); // a damaged length may be any
    const header = Buffer.alloc(Math.min(Number(length.readBigUInt64LE()), size));
    await file.read(header, 0, header.length, 8);
    return JSON.parse(header.toString()) as { readonly __metadata__?: Readonly<Record<string, string>> };
  } finally {
    await file.close();
  }
}

function decoded(
  state: Uint8Array,
  path: string,
): { readonly tensors: Map<string, Tensor>; readonly position: Position } {
  try {
    const { metadata } = readSafetensors(state, path);
    return { tensors: decodeSafetensors(state, path), position: positionOf(metadata["position"], path) };
  } catch (error) {
    if (error instanceof LearningError) throw error;
    throw new LearningError({ code: "TRAINING_STATE", path, because: messageOf(error) }, { cause: error });
  }
}

function positionOf(text: string | undefined, path: string): Position {
  const refuse = (because: string): LearningError => new LearningError({ code: "TRAINING_STATE", path, because });
  if (text === undefined) throw refuse("it holds no position of a training");
  const checked = checkAgainst(positionSchema, JSON.parse(text));
  if (!checked.ok) throw refuse(`its position: ${faultWords(checked.fault)}`);
  return checked.value;
}

function prefixed(prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return Array.from(tensors, ([name, tensor]) => [prefix + name, tensor]);
}

function withPrefix(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    Array.from(tensors).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );
}
