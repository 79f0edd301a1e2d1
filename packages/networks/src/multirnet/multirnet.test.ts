import { RandomSource } from "@multirnet/base";
import { gradients, scope, zeros, type Logits, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { globalAverage } from "../layers/pooling.js";
import { unionProbability } from "../blocks/union.js";
import { diseaseOf, lesionOf, namedHeads } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { MultirNet } from "./multirnet.js";
import { multirnetOptions, multirnetPresets } from "./options.js";

const tiny = (options: Record<string, unknown> = {}): MultirNet =>
  new MultirNet(multirnetOptions.parse({ ...multirnetPresets.tiny, ...options }), new RandomSource(5));
const scan = (): Tensor => noise("scan", [2, 1, 32, 16, 48]);
const paths = (network: MultirNet): string[] => [...network.parameters().keys()];
const close = (values: readonly number[], digits: number): unknown[] =>
  values.map((value) => expect.closeTo(value, digits) as unknown);

test("each task has the parameters of its subnets and no others", () => {
  scope(() => {
    const rooms = (task: string): unknown => [...new Set(paths(tiny({ task })).map((path) => path.split(".")[0]))];
    expect(rooms("joint")).toEqual(["segmentation", "classifier"]);
    expect(rooms("segmentation")).toEqual(["segmentation"]);
    expect(rooms("diagnosis")).toEqual(["classifier"]);
  });
});

test("the classifier's linear layer sees its own last width, and the bottleneck's where there is one", () => {
  scope(() => {
    const options = { widths: [2, 3, 4, 5, 7], classifierWidths: [2, 2, 3, 3, 4, 11], classes: ["a", "b", "c", "d"] };
    const shape = (task: string): unknown => tiny({ ...options, task }).classifier?.head.weight.tensor.shape;
    expect(shape("joint")).toEqual([4, 18]);
    expect(shape("diagnosis")).toEqual([4, 11]);
  });
});

test("without reverse attention there are neither its weights nor the bottleneck's lesion head", () => {
  scope(() => {
    const ofAttention = (network: MultirNet): string[] =>
      paths(network).filter((path) => /attention|bottleneckHead/.test(path));
    const full = ofAttention(tiny());
    expect(full.filter((path) => path.endsWith("refine.0.unit.convolution.weight"))).toEqual(
      [0, 1, 2, 3].map((level) => `segmentation.up.${String(level)}.attention.refine.0.unit.convolution.weight`),
    );
    expect(full.filter((path) => path.startsWith("segmentation.bottleneckHead"))).toHaveLength(2);
    const without = tiny({ reverseAttention: false });
    expect(ofAttention(without)).toEqual([]);
    // All else is the same, down to the drawn weights, and the answer another.
    const state = tiny().state();
    for (const [path, tensor] of without.state()) expect(tensor.toNumbers()).toEqual(state.get(path)?.toNumbers());
    const answer = (network: MultirNet): number[] =>
      lesionOf(network.forward(scan(), EVALUATION))?.toNumbers().slice(0, 9) ?? [];
    expect(answer(without)).not.toEqual(answer(tiny()));
  });
});

test("the lesion head is the weighted sum of the levels, each coarse voxel repeated, before anything is learned", () => {
  scope(() => {
    const weights = [1, 0, -0.5, 2];
    const heads = namedHeads(tiny({ fusionWeights: weights }).forward(scan(), EVALUATION));
    const levels = weights.map((_, level) => heads.get(`auxiliary.level${String(level)}`)?.toNumbers() ?? []);
    const lesion = heads.get("lesion")?.toNumbers() ?? [];
    const [depth, height, width] = [32, 16, 48];
    const at = (level: number, place: readonly [number, number, number, number]): number => {
      const step = 2 ** level;
      const [sample, d, h, w] = place;
      const row = (sample * (depth / step) + Math.floor(d / step)) * (height / step) + Math.floor(h / step);
      return levels[level]?.[row * (width / step) + Math.floor(w / step)] ?? NaN;
    };
    const places: (readonly [number, number, number, number])[] = [
      [0, 0, 0, 0],
      [0, 31, 15, 47],
      [1, 5, 9, 22],
      [1, 17, 3, 31],
      [1, 30, 8, 13],
    ];
    const found = places.map(([sample, d, h, w]) => lesion[((sample * depth + d) * height + h) * width + w]);
    const expected = places.map((place) => weights.reduce((sum, weight, level) => sum + weight * at(level, place), 0));
    expect(found).toEqual(close(expected, 3));
  });
});

test.each([{ lesions: ["lesion"] }, { lesions: ["ground-glass", "consolidation", "effusion"] }])(
  "the classifier sees the scan times the union of $lesions.length lesion types, and the pooled bottleneck",
  ({ lesions }) => {
    scope(() => {
      const network = tiny({ lesions });
      const [input, pass] = [scan(), EVALUATION];
      const outline = network.segmentation?.forward(input, zeros(input.shape), pass);
      const masked = input.mul(unionProbability(outline?.lesion as Logits));
      const pooled = globalAverage(outline?.bottleneck as Tensor);
      const expected = network.classifier?.forward(masked, pooled, pass).toNumbers();
      expect(diseaseOf(network.forward(input, pass))?.toNumbers()).toEqual(expected);
      expect(network.classifier?.forward(input, pooled, pass).toNumbers()).not.toEqual(expected);
    });
  },
);

test("a network for diagnosis alone sees the scan as it is", () => {
  scope(() => {
    const network = tiny({ task: "diagnosis" });
    const alone = network.classifier?.forward(scan(), undefined, EVALUATION).toNumbers();
    expect(diseaseOf(network.forward(scan(), EVALUATION))?.toNumbers()).toEqual(alone);
  });
});

test("with detachMask the diagnosis teaches the bottleneck and not the lesion map; without it, both", () => {
  scope(() => {
    const taught = (detachMask: boolean): unknown => {
      const network = tiny({ detachMask });
      const parameters = network.parameters();
      const found = network.forward(scan(), training());
      const disease = diseaseOf(found) as Logits;
      const looked = [
        lesionOf(found) as Logits,
        parameters.get("segmentation.up.0.head.weight") as Tensor,
        parameters.get("segmentation.down.3.halve.unit.convolution.weight") as Tensor,
      ];
      const taught = gradients(disease.mul(noise("pin", disease.shape)), looked);
      return taught.map((gradient) => gradient?.toNumbers().some((value) => value !== 0) ?? false);
    };
    expect(taught(true)).toEqual([false, false, true]);
    expect(taught(false)).toEqual([true, true, true]);
  });
});

test("dropout touches the diagnosis alone, in training alone, and follows the random source", () => {
  scope(() => {
    const answer = (dropout: number, seed: number, mode: "train" | "eval"): (number[] | undefined)[] => {
      const found = tiny({ dropout }).forward(scan(), { ...training(seed), mode });
      return [lesionOf(found)?.toNumbers().slice(0, 50), diseaseOf(found)?.toNumbers()];
    };
    const [lesion, disease] = answer(0.5, 1, "train");
    expect(answer(0.5, 1, "train")).toEqual([lesion, disease]);
    expect(answer(0.5, 2, "train")[0]).toEqual(lesion);
    expect(answer(0.5, 2, "train")[1]).not.toEqual(disease);
    expect(answer(0, 1, "train")[1]).not.toEqual(disease);
    expect(answer(0, 1, "train")).toEqual(answer(0, 2, "train"));
    expect(answer(0.5, 1, "eval")).toEqual(answer(0, 2, "eval"));
  });
});

test("widths, kernel and activation are those of the options, level by level", () => {
  scope(() => {
    const network = tiny({ widths: [2, 3, 4, 5, 7], kernel: 5, activation: "prelu" });
    const shape = (path: string): string | undefined => network.state().get(`segmentation.${path}`)?.shape.join("×");
    expect(shape("first.last.convolution.weight")).toBe("2×2×5×5×5"); // the scan and the map
    expect(shape("down.3.halve.unit.convolution.weight")).toBe("7×5×2×2×2");
    expect(shape("down.3.stage.before.1.unit.convolution.weight")).toBe("7×7×5×5×5");
    expect(shape("up.2.double.convolution.weight")).toBe("5×4×2×2×2"); // a transposed one has its input first
    expect(shape("up.2.stage.before.0.unit.convolution.weight")).toBe("4×8×5×5×5"); // the doubled half and the skip
    expect(shape("up.2.stage.before.1.activation.weight")).toBe("4");
    expect(shape("up.2.head.weight")).toBe("1×4×1×1×1");
    // Convolutions of the stages, as the spec has them: 2, 3, 3, 3 on the way down, 1, 2, 3, 3 on the way up, the finest first.
    const count = (side: "down" | "up", level: number): number | undefined =>
      (network.segmentation?.[side][level]?.stage.before.length ?? NaN) + 1;
    expect([0, 1, 2, 3].map((level) => count("down", level))).toEqual([2, 3, 3, 3]);
    expect([0, 1, 2, 3].map((level) => count("up", level))).toEqual([1, 2, 3, 3]);
    expect(network.segmentation?.first.before).toHaveLength(0);
  });
});

test.each([
  { norm: "batch", remembering: ["segmentation", "classifier"] },
  { norm: "group", remembering: [] },
  { norm: "batch", classifierNorm: "group", remembering: ["segmentation"] },
  { norm: "instance", classifierNorm: "batch", remembering: ["classifier"] },
  { norm: "group", classifierNorm: "instance", remembering: [] },
])(
  "$norm norm stands in the backbone, $classifierNorm norm in the classifier, the same where it is not given",
  ({ remembering, ...norms }) => {
    scope(() => {
      const remembered = [...tiny(norms).state().keys()].filter((path) => path.endsWith("runningMean"));
      expect([...new Set(remembered.map((path) => path.split(".")[0]))]).toEqual(remembering);
    });
  },
);
