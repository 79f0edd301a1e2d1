import { readFile } from "node:fs/promises";

import { readForeignWeights } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import { readSafetensors, scope, tensorOfBytes, type StoredTensor, type Tensor } from "@multirnet/engine";
import { createNetwork, encodeWeights, importWeights, networkEntry, type Reference } from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { networkFrom } from "../network-file.js";
import { textTable } from "../text-table.js";
import { UsageError } from "../usage-error.js";

export const weightsImport = command({
  name: "weights import",
  summary: "Weights of a network's public implementation into ours, by its list of names.",
  args: [{ name: "file", says: "state dict, .pt, .pth or .safetensors, or .npz" }],
  options: {
    network: { value: "n", says: "its name, as `networks` lists it" },
    config: { value: "f", says: "YAML of its options, or a training config" },
    reference: { value: "r", says: "which implementation, where there are several; the first unless given" },
    out: { value: "w", says: "safetensors file to write" },
  },
  input: z.strictObject({
    file: z.string(),
    network: z.string(),
    config: z.string().optional(),
    reference: z.string().optional(),
    out: z.string(),
  }),
  async run({ file, network: name, config, reference: wanted, out }) {
    const reference = referenceOf(name, wanted);
    const network = createNetwork(await networkFrom(name, config), 0);
    const raw = await rawTensors(file);
    const found = scope(() => {
      const tensors = new Map<string, Tensor>();
      for (const [tensor, { dtype, shape, bytes }] of raw) tensors.set(tensor, tensorOfBytes(dtype, shape, bytes));
      return importWeights(network, reference, tensors);
    });
    await writeFileAtomically(out, [encodeWeights(network)]);
    network.release();
    const { tensors, missing, extra } = found;
    const lines = [
      `${out}: ${String(tensors)} tensors of ${reference.source}`,
      ...missing.map((tensor) => `missing, left at its first value: ${tensor}`),
      ...extra.map((tensor) => `extra, not taken: ${tensor}`),
    ];
    return { json: found, text: lines.join("\n") };
  },
});

export const weightsShow = command({
  name: "weights show",
  summary: "The tensors of a file of weights.",
  args: [{ name: "file", says: ".safetensors, .pt, .pth or .npz" }],
  options: {},
  input: z.strictObject({ file: z.string() }),
  async run({ file }) {
    const tensors = Array.from(await rawTensors(file), ([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, shape.join("×")]);
    return { json: { tensors }, text: textTable([["tensor", "type", "shape"], ...rows]) };
  },
});

/** @throws UsageError for a network without a reference, or a reference that there is not */
function referenceOf(name: string, wanted: string | undefined): Reference {
  const { references } = networkEntry(name);
  const known = references.map((reference) => reference.name).join(", ");
  if (references.length === 0) throw new UsageError(`${name} has no public implementation to take weights from`);
  const found = wanted === undefined ? references[0] : references.find((reference) => reference.name === wanted);
  if (found === undefined)
    throw new UsageError(`--reference: expected one of ${known} for ${name}, came ${wanted ?? ""}`);
  return found;
}

async function rawTensors(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  let file: Uint8Array;
  try {
    file = await readFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  return (await readForeignWeights(file, path)) ?? readSafetensors(file, path).tensors;
}
