import { readFile } from "node:fs/promises";

import { isNotGiven, messageOf, RandomSource, type NotGiven } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import {
  chromeTrace,
  decodeSafetensors,
  encodeSafetensors,
  profiled,
  scope,
  withoutGradients,
  type Tensor,
} from "@multirnet/engine";
import { loadWeights, namedHeads, undrawnNetwork } from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { networkFrom } from "../network-file.js";
import { profileText } from "../profile-text.js";
import { textTable } from "../text-table.js";
import { UsageError } from "../usage-error.js";

export const forward = command({
  name: "forward",
  summary: "One forward pass in evaluation mode; all heads, as logits, into a safetensors file.",
  args: [],
  options: {
    network: { value: "n", says: "its name, as `networks` lists it" },
    config: { value: "f", says: "YAML of its options, or a training config" },
    weights: { value: "w", says: "safetensors file of its weights" },
    input: { value: "x", says: "safetensors file with the tensor `input`" },
    output: { value: "y", says: "safetensors file to write" },
    profile: { says: "print time, calls, bytes and GFLOP/s by operator and by module to standard error" },
    trace: { value: "file", says: "write the profile as a Chrome trace (chrome://tracing, Perfetto)" },
  },
  input: z.strictObject({
    network: z.string(),
    config: z.string().optional(),
    weights: z.string(),
    input: z.string(),
    output: z.string(),
    profile: z.boolean().default(false),
    trace: z.string().optional(),
  }),
  async run({ network: name, config, weights, input, output, profile: wantsProfile, trace }, io) {
    const network = undrawnNetwork(await networkFrom(name, config));
    loadWeights(network, await bytesOf(weights), weights);
    const file = await bytesOf(input);
    const { bytes, outputs, profile } = scope(() => {
      const x = decodeSafetensors(file, input).get("input");
      if (x === undefined) throw new UsageError(`${input}: expected a tensor named input`);
      const pass = { mode: "eval", random: new RandomSource("no draws in evaluation") } as const;
      const forward = (): Map<string, Tensor> => namedHeads(withoutGradients(() => network.forward(x, pass)));
      const looked = wantsProfile || trace !== undefined ? profiled(forward) : undefined;
      const result = looked?.result ?? forward();
      return { bytes: encodeSafetensors(result), outputs: summaries(result), profile: looked?.profile };
    });
    network.release();
    await writeFileAtomically(output, [bytes]);
    if (profile !== undefined && wantsProfile) io.log(profileText(profile));
    if (profile !== undefined && trace !== undefined) await writeFileAtomically(trace, [chromeTrace(profile)]);
    const lines = Object.entries(outputs).map(([head, { shape, min, max, mean }]) => [
      head,
      shape.join("×"),
      ...[min, max, mean].map((value) => (isNotGiven(value) ? value.undefined : value.toPrecision(6))),
    ]);
    return { json: { outputs }, text: textTable([["head", "shape", "min", "max", "mean"], ...lines]) };
  },
});

interface Summary {
  readonly shape: readonly number[];
  readonly min: number | NotGiven;
  readonly max: number | NotGiven;
  readonly mean: number | NotGiven;
}

function summaries(heads: ReadonlyMap<string, Tensor>): Record<string, Summary> {
  return Object.fromEntries(
    Array.from(heads, ([name, tensor]): [string, Summary] => {
      const values = tensor.toNumbers();
      let [min, max, sum] = [Infinity, -Infinity, 0];
      for (const value of values) {
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
      }
      const finite = (value: number): number | NotGiven =>
        Number.isFinite(sum) ? value : { undefined: "it holds values that are no finite numbers" };
      return [name, { shape: tensor.shape, min: finite(min), max: finite(max), mean: finite(sum / values.length) }];
    }),
  );
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
