import { expect, test } from "vitest";

import { slideOver, type ScanPrediction } from "./sliding-window.js";
import { ofMean, pointwise, sigmoid, StubNetwork, type Line } from "./testing/stub-networks.js";

// Two windows of four voxels, side by side: air in the first, 1 in the second. They share a batch.
const image = { size: { x: 4, y: 2, z: 1 }, voxels: Float32Array.from([0, 0, 1, 1, 0, 0, 1, 1]) };
const options = {
  region: { x: 2, y: 2, z: 1 },
  overlap: 0,
  box: { from: { x: 0, y: 0, z: 0 }, size: image.size },
};
const FLOOR = 0.001 * 4; // a thousandth of the window's voxels

const brightness = ofMean({ slope: 2, offset: -1 }, { slope: 0, offset: 0.5 }, { slope: -1, offset: 0 }); // of the three classes
const inFirst = [-1, 0.5, 0];
const inSecond = [1, 0.5, -1];

function softmax(logits: readonly number[]): number[] {
  const powers = logits.map(Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
}

/** Both windows' logits, the first with the weight `first` and the second with the rest. */
function weighted(first: number): ReturnType<typeof expect.closeTo>[] {
  return softmax(inFirst.map((logit, c) => first * logit + (1 - first) * (inSecond[c] ?? 0))).map((p) =>
    expect.closeTo(p, 6),
  );
}

async function diagnosed(...lesions: readonly Line[]): Promise<ScanPrediction["disease"]> {
  const network = new StubNetwork({ lesion: pointwise(...lesions), disease: brightness });
  return (await slideOver(network, image, options)).disease;
}

test("a window's logits weigh by the lesion predicted in it and a floor", async () => {
  const first = 4 * sigmoid(-2) + FLOOR;
  const second = 4 * sigmoid(1) + FLOOR;
  expect(await diagnosed({ slope: 3, offset: -2 })).toEqual(weighted(first / (first + second)));
});

test("lesion of two types is that of either", async () => {
  const mass = (a: number, b: number): number => 4 * (1 - (1 - sigmoid(a)) * (1 - sigmoid(b))) + FLOOR;
  const [first, second] = [mass(-2, 0.5), mass(1, -1.5)];
  expect(await diagnosed({ slope: 3, offset: -2 }, { slope: -2, offset: 0.5 })).toEqual(
    weighted(first / (first + second)),
  );
});

test("without any lesion all windows weigh the same", async () => {
  expect(await diagnosed({ slope: 0, offset: -60 })).toEqual(weighted(0.5));
});

test("a network that only diagnoses outlines nothing, and its windows weigh the same", async () => {
  const found = await slideOver(new StubNetwork({ disease: brightness }), image, options);
  expect(found).toEqual({ lesion: [], disease: weighted(0.5), windows: 2 });
});

test("of a network of slices the probabilities are averaged, whatever lesion there is", async () => {
  class OfSlices extends StubNetwork {
    override readonly regionsJoin = "probabilities";
  }
  const network = new OfSlices({ lesion: pointwise({ slope: 3, offset: -2 }), disease: brightness });
  const [first, second] = [softmax(inFirst), softmax(inSecond)];
  const { disease } = await slideOver(network, image, options);
  expect(disease).toEqual(first.map((p, c) => expect.closeTo((p + (second[c] ?? 0)) / 2, 6)));
});

test("the probabilities are those of the mean logits, also where these are far beyond what exp can take", async () => {
  const network = new StubNetwork({ disease: ofMean({ slope: 0, offset: 1000 }, { slope: 0, offset: 1001 }) });
  const { disease } = await slideOver(network, image, options);
  expect(disease).toEqual([expect.closeTo(sigmoid(-1), 9), expect.closeTo(sigmoid(1), 9)]);
});
