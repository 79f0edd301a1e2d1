import { decodeSafetensors, encodeSafetensors, readSafetensors, scope, zeros, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import type { Network } from "./network.js";
import { createNetwork, resolveNetwork } from "./registry.js";
import { thrownBy } from "./testing/thrown.js";
import { encodeWeights, loadWeights } from "./weights.js";

const made = (options: Record<string, unknown> = {}, name = "multirnet"): Network =>
  createNetwork(resolveNetwork({ name, preset: "tiny", ...options }), 0);

/** The file of a network for diagnosis, with something done to its tensors. */
function fileWith(change: (tensors: Map<string, Tensor>) => void): Uint8Array {
  return scope(() => {
    const tensors = new Map(made({ task: "diagnosis" }).state());
    change(tensors);
    return encodeSafetensors(tensors);
  });
}

const refusal = (file: Uint8Array, network = made({ task: "diagnosis" })): string => {
  const state = (): number[] => [...network.state().values()].flatMap((tensor) => tensor.toNumbers());
  const before = state();
  const words = thrownBy(() => loadWeights(network, file, "weights.safetensors"));
  expect(state()).toEqual(before); // whatever is wrong, nothing was changed
  network.release();
  return words;
};

test("the file holds the texts and the tensors in the order of definition", () => {
  const network = made({ task: "diagnosis" });
  const { tensors, metadata } = readSafetensors(encodeWeights(network, { epoch: "7" }), "weights.safetensors");
  expect(metadata).toEqual({ epoch: "7" });
  expect([...tensors.keys()]).toEqual([...network.state().keys()]);
  expect([...tensors.keys()].slice(0, 2)).toEqual(
    ["modules.0.unit.unit.convolution.weight", "modules.0.unit.unit.norm.weight"].map((path) => `classifier.${path}`),
  );
  network.release();
});

test("a tensor that is missing is named", () => {
  const file = fileWith((tensors) => tensors.delete("classifier.head.bias"));
  expect(refusal(file)).toBe("EngineError: these weights are not this network's: 1 missing (classifier.head.bias)");
});

test("a tensor that this network has not is named", () => {
  const file = fileWith((tensors) => tensors.set("classifier.tail.bias", zeros([3])));
  expect(refusal(file)).toBe(
    "EngineError: these weights are not this network's: 1 not known here (classifier.tail.bias)",
  );
});

test("a tensor of another shape is named with both", () => {
  const file = fileWith((tensors) => tensors.set("classifier.head.weight", zeros([2, 6])));
  expect(refusal(file)).toBe(
    "EngineError: these weights are not this network's: 1 of another shape (classifier.head.weight is 3×6 here and 2×6 there)",
  );
});

test("of another number of classes, both tensors of the head are named", () => {
  const file = encodeWeights(made({ task: "diagnosis", classes: ["sick", "normal"] }));
  expect(refusal(file)).toBe(
    "EngineError: these weights are not this network's: 2 of another shape " +
      "(classifier.head.weight is 3×6 here and 2×6 there, classifier.head.bias is 3 here and 2 there)",
  );
});

test("weights of another network are told by the first few names", () => {
  // Diagnosis: 6 modules of 5 tensors, 5 shortcuts of 2, a head of 2. V-Net: 5 + (20 + 8·5) + (24 + 6·5) + 5 + 2.
  const [theirs, ours] = ["body.first", "classifier.modules.0.unit.unit"].map((unit) =>
    ["convolution.weight", "norm.weight", "norm.bias", "norm.runningMean", "norm.runningVar"].map(
      (name) => `${unit}.${name}`,
    ),
  );
  expect(refusal(encodeWeights(made({}, "vnet")))).toBe(
    `EngineError: these weights are not this network's: 42 missing (${ours?.join(", ") ?? ""}, …); ` +
      `126 not known here (${theirs?.join(", ") ?? ""}, …)`,
  );
});

test("weights with reverse attention are not those of a network without", () => {
  // 4 levels of 2 convolutions with 5 tensors each, and the bottleneck's head of 2.
  const file = encodeWeights(made({ task: "segmentation" }));
  const attention = "segmentation.up.0.attention.refine.0.unit";
  expect(refusal(file, made({ task: "segmentation", reverseAttention: false }))).toBe(
    "EngineError: these weights are not this network's: 42 not known here (segmentation.bottleneckHead.weight, " +
      `segmentation.bottleneckHead.bias, ${attention}.convolution.weight, ${attention}.norm.weight, ${attention}.norm.bias, …)`,
  );
});

test("a file that was cut short is refused by its name", () => {
  const file = encodeWeights(made({ task: "diagnosis" }));
  const cut = file.subarray(0, file.length - 4);
  expect(refusal(cut)).toBe(
    "EngineError: weights.safetensors is not a safetensors file that can be read: " +
      `classifier.head.bias ends at byte ${String(file.length)}, but the file at ${String(file.length - 4)}: it was cut short`,
  );
});

test("weights of half precision are read into the network's own", () => {
  scope(() => {
    const network = made({ task: "diagnosis" });
    const halves = new Map(Array.from(network.state(), ([path, tensor]) => [path, tensor.toDtype("float16")]));
    const file = encodeSafetensors(halves);
    loadWeights(network, file, "weights.safetensors");
    for (const [path, tensor] of decodeSafetensors(file, "weights.safetensors")) {
      expect(network.state().get(path)?.dtype).toBe("float32");
      expect(network.state().get(path)?.toNumbers()).toEqual(tensor.toDtype("float32").toNumbers());
    }
  });
});
