import { readFile } from "node:fs/promises";

import { isNotGiven, messageOf, RandomSource, type NotGiven } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import {
  decodeSafetensors,
  encodeSafetensors,
  profile,
  record,
  scope,
  withoutGradients,
  type ProfileRow,
  type Tensor,
} from "@multirnet/engine";
import { loadWeights, namedHeads, undrawnNetwork } from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { networkFrom } from "../network-file.js";
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
    profile: { says: "print each operator's calls, FLOP and time to standard error" },
  },
  input: z.strictObject({
    network: z.string(),
    config: z.string().optional(),
    weights: z.string(),
    input: z.string(),
    output: z.string(),
    profile: z.boolean().default(false),
  }),
  async run({ network: name, config, weights, input, output, profile: wantsProfile }, io) {
    const network = undrawnNetwork(await networkFrom(name, config));
    loadWeights(network, await bytesOf(weights), weights);
    const file = await bytesOf(input);
    const { bytes, outputs, rows } = scope(() => {
      const x = decodeSafetensors(file, input).get("input");
      if (x === undefined) throw new UsageError(`${input}: expected a tensor named input`);
      const pass = { mode: "eval", random: new RandomSource("no draws in evaluation") } as const;
      const { result, calls } = record(() => namedHeads(withoutGradients(() => network.forward(x, pass))));
      return { bytes: encodeSafetensors(result), outputs: summaries(result), rows: profile(calls) };
    });
    network.release();
    await writeFileAtomically(output, [bytes]);
    if (wantsProfile) io.log(profileText(rows));
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

function profileText(rows: readonly ProfileRow[]): string {
  const total = (of: (row: ProfileRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const line = (row: Pick<ProfileRow, "calls" | "flop" | "milliseconds">): string[] => [
    String(row.calls),
    (row.flop / 1e9).toFixed(3),
    row.milliseconds.toFixed(2),
    row.milliseconds === 0 ? "" : (row.flop / row.milliseconds / 1e6).toFixed(1),
  ];
  const all = {
    calls: total((row) => row.calls),
    flop: total((row) => row.flop),
    milliseconds: total((row) => row.milliseconds),
  };
  return textTable([
    ["module", "operator", "inputs", "calls", "GFLOP", "ms", "GFLOP/s"],
    ...rows.map((row) => [row.module, row.op, row.shapes, ...line(row)]),
    ["all", "", "", ...line(all)],
  ]);
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
