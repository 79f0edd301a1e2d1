/**
 * Our side of `benchmarks/networks.ts`: one JSON line of settings comes in, then one word a line, and each is answered with one JSON line.
 */
import { readFileSync, writeFileSync } from "node:fs";

import { readForeignWeights } from "@multirnet/artifacts";
import { RandomSource } from "@multirnet/base";
import {
  aboutEngine,
  decodeSafetensors,
  encodeSafetensors,
  gradients,
  keep,
  scope,
  setThreads,
  tensorOfBytes,
  threads,
  withoutGradients,
  type Tensor,
} from "@multirnet/engine";
import {
  compiled,
  importWeights,
  namedHeads,
  networkEntry,
  resolveNetwork,
  undrawnNetwork,
  type Network,
  type Prediction,
  type Reference,
} from "@multirnet/networks";

import { answer, forgetPeak, residentKb, say, settingsLine } from "./worker.ts";

export interface NetworkSettings {
  readonly threads: number;
  readonly work: string; // forward or step
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly reference: string | null; // the first unless given; `ours` where the names are
  readonly referenceOf: string | null; // the network that the reference stands by, where it is another
  readonly weights: string; // state dict, as PyTorch saved it
  readonly input: string; // safetensors file with the tensor input, of the forward pass
  readonly batch: string; // of the training step
}

/** PyTorch's names of a norm's state are its own even where all other names are ours. */
const OURS: Reference = {
  name: "ours",
  source: "scripts/golden/written.py",
  rules: [
    [/running_mean$/, "runningMean"],
    [/running_var$/, "runningVar"],
  ],
  ignored: [/num_batches_tracked$/],
};

const settings = (await settingsLine()) as NetworkSettings;
setThreads(settings.threads);
const network = compiled(undrawnNetwork(resolveNetwork({ name: settings.name, ...settings.options })));
await load(network);
const [input, batch] = [settings.input, settings.batch].map((path) =>
  scope(() => keep(decodeSafetensors(readFileSync(path), path).get("input") as Tensor)),
) as [Tensor, Tensor];

await forgetPeak();
say({ version: aboutEngine().version, threads: threads(), residentKb: residentKb("VmRSS") });
await answer({
  check: (path) => {
    scope(() => {
      writeFileSync(path, encodeSafetensors(namedHeads(forward())));
    });
  },
  run: () => {
    scope(() => {
      if (settings.work === "step") step();
      else forward();
    });
  },
});

function forward(): Prediction {
  return withoutGradients(() => network.forward(input, { mode: "eval", random: new RandomSource(0) }));
}

function step(): void {
  const heads = namedHeads(network.forward(batch, { mode: "train", random: new RandomSource(0) }));
  const loss = [...heads.values()]
    .map((head) => head.mul(head).mean(undefined))
    .reduce((sum: Tensor, one) => sum.add(one));
  gradients(loss, [...network.parameters().values()]);
}

async function load(into: Network): Promise<void> {
  const { references } = networkEntry(settings.referenceOf ?? settings.name);
  const wanted = settings.reference ?? references[0]?.name;
  const reference = [...references, OURS].find(({ name }) => name === wanted);
  const raw = await readForeignWeights(readFileSync(settings.weights), settings.weights);
  if (reference === undefined || raw === undefined) throw new Error(`${settings.name}: no weights to take over`);
  scope(() => {
    const tensors = Array.from(raw, ([name, { dtype, shape, bytes }]): [string, Tensor] => [
      name,
      tensorOfBytes(dtype, shape, bytes),
    ]);
    importWeights(into, reference, new Map(tensors));
  });
}
