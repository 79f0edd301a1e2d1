import { RandomSource } from "@multirnet/base";
import { gradients, scope, zeros, type Logits, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { unionProbability } from "../blocks/union.js";
import { lesionOf, namedHeads, type Pass, type Prediction } from "../network.js";
import { noise } from "../testing/formula.js";
import { EVALUATION, training } from "../testing/passes.js";
import { thrownBy } from "../testing/thrown.js";
import { setWeights } from "../testing/weights.js";
import { MultirNet } from "./multirnet.js";
import { multirnetOptions, multirnetPresets } from "./options.js";

const tiny = (options: Record<string, unknown> = {}): MultirNet =>
  new MultirNet(multirnetOptions.parse({ ...multirnetPresets.tiny, ...options }), new RandomSource(3));
const scan = (): Tensor => noise("scan", [2, 1, 16, 48, 32]);
const LEVELS = ["level0", "level1", "level2", "level3"];
const passed = (index: number, heads: readonly string[]): string[] =>
  [...LEVELS, ...heads].map((head) => `pass${String(index)}.${head}`);
const auxiliaryNames = ({ auxiliary }: Prediction): string[] => auxiliary.map(({ name }) => name);
const numbers = (head: Tensor | undefined): number[] => head?.toNumbers() ?? [];

test.each([
  { passes: 0, expected: LEVELS },
  { passes: 1, expected: [...passed(0, ["lesion", "disease"]), ...LEVELS] },
  { passes: 2, expected: [...passed(0, ["lesion", "disease"]), ...passed(1, ["lesion", "disease"]), ...LEVELS] },
])("with $passes extra passes, earlier passes leave their levels and final heads", ({ passes, expected }) => {
  scope(() => {
    expect(auxiliaryNames(tiny({ passes }).forward(scan(), EVALUATION))).toEqual(expected);
  });
});

test("each auxiliary head says what truth it is measured against, and whether it is a level or an earlier pass", () => {
  scope(() => {
    const { auxiliary } = tiny({ passes: 1 }).forward(scan(), EVALUATION);
    const told = auxiliary.map(({ name, of, role, logits }) => [name, of, role, logits.shape.slice(1).join("×")]);
    expect(told).toEqual([
      ["pass0.level0", "lesion", "level", "1×16×48×32"],
      ["pass0.level1", "lesion", "level", "1×8×24×16"],
      ["pass0.level2", "lesion", "level", "1×4×12×8"],
      ["pass0.level3", "lesion", "level", "1×2×6×4"],
      ["pass0.lesion", "lesion", "pass", "1×16×48×32"],
      ["pass0.disease", "disease", "pass", "3"],
      ["level0", "lesion", "level", "1×16×48×32"],
      ["level1", "lesion", "level", "1×8×24×16"],
      ["level2", "lesion", "level", "1×4×12×8"],
      ["level3", "lesion", "level", "1×2×6×4"],
    ]);
  });
});

test("a segmentation network passes its lesions on and has no diseases on the way", () => {
  scope(() => {
    const found = tiny({ task: "segmentation", passes: 1 }).forward(scan(), EVALUATION);
    expect(auxiliaryNames(found)).toEqual([...passed(0, ["lesion"]), ...LEVELS]);
  });
});

test("the pass's own number takes the place of the network's", () => {
  scope(() => {
    const [once, twice] = [tiny({ passes: 0 }), tiny({ passes: 1 })]; // the same weights
    const heads = ({ network, passes }: { network: MultirNet; passes?: number }): unknown =>
      [...namedHeads(network.forward(scan(), passes === undefined ? EVALUATION : { ...EVALUATION, passes }))].map(
        ([name, logits]) => [name, logits.mul(pin(logits)).sum(undefined).item()],
      );
    expect(heads({ network: once, passes: 1 })).toEqual(heads({ network: twice }));
    expect(heads({ network: twice, passes: 0 })).toEqual(heads({ network: once }));
    expect(heads({ network: twice })).not.toEqual(heads({ network: once }));
  });
});

test("the first pass sees an empty map, the next the union of what the one before found", () => {
  scope(() => {
    const network = tiny({ lesions: ["ground-glass", "consolidation"], passes: 2 });
    const heads = namedHeads(network.forward(scan(), EVALUATION));
    const again = (map: Tensor): number[] => numbers(network.segmentation?.forward(scan(), map, EVALUATION).lesion);
    expect(numbers(heads.get("auxiliary.pass0.lesion"))).toEqual(again(zeros([2, 1, 16, 48, 32])));
    const [first, second] = ["auxiliary.pass0.lesion", "auxiliary.pass1.lesion"].map(
      (name) => heads.get(name) as Logits,
    );
    expect(numbers(second)).toEqual(again(unionProbability(first as Logits)));
    expect(numbers(heads.get("lesion"))).toEqual(again(unionProbability(second as Logits)));
    expect(numbers(second)).not.toEqual(numbers(first));
  });
});

test("with detachPasses no gradient goes from a pass to the one before, without it one does", () => {
  scope(() => {
    const reached = (detachPasses: boolean): (Tensor | undefined)[] =>
      ["lesion", "disease"].map((name) => {
        const heads = namedHeads(tiny({ passes: 1, detachPasses, dropout: 0 }).forward(scan(), training()));
        const head = heads.get(name) as Logits;
        return gradients(head.mul(pin(head)), [heads.get("auxiliary.pass0.lesion") as Logits])[0];
      });
    expect(reached(true)).toEqual([undefined, undefined]);
    for (const gradient of reached(false)) expect(numbers(gradient).some((value) => value !== 0)).toBe(true);
  });
});

test("the weights that look at the map learn once there is a second pass", () => {
  scope(() => {
    const learned = (passes: number): number[] => {
      const network = tiny({ passes });
      const weight = network.parameters().get("segmentation.first.last.convolution.weight") as Tensor; // 2×2×3×3×3
      const lesion = lesionOf(network.forward(scan(), training())) as Logits;
      const [gradient] = gradients(lesion.mul(pin(lesion)), [weight]);
      return [0, 1].map((channel) => gradient?.narrow(1, channel, 1).abs().sum(undefined).item() ?? 0);
    };
    expect(learned(0)).toEqual([expect.any(Number), 0]);
    expect(learned(1)[0]).toBeGreaterThan(0);
    expect(learned(1)[1]).toBeGreaterThan(0);
  });
});

test("each pass draws its own dropout", () => {
  scope(() => {
    const diseases = (dropout: number): number[][] => {
      const network = tiny({ passes: 1, dropout });
      const name = "segmentation.first.last.convolution.weight";
      const weight = network.state().get(name)?.toNumbers() ?? [];
      // Blind to the map: both passes see the same.
      setWeights(network, { [name]: weight.map((value, place) => (Math.floor(place / 27) % 2 === 1 ? 0 : value)) });
      const heads = namedHeads(network.forward(scan(), training(1)));
      return ["auxiliary.pass0.disease", "disease"].map((head) => numbers(heads.get(head)));
    };
    const [kept, keptAgain] = diseases(0);
    expect(keptAgain).toEqual(kept);
    const [dropped, droppedElsewhere] = diseases(0.5);
    expect(droppedElsewhere).not.toEqual(dropped);
  });
});

test.each([-1, 3, 0.5, NaN])("%d passes are refused", (passes) => {
  const pass: Pass = { ...EVALUATION, passes };
  expect(thrownBy(() => scope(() => tiny().forward(scan(), pass)))).toBe(
    `NetworkError: network multirnet: passes: expected a whole number from 0 to 2, but ${String(passes)} came`,
  );
});

/** Numbers that differ from place to place, so that neither sums nor gradients cancel. */
function pin(head: Logits): Tensor {
  return noise("pin", head.shape);
}
