import { messageOf, RandomSource } from "@multirnet/base";
import {
  Buffer,
  decodeSafetensors,
  encodeSafetensors,
  Module,
  Parameter,
  tensor,
  tensorFrom,
  type Tensor,
} from "@multirnet/engine";
import { encodeWeights } from "@multirnet/networks";
import { expect, test } from "vitest";

import { Adam } from "../optimisers/adam.js";
import { WeightAverage } from "../optimisers/weight-average.js";
import { encodeState, loadState, START, weightsOfState, type Learner, type Position } from "./state.js";

/** A convolution's worth of a network: a weight, a bias, and statistics that are not learned. */
class Tiny extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Buffer;

  constructor(seed: number, size = 3) {
    super();
    const random = new RandomSource(seed);
    const drawn = (): Tensor =>
      tensorFrom(
        Float32Array.from({ length: size }, () => random.normal()),
        [size],
      );
    [this.weight, this.bias] = [new Parameter(drawn()), new Parameter(drawn())];
    this.runningMean = new Buffer(drawn());
  }
}

interface Made extends Learner {
  readonly network: Tiny;
  readonly optimiser: Adam;
}

function made(seed: number, size?: number): Made {
  const network = new Tiny(seed, size);
  const optimiser = new Adam(network.parameters(), { betas: [0.9, 0.99], epsilon: 1e-8, weightDecay: 0 });
  return { network, optimiser, average: undefined };
}
const position: Position = {
  epoch: 3,
  step: 2,
  steps: 1,
  logLines: 17,
  lossSum: 0.1 + 0.2, // a number that its decimal digits must bring back to the bit
  best: { epoch: 1, score: 1 / 3 },
  done: false,
};

/** After one step. */
function moved(seed: number): Made {
  const it = made(seed);
  it.optimiser.step([tensor([1, -2, 3], [3]), tensor([0.1, 0.2, 0.3], [3])], 0.1);
  return it;
}

test("weights, moments, steps and position come back from a state as they were", () => {
  const one = moved(1);
  const state = encodeState(one, position);
  const other = made(2);
  expect(loadState(state, "state", other)).toEqual(position);
  expect(other.optimiser.steps).toBe(1);
  expect(encodeWeights(other.network)).toEqual(encodeWeights(one.network));
  expect(encodeSafetensors(other.optimiser.state())).toEqual(encodeSafetensors(one.optimiser.state()));
  expect(encodeState(other, position)).toEqual(state);
});

test("the bytes of a state do not depend on the order in which its position came about", () => {
  const one = moved(1);
  const turned = Object.fromEntries(Object.entries(position).reverse()) as unknown as Position;
  expect(encodeState(one, turned)).toEqual(encodeState(one, position));
});

test("the weights of a state are the bytes of last.safetensors", () => {
  const one = moved(1);
  expect(weightsOfState(encodeState(one, START), "state")).toEqual(encodeWeights(one.network));
});

test("a state of another network changes nothing", () => {
  const one = moved(1);
  const before = [encodeWeights(one.network), encodeSafetensors(one.optimiser.state())];
  const other = made(1, 4);
  expect(() => loadState(encodeState(other, START), "s", one)).toThrow(
    "cannot resume from s: these weights are not this network's: 3 of another shape (",
  );
  expect([encodeWeights(one.network), encodeSafetensors(one.optimiser.state())]).toEqual(before);
});

test.each([
  { position: undefined, words: "it holds no position of a training" },
  { position: '{"epoch": 1}', words: "its position: key step is missing; expected number" },
  {
    position: JSON.stringify({ ...START, epoch: -1 }),
    words: "its position: key epoch: expected number to be >=0, came -1",
  },
  { position: "{", words: "Expected property name or '}' in JSON at position 1 (line 1 column 2)" },
])("a state whose position is $position says so", ({ position: text, words }) => {
  const one = made(1);
  const tensors = decodeSafetensors(encodeState(one, START), "s");
  const state = encodeSafetensors(tensors, text === undefined ? {} : { position: text });
  for (const read of [() => loadState(state, "s", one), () => weightsOfState(state, "s")]) {
    let message = "";
    try {
      read();
    } catch (error) {
      message = messageOf(error);
    }
    expect(message).toContain(`cannot resume from s: ${words.slice(0, 42)}`);
  }
});

test("an average comes back too, and is what the weights of a state are", () => {
  const averaged = (seed: number): Learner => {
    const it = moved(seed);
    return { ...it, average: new WeightAverage(it.network.state(), 0.9) };
  };
  const [one, other] = [averaged(1), averaged(2)];
  one.optimiser.step([tensor([5, 5, 5], [3]), tensor([1, 1, 1], [3])], 0.1);
  one.average?.update(1);
  const state = encodeState(one, position);
  expect(loadState(state, "state", other)).toEqual(position);
  expect(encodeState(other, position)).toEqual(state);
  const found = decodeSafetensors(weightsOfState(state, "state"), "weights");
  expect([...found.keys()]).toEqual([...one.network.state().keys()]);
  for (const [name, tensor] of one.average?.state() ?? [])
    expect(found.get(name.slice("average.".length))?.toNumbers()).toEqual(tensor.toNumbers());
  expect(encodeWeights(one.network)).not.toEqual(weightsOfState(state, "state"));
});
