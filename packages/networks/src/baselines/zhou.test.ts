import { RandomSource } from "@multirnet/base";
import { cat, record, scope, tensorFrom, zeros, type Logits, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { diseaseOf, namedHeads } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { setWeights } from "../testing/weights.js";
import { ZhouNet, zhouOptions, zhouPresets } from "./zhou.js";

const WIDTHS = [2, 4, 6, 8, 12];
const tiny = (options: Record<string, unknown> = {}): ZhouNet =>
  new ZhouNet(zhouOptions.parse({ ...zhouPresets.tiny, widths: WIDTHS, ...options }), new RandomSource(5));
const scan = (): Tensor => noise("scan", [2, 1, 16, 32, 48]);
const numbers = (tensor: Tensor | undefined): number[] => tensor?.toNumbers() ?? [];
const close = (values: readonly number[]): unknown[] => values.map((n) => expect.closeTo(n, 5) as unknown);

/** The five features of the encoder, the finest first, from the network's own parts: each stage on the one above. */
function encoded({ body }: ZhouNet, input: Tensor, map: Tensor): Tensor[] {
  const both = cat([input, map], { dim: 1 });
  const stages = [body.firstActivation.forward(body.first.forward(both, EVALUATION).add(input), EVALUATION)];
  for (const down of body.down) stages.push(down.forward(stages.at(-1) as Tensor, EVALUATION, ""));
  return stages;
}

/** What the linear layer makes of each channel's mean over space, of all stages one after another. */
function diagnosed({ classifier }: ZhouNet, stages: readonly Tensor[]): number[] {
  const [weight, bias] = [numbers(classifier.weight.tensor), numbers(classifier.bias.tensor)];
  const channels = WIDTHS.reduce((sum, width) => sum + width, 0);
  return [0, 1].flatMap((sample) => {
    const pooled = stages.flatMap((feature) => {
      const [, width = 0, ...space] = feature.shape;
      const voxels = space.reduce((product, side) => product * side, 1);
      const values = numbers(feature);
      return Array.from({ length: width }, (_, channel) => {
        const start = (sample * width + channel) * voxels;
        return values.slice(start, start + voxels).reduce((sum, value) => sum + value, 0) / voxels;
      });
    });
    expect(pooled.length).toBe(channels);
    return bias.map((b, one) => pooled.reduce((sum, mean, at) => sum + mean * (weight[one * channels + at] ?? NaN), b));
  });
}

test("the diagnosis is a linear layer over the means of all five encoder stages, the finest first", () => {
  scope(() => {
    const network = tiny({ passes: 0 });
    setWeights(network, { "classifier.bias": [0.5, -1, 2] });
    const input = scan();
    const stages = encoded(network, input, zeros([2, 1, 16, 32, 48]));
    expect(stages.map(({ shape }) => shape.join("×"))).toEqual([
      "2×2×16×32×48",
      "2×4×8×16×24",
      "2×6×4×8×12",
      "2×8×2×4×6",
      "2×12×1×2×3",
    ]);
    const found = network.forward(input, EVALUATION);
    expect(numbers(diseaseOf(found))).toEqual(close(diagnosed(network, stages)));
  });
});

test("the first pass sees a map of zeros as its second channel, the next the union of what the first found", () => {
  scope(() => {
    const network = tiny({ passes: 1, lesions: ["a", "b"] });
    const input = scan();
    const seenWith = (map: Tensor): Logits =>
      network.body.forward(cat([input, map], { dim: 1 }), input, EVALUATION).lesion;
    const first = seenWith(zeros([2, 1, 16, 32, 48]));

    // 1 − (1 − p)(1 − q), of the two types of each sample.
    const voxels = 16 * 32 * 48;
    const p = numbers(first).map((logit) => 1 / (1 + Math.exp(-logit)));
    const union = [0, 1].flatMap((sample) =>
      Array.from({ length: voxels }, (_, at) => {
        const [a = NaN, b = NaN] = [p[2 * sample * voxels + at], p[(2 * sample + 1) * voxels + at]];
        return 1 - (1 - a) * (1 - b);
      }),
    );
    const map = tensorFrom(Float32Array.from(union), [2, 1, 16, 32, 48]);

    const heads = namedHeads(network.forward(input, EVALUATION));
    expect([...heads.keys()]).toEqual(["lesion", "disease", "auxiliary.pass0.lesion", "auxiliary.pass0.disease"]);
    expect(numbers(heads.get("auxiliary.pass0.lesion"))).toEqual(numbers(first));
    const second = seenWith(map);
    const [off, moved] = [first, heads.get("lesion") as Logits].map((other) =>
      Math.max(...numbers(other.sub(second).abs())),
    );
    expect(moved).toBeLessThan(1e-4);
    expect(off).toBeGreaterThan(1e-2); // the map matters
    expect(numbers(heads.get("disease"))).toEqual(close(diagnosed(network, encoded(network, input, map))));
  });
});

test("a network that has no weights for the map's channel finds the same in each pass", () => {
  scope(() => {
    const network = tiny({ passes: 2 });
    const path = "body.first.convolution.weight";
    const kernels = numbers(network.state().get(path)); // 2×2×5×5×5: outputs, then scan and map
    setWeights(network, { [path]: kernels.map((value, at) => (Math.floor(at / 125) % 2 === 1 ? 0 : value)) });
    const heads = namedHeads(network.forward(scan(), EVALUATION));
    for (const pass of [0, 1]) {
      expect(numbers(heads.get(`auxiliary.pass${String(pass)}.lesion`))).toEqual(numbers(heads.get("lesion")));
      expect(numbers(heads.get(`auxiliary.pass${String(pass)}.disease`))).toEqual(numbers(heads.get("disease")));
    }
  });
});

test("dropout stands before the linear layer, over the means of all stages, in training alone", () => {
  scope(() => {
    const network = tiny({ passes: 0, dropout: 0 });
    const drawnIn = (body: () => unknown): string[] =>
      record(body)
        .calls.filter(({ op }) => op.startsWith("aten::bernoulli"))
        .map(({ module, inputs }) => `${module} ${inputs[0]?.shape.join("×") ?? ""}`);
    expect(drawnIn(() => network.forward(scan(), training()))).toEqual(["classifier 2×32"]); // 2 + 4 + 6 + 8 + 12
    expect(drawnIn(() => network.forward(scan(), EVALUATION))).toEqual([]);
    expect(drawnIn(() => tiny({ passes: 0, dropout: 0, classifierDropout: 0 }).forward(scan(), training()))).toEqual(
      [],
    );
  });
});
