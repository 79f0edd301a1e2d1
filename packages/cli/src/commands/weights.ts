import { readFile } from "node:fs/promises";

import { digestOf, readForeignWeights } from "@multirnet/artifacts";
import { messageOf } from "@multirnet/base";
import { writeFileAtomically } from "@multirnet/base/node";
import {
  describeShape,
  readSafetensors,
  scope,
  tensorOfBytes,
  type SafetensorsFile,
  type StoredTensor,
  type Tensor,
} from "@multirnet/engine";
import {
  createNetwork,
  encodeWeights,
  importWeights,
  networkEntry,
  resolveNetwork,
  undrawnNetwork,
  type ImportedWeights,
  type ImportOptions,
  type Network,
  type NetworkSpec,
  type Reference,
} from "@multirnet/networks";
import { z } from "zod";

import { command } from "../command.js";
import { countedText } from "../count-text.js";
import { importText } from "../import-text.js";
import { networkFrom } from "../network-file.js";
import { textTable } from "../text-table.js";
import { UsageError } from "../usage-error.js";

export const weightsImport = command({
  name: "weights import",
  summary: "Weights of a network's public implementation into ours, by its list of names.",
  args: [{ name: "file", says: "state dict, .pt, .pth or .safetensors, or .npz" }],
  options: {
    network: { value: "n", says: "its name, as `networks` lists it" },
    config: {
      value: "f",
      says: "YAML of its options, or a training config; those that the reference is for unless given",
    },
    reference: { value: "r", says: "which implementation, as `networks` lists them; the first unless given" },
    background: {
      value: "first",
      says: "its outputs are a softmax over background, the first of them, and lesion types: make a sigmoid of each type",
    },
    out: { value: "w", says: "safetensors file to write" },
  },
  input: z.strictObject({
    file: z.string(),
    network: z.string(),
    config: z.string().optional(),
    reference: z.string().optional(),
    background: z.enum(["first"], { error: "expected first, where the background's channel must stand" }).optional(),
    out: z.string(),
  }),
  async run({ file, network: name, config, reference: wanted, background, out }) {
    const reference = referenceOf(name, wanted);
    const spec =
      config === undefined ? resolveNetwork({ name, ...reference.options }) : await networkFrom(name, config);
    const { bytes, tensors: given } = await weightsFile(file);
    const { network, found } = imported(spec, reference, given, { background });
    const origin = { reference: reference.name, source: reference.source, sourceSha256: digestOf(bytes) };
    const metadata = { network: name, options: JSON.stringify(spec.options), ...origin };
    await writeFileAtomically(out, [encodeWeights(network, metadata)]);
    const networkTensors = network.state().size;
    network.release();
    return {
      json: { ...found, fileTensors: given.size, networkTensors, ...origin, options: spec.options },
      text: importText({ file, given, reference, spec, config, background, found, out }),
    };
  },
});

export const weightsShow = command({
  name: "weights show",
  summary: "The tensors of a file of weights.",
  args: [{ name: "file", says: ".safetensors, .pt, .pth or .npz" }],
  options: {},
  input: z.strictObject({ file: z.string() }),
  async run({ file }) {
    const { tensors: stored, metadata } = await weightsFile(file);
    const tensors = Array.from(stored, ([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const numbers = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
    const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, describeShape(shape)]);
    const text = [
      textTable([["tensor", "type", "shape"], ...rows]),
      ...Object.entries(metadata).map(([name, value]) => `${name}: ${value}`),
      `${countedText(tensors.length, "tensor")}, ${countedText(numbers, "number")}`,
    ].join("\n");
    return { json: { tensors, numbers, metadata }, text };
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

/** A network filled with the tensors of a file. Random weights, which take seconds in large ones, are drawn only where the file lacks some. */
function imported(
  spec: NetworkSpec,
  reference: Reference,
  stored: ReadonlyMap<string, StoredTensor>,
  options: ImportOptions,
): { readonly network: Network; readonly found: ImportedWeights } {
  const filled = (network: Network): ImportedWeights =>
    scope(() => {
      const tensors = new Map<string, Tensor>();
      for (const [name, { dtype, shape, bytes }] of stored) tensors.set(name, tensorOfBytes(dtype, shape, bytes));
      return importWeights(network, reference, tensors, options);
    });
  const undrawn = undrawnNetwork(spec);
  const found = filled(undrawn);
  if (found.missing.length === 0) return { network: undrawn, found };
  undrawn.release();
  const network = createNetwork(spec, 0);
  return { network, found: filled(network) };
}

/** What a file of weights holds, ours or another program's, and its bytes. */
async function weightsFile(path: string): Promise<SafetensorsFile & { readonly bytes: Uint8Array }> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const foreign = await readForeignWeights(bytes, path);
  return { bytes, ...(foreign === undefined ? readSafetensors(bytes, path) : { tensors: foreign, metadata: {} }) };
}
