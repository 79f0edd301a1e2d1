import { RandomSource } from "@multirnet/base";
import { record, scope, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { lesionOf, type Pass } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { TransUnet, transunetOptions, transunetPresets } from "./transunet.js";

const tiny = (options: Record<string, unknown> = {}): TransUnet =>
  new TransUnet(transunetOptions.parse({ ...transunetPresets.tiny, ...options }), new RandomSource(5));
const slices = (): Tensor => noise("slices", [2, 3, 32, 32]);

test("dropout stands after the positions and twice in each perceptron, nowhere in attention, and only in training", () => {
  scope(() => {
    const drawnIn = (network: TransUnet, pass: Pass): string[] =>
      record(() => network.forward(slices(), pass))
        .calls.filter(({ op }) => op.startsWith("aten::bernoulli"))
        .map(({ module, inputs }) => `${module} ${inputs[0]?.shape.join("×") ?? ""}`);
    // Four tokens of eight channels; twelve between the perceptron's layers.
    const layer = ["encoder 2×4×12", "encoder 2×4×8"];
    expect(drawnIn(tiny(), training())).toEqual(["embedding 2×4×8", ...layer, ...layer]);
    expect(drawnIn(tiny(), EVALUATION)).toEqual([]);
    expect(drawnIn(tiny({ dropout: 0 }), training())).toEqual([]);
  });
});

test("what is dropped of a token is what it is with its position, and the rest is scaled", () => {
  scope(() => {
    const network = tiny({ dropout: 0.75 });
    setWeights(network, { "embedding.weight": 0, "embedding.bias": 2, positions: 3 });
    const seen: number[][] = [];
    const forward = network.encoder.forward.bind(network.encoder);
    network.encoder.forward = (tokens, pass) => {
      seen.push(tokens.toNumbers());
      return forward(tokens, pass);
    };
    network.forward(slices(), training());
    network.forward(slices(), EVALUATION);
    expect([...new Set(seen[0])].sort()).toEqual([0, 20]); // 5 / (1 - 0.75)
    expect(new Set(seen[1])).toEqual(new Set([5]));
  });
});

test("dropout follows the random source in training", () => {
  scope(() => {
    const answer = (seed: number): number[] | undefined =>
      lesionOf(tiny().forward(slices(), training(seed)))?.toNumbers();
    expect(answer(1)).toEqual(answer(1));
    expect(answer(1)).not.toEqual(answer(2));
  });
});
