import { decodeSafetensors, encodeSafetensors, readSafetensors, scope, zeros, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import type { Network } from "./network.js";
import { createNetwork, resolveNetwork } from "./registry.js";
import { thrownBy } from "./testing/thrown.js";
import { encodeWeights, loadPart, loadWeights } from "./weights.js";

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

const drawn = (seed: number): Network =>
  createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", lesions: ["a"] }), seed);
const numbersOf = (network: Network): ReadonlyMap<string, number[]> =>
  new Map(Array.from(network.state(), ([path, tensor]) => [path, tensor.toNumbers()]));

test("one part is taken over, and nothing else", () => {
  const [from, to, before] = [drawn(1), drawn(2), drawn(2)];
  loadPart(to, encodeWeights(from), "w", { part: "segmentation.down" });
  const [there, here, old] = [numbersOf(from), numbersOf(to), numbersOf(before)];
  const taken = [...here.keys()].filter((path) => path.startsWith("segmentation.down."));
  expect(taken.length).toBeGreaterThan(20);
  for (const [path, values] of here) expect(values, path).toEqual((taken.includes(path) ? there : old).get(path));
  for (const network of [from, to, before]) network.release();
});

test("a file of one part alone is enough for it, and a part of which the file lacks a tensor is refused", () => {
  const network = drawn(2);
  const file = (without: string): Uint8Array =>
    scope(() => {
      const found = [...drawn(1).state()].filter(([path]) => path.startsWith("classifier.") && path !== without);
      return encodeSafetensors(new Map(found));
    });
  loadPart(network, file(""), "w", { part: "classifier" });
  const before = numbersOf(network);
  expect(before.get("classifier.head.weight")).toEqual(numbersOf(drawn(1)).get("classifier.head.weight"));
  expect(thrownBy(() => loadPart(network, file("classifier.head.bias"), "w", { part: "classifier" }))).toBe(
    "EngineError: these weights are not this network's: 1 missing (classifier.head.bias)",
  );
  expect(numbersOf(network)).toEqual(before);
  network.release();
});

test.each(["backbone", "segment", "segmentation.down.9", "classifier.head.weight"])("there is no part %s", (part) => {
  const network = drawn(1);
  expect(thrownBy(() => loadPart(network, encodeWeights(network), "w", { part }))).toBe(
    `NetworkError: the network has no part ${part}; its first parts are segmentation, classifier`,
  );
  network.release();
});

test("a part that has another path in the file is taken over by both", () => {
  const backbone = { blocks: [1, 1, 2, 1], planes: 10, classes: ["a", "b"] };
  const classifier = createNetwork(resolveNetwork({ name: "res2net50-2d", ...backbone }), 1);
  const network = createNetwork(resolveNetwork({ name: "jcs", preset: "tiny" }), 2);
  loadPart(network, encodeWeights(classifier), "w", { part: "classifier", from: "features" });
  const [there, here] = [numbersOf(classifier), numbersOf(network)];
  const taken = [...here].filter(([path]) => path.startsWith("classifier."));
  expect(taken.length).toBe([...there.keys()].filter((path) => path.startsWith("features.")).length);
  for (const [path, values] of taken) expect(values, path).toEqual(there.get(path.replace(/^classifier/, "features")));
  for (const one of [network, classifier]) one.release();
});
