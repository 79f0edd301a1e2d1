import { expect, test } from "vitest";

import { withoutGradients } from "./autograd.js";
import { tensor, tensorFrom } from "./create.js";
import type { Tensor } from "./generated/tensor.js";
import { aboutEngine } from "./machine.js";
import { Buffer, Module, Parameter } from "./module.js";
import { scope } from "./scope.js";

class Layer extends Module {
  readonly weight: Parameter;
  readonly name = "layer"; // no tensor, no part of the state
  readonly mean: Buffer;

  constructor(first: number) {
    super();
    this.weight = new Parameter(tensor([first, first + 1], [1, 2]));
    this.mean = new Buffer(tensor([first * 10], [1]));
  }
}

class Net extends Module {
  readonly stem = new Layer(1);
  readonly stages: readonly Layer[] = [new Layer(2), new Layer(3)];
  readonly pairs: readonly (readonly Module[])[] = [[new Layer(4)]];
  readonly scale = new Parameter(tensor([7], []));
  readonly absent = undefined;
}

const paths = [
  "stem.weight",
  "stem.mean",
  "stages.0.weight",
  "stages.0.mean",
  "stages.1.weight",
  "stages.1.mean",
  "pairs.0.0.weight",
  "pairs.0.0.mean",
  "scale",
];
const numbers = (state: ReadonlyMap<string, Tensor>): unknown =>
  Array.from(state, ([path, held]) => [path, held.toNumbers()]);

test("the state is found by the paths of the fields, lists by their index, in the order of definition", () => {
  expect([...new Net().state().keys()]).toEqual(paths);
});

test("parameters are those that are learned, and take gradients; buffers do not", () => {
  const net = new Net();
  expect([...net.parameters().keys()]).toEqual(paths.filter((path) => !path.endsWith("mean")));
  for (const [path, held] of net.state()) expect(held.requiresGrad).toBe(!path.endsWith("mean"));
});

test("weights made inside a scope outlive it, and go with release", () => {
  const before = aboutEngine().liveTensors;
  const net = scope(() => new Net());
  expect(aboutEngine().liveTensors - before).toBe(paths.length);
  net.release();
  expect(aboutEngine().liveTensors).toBe(before);
});

test("a state is copied in, whatever the order and the type; the module keeps its own type", () => {
  const [from, to] = [new Net(), new Net()];
  const given = new Map(
    Array.from(
      from.state(),
      ([path, held]) => [path, withoutGradients(() => held.mul(0.5).toDtype("float16"))] as const,
    ).reverse(),
  );
  to.loadState(given);
  const halves = Array.from(from.state(), ([path, held]) => [path, held.toNumbers().map((value) => value / 2)]);
  expect(numbers(to.state())).toEqual(halves);
  for (const [path, held] of to.state()) {
    expect(held.dtype).toBe("float32");
    expect(held.requiresGrad).toBe(!path.endsWith("mean"));
  }
});

test("what is copied in is a copy", () => {
  const [from, to] = [new Layer(1), new Layer(2)];
  to.loadState(from.state());
  from.release();
  expect(numbers(to.state())).toEqual([
    ["weight", [1, 2]],
    ["mean", [10]],
  ]);
});

test("weights become another type of number, and take gradients as before", () => {
  const net = new Net();
  const before = numbers(net.state());
  const old = net.scale.tensor;
  net.convert({ dtype: "float64" });
  for (const [path, held] of net.state())
    expect(held).toMatchObject({ dtype: "float64", device: "cpu", requiresGrad: !path.endsWith("mean") });
  expect(numbers(net.state())).toEqual(before);
  expect(() => old.toNumbers()).toThrow("this tensor has been released");
});

test("weights stay where they are when there is no such device", () => {
  const net = new Layer(1);
  expect(() => {
    net.convert({ device: "cuda:77" });
  }).toThrow("aten::to.device(1×2 float32): ");
  expect(numbers(net.state())).toEqual([
    ["weight", [1, 2]],
    ["mean", [10]],
  ]);
});

test("another network's state is refused with the names, and nothing is changed", () => {
  const net = new Net();
  const before = numbers(net.state());
  const given = new Map(net.state());
  for (const path of ["stem.mean", "scale"]) given.delete(path);
  given.set("head.weight", tensor([1], [1]));
  given.set("stem.weight", tensor([5, 6], [2, 1])); // as many elements, but another shape
  given.set("stages.0.weight", tensor([8, 9], [1, 2]));
  expect(() => {
    net.loadState(given);
  }).toThrow(
    "these weights are not this network's: 2 missing (stem.mean, scale); 1 not known here (head.weight); " +
      "1 of another shape (stem.weight is 1×2 here and 2×1 there)",
  );
  expect(numbers(net.state())).toEqual(before);
});

test("of many names the first five are shown", () => {
  expect(() => {
    new Net().loadState(new Map());
  }).toThrow(
    "these weights are not this network's: 9 missing (stem.weight, stem.mean, stages.0.weight, stages.0.mean, stages.1.weight, …)",
  );
});

test("a scalar's shape is named too", () => {
  const net = new Net();
  const given = new Map(net.state()).set("scale", tensorFrom(Float32Array.of(1, 2), [2]));
  expect(() => {
    net.loadState(given);
  }).toThrow("these weights are not this network's: 1 of another shape (scale is scalar here and 2 there)");
});

test("a tensor that was released is refused before anything is changed", () => {
  const net = new Layer(1);
  const dead = tensor([3], [1]);
  expect(dead.shape).toEqual([1]);
  dead.release();
  const given = new Map([
    ["weight", tensor([8, 9], [1, 2])],
    ["mean", dead],
  ]);
  expect(() => {
    net.loadState(given);
  }).toThrow("this tensor has been released");
  expect(net.weight.tensor.toNumbers()).toEqual([1, 2]);
});
