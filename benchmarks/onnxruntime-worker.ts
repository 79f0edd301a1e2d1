/**
 * ONNX Runtime's side of `benchmarks/multirnet.ts`, in evaluation: one JSON line of settings comes in, then one word a line, and each is answered with one
 * JSON line. The package is not the project's: ONNXRUNTIME names the folder that `npm install onnxruntime-node` made.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { encodeSafetensors, readSafetensors, scope, tensorFrom, type StoredTensor } from "@multirnet/engine";

import { answer, forgetPeak, residentKb, say, settingsLine } from "./worker.ts";

interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
interface Ort {
  readonly env: { readonly versions: { readonly common: string } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(path: string, options: object): Promise<{ run(feeds: object): Promise<Record<string, OrtTensor>> }>;
  };
}

const settings = (await settingsLine()) as {
  readonly threads: number;
  readonly tensors: string;
  readonly onnx: string;
};
const ort = createRequire(join(process.env["ONNXRUNTIME"] ?? "", "x.js"))("onnxruntime-node") as Ort;
const session = await ort.InferenceSession.create(settings.onnx, {
  intraOpNumThreads: settings.threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
});
const { tensors } = readSafetensors(readFileSync(settings.tensors), settings.tensors);
const scan = tensors.get("scan") as StoredTensor;
const bytes = Uint8Array.from(scan.bytes); // a Buffer's slice would be of the whole file
const feeds = { scan: new ort.Tensor("float32", new Float32Array(bytes.buffer), scan.shape) };

await forgetPeak();
say({
  version: `onnxruntime ${ort.env.versions.common}`,
  threads: settings.threads,
  residentKb: residentKb("VmRSS"),
  way: "all optimisations",
});
await answer({
  check: async (path: string) => {
    const heads = await session.run(feeds);
    writeFileSync(
      path,
      scope(() =>
        encodeSafetensors(
          new Map(Object.entries(heads).map(([name, { data, dims }]) => [name, tensorFrom(data, dims)])),
        ),
      ),
    );
  },
  run: async () => {
    await session.run(feeds);
  },
});
