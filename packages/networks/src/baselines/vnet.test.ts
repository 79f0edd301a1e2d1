import { RandomSource } from "@multirnet/base";
import { record, scope, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { lesionOf } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { Vnet, vnetOptions, vnetPresets } from "./vnet.js";

const tiny = (options: Record<string, unknown> = {}): Vnet =>
  new Vnet(vnetOptions.parse({ ...vnetPresets.tiny, ...options }), new RandomSource(5));
const scan = (): Tensor => noise("scan", [2, 1, 16, 48, 32]);

test("dropout stands in the two deepest stages down, the two deepest up and in every skip, over whole channels", () => {
  scope(() => {
    const network = tiny({ widths: [2, 4, 6, 8, 12] });
    const { calls } = record(() => network.forward(scan(), training()));
    const drawn = calls.filter(({ op }) => op.startsWith("aten::bernoulli"));
    expect(drawn.map(({ module, inputs }) => `${module} ${inputs[0]?.shape.join("×") ?? ""}`)).toEqual([
      "down.2 2×8×1×1×1",
      "down.3 2×12×1×1×1",
      "up.0 2×12×1×1×1", // what comes from below, then its skip
      "up.0 2×8×1×1×1",
      "up.1 2×16×1×1×1",
      "up.1 2×6×1×1×1",
      "up.2 2×4×1×1×1",
      "up.3 2×2×1×1×1",
    ]);
  });
});

test("dropout follows the random source in training, and does nothing in evaluation or at a rate of 0", () => {
  scope(() => {
    const answer = (dropout: number, seed: number, mode: "train" | "eval"): number[] | undefined =>
      lesionOf(tiny({ dropout }).forward(scan(), { ...training(seed), mode }))
        ?.toNumbers()
        .slice(0, 100);
    expect(answer(0.5, 1, "train")).toEqual(answer(0.5, 1, "train"));
    expect(answer(0.5, 1, "train")).not.toEqual(answer(0.5, 2, "train"));
    expect(answer(0, 1, "train")).toEqual(answer(0, 2, "train"));
    expect(answer(0.5, 1, "eval")).toEqual(answer(0, 2, "eval"));
  });
});

test("the transposed convolutions and the head have a bias, the others only where all are asked for", () => {
  scope(() => {
    const biased = (biases: string): string[] =>
      [...tiny({ biases }).parameters().keys()].filter((path) => /(convolution|head)\.bias$/.test(path));
    const up = [0, 1, 2, 3].map((level) => `body.up.${String(level)}.convolution.bias`);
    expect(biased("up")).toEqual([...up, "body.head.bias"]);
    const weighted = [...tiny().parameters().keys()].filter((path) => /(convolution|head)\.weight$/.test(path));
    expect(biased("all")).toEqual(weighted.map((path) => path.replace("weight", "bias")));
  });
});

test("prelu has a slope for each channel of each activation, elu none", () => {
  scope(() => {
    const slopes = (activation: string): string[] =>
      [...tiny({ activation, widths: [2, 4, 6, 8, 12] }).parameters()]
        .filter(([path]) => /[aA]ctivations?\.(\d\.)?weight$/.test(path))
        .map(([path, { shape }]) => `${path} ${shape.join("×")}`);
    expect(slopes("elu")).toEqual([]);
    expect(slopes("prelu").filter((line) => /^body\.(first|down\.1|up\.1|out)/.test(line))).toEqual([
      "body.firstActivation.weight 2",
      "body.down.1.halvedActivation.weight 6",
      "body.down.1.units.activations.0.weight 6",
      "body.down.1.units.activations.1.weight 6",
      "body.down.1.activation.weight 6",
      "body.up.1.doubledActivation.weight 6",
      "body.up.1.units.activations.0.weight 12",
      "body.up.1.units.activations.1.weight 12",
      "body.up.1.activation.weight 12",
      "body.outActivation.weight 2",
    ]);
  });
});

test("the outline of a lesion type is its channel above that of the background", () => {
  scope(() => {
    const network = tiny({ lesions: ["a", "b"] });
    const before = lesionOf(network.forward(scan(), EVALUATION))?.toNumbers() ?? [];
    // Background, a, b: what is added to all three is seen in neither outline, what is added to b alone in b's.
    const bias = network.state().get("body.head.bias")?.toNumbers() ?? [];
    const raised = (by: readonly number[]): number[] => {
      setWeights(network, { "body.head.bias": bias.map((value, at) => value + (by[at] ?? NaN)) });
      const after = lesionOf(network.forward(scan(), EVALUATION))?.toNumbers() ?? [];
      return [0, before.length - 1].map((at) => (after[at] ?? NaN) - (before[at] ?? NaN));
    };
    const [first, last] = raised([3, 3, 3]);
    expect(first).toBeCloseTo(0, 5);
    expect(last).toBeCloseTo(0, 5);
    const [a, b] = raised([1, 0, 4]);
    expect(a).toBeCloseTo(-1, 5);
    expect(b).toBeCloseTo(3, 5);
  });
});

test("there is no auxiliary head, and passes of iterative learning change nothing", () => {
  scope(() => {
    const network = tiny();
    const found = network.forward(scan(), { ...EVALUATION, passes: 2 });
    expect(found.auxiliary).toEqual([]);
    const once = lesionOf(network.forward(scan(), EVALUATION))?.toNumbers();
    expect(lesionOf(found)?.toNumbers()).toEqual(once);
  });
});
