import { RandomSource } from "@multirnet/base";
import { flopOf, record, scope, withoutGradients, zeros, type CallRecord } from "@multirnet/engine";

import { inputOf } from "./network-facts.js";
import { networkEntry, undrawnNetwork, type NetworkSpec } from "./registry.js";

/** A layer, as the forward pass came to it: an operator that has weights, or that multiplies matrices without any. */
export interface LayerRow {
  readonly path: string; // of its weights without their last name; of a layer without weights, the part of the network
  readonly op: string; // conv3d
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly parameters: number; // that are met here for the first time: a layer that is run twice learns once
  readonly multiplyAdds: number; // of convolutions and matrix products; 0 for norms, activations and sums
}

/**
 * What a network does with one input, layer by layer.
 *
 * @param given C×D×H×W, or C×H×W for slices; the registry's unless given, or the only one that the network takes
 * @throws NetworkError NETWORK_INPUT for a size that the network does not take
 */
export function layerTable(spec: NetworkSpec, given?: readonly number[]): LayerRow[] {
  const { stack } = networkEntry(spec.name);
  const network = undrawnNetwork(spec);
  try {
    const size = given ?? inputOf(spec, network);
    const weights = new Map(Array.from(network.state(), ([path, { id }]) => [id, path]));
    const unseen = new Map(Array.from(network.parameters(), ([path, { elements }]) => [path, elements]));
    const shape = stack === true ? [1, 1, ...size] : [1, ...size];
    const { calls } = scope(() =>
      record(() =>
        withoutGradients(() => {
          network.forward(zeros(shape), { mode: "eval", random: new RandomSource("no draws in evaluation") });
        }),
      ),
    );
    return calls.flatMap((call) => layerOf(call, weights, unseen) ?? []);
  } finally {
    network.release();
  }
}

/** @param weights grows by what is made of weights alone, such as a standardised kernel @param unseen shrinks by the weights that are met */
function layerOf(call: CallRecord, weights: Map<number, string>, unseen: Map<string, number>): LayerRow | undefined {
  const paths = call.inputs.flatMap(({ id }) => weights.get(id) ?? []);
  const [first] = paths;
  if (first !== undefined && paths.length === call.inputs.length) {
    for (const { id } of call.outputs) weights.set(id, first);
    return undefined;
  }
  const [input] = call.inputs.filter(({ id }) => !weights.has(id));
  const [output] = call.outputs;
  const multiplies = PRODUCTS.has(call.op);
  if (input === undefined || output === undefined || (first === undefined && !multiplies)) return undefined;
  let parameters = 0;
  for (const path of paths) {
    parameters += unseen.get(path) ?? 0;
    unseen.delete(path);
  }
  return {
    path: first === undefined ? call.module : withoutLast(first),
    op: /^aten::(\w+)/.exec(call.op)?.[1] ?? call.op,
    input: input.shape,
    output: output.shape,
    parameters,
    multiplyAdds: multiplies ? flopOf(call) / 2 : 0,
  };
}

const PRODUCTS = new Set([
  "aten::conv2d",
  "aten::conv3d",
  "aten::conv_transpose2d.input",
  "aten::conv_transpose3d.input",
  "aten::linear",
  "aten::matmul",
]);

function withoutLast(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}
