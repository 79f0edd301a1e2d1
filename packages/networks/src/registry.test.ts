import { scope } from "@multirnet/engine";
import { expect, test } from "vitest";

import { NetworkError } from "./errors.js";
import { createNetwork, headsOf, networkEntry, NETWORKS, resolveNetwork, sideMultiple } from "./registry.js";
import { overVolumes } from "./slicewise.js";
import { noise } from "./testing/formula.js";
import { EVALUATION } from "./testing/passes.js";
import { thrownBy } from "./testing/thrown.js";

const KNOWN = NETWORKS.map(({ name }) => name).join(", ");

test("no two networks have one name", () => {
  expect(new Set(NETWORKS.map(({ name }) => name)).size).toBe(NETWORKS.length);
});

test("a name that is nearly one of the networks is told which", () => {
  expect(thrownBy(() => networkEntry("multrnet"))).toBe(
    `NetworkError: there is no network multrnet; did you mean multirnet? (known: ${KNOWN})`,
  );
});

test.each(["resnet", "constructor", ""])("the name '%s' is told what there is", (name) => {
  expect(thrownBy(() => resolveNetwork({ name }))).toBe(`NetworkError: there is no network ${name} (known: ${KNOWN})`);
});

test.each(["fll", "toString", "__proto__", ""])("the preset '%s' is refused with those there are", (preset) => {
  expect(thrownBy(() => resolveNetwork({ name: "vnet", preset }))).toBe(
    `NetworkError: network vnet: preset: expected full | small | tiny | pytorch, but "${preset}" came`,
  );
});

const names = "a list of 1 or more, each a name";
test.each([
  ["widhts", [2], "unknown option; did you mean widths?"],
  ["__proto__", 1, "unknown option (known: preset, lesions, widths, activation, biases, dropout)"],
  ["passes", 1, "unknown option (known: preset, lesions, widths, activation, biases, dropout)"],
  ["widths", "wide", 'expected a list of 5, each a whole number from 2 in steps of 2, but "wide" came'],
  ["widths", [2, 4], "expected a list of 5, each a whole number from 2 in steps of 2, but [2, 4] came"],
  [
    "widths",
    [2, 4, 5, 8, 10],
    "expected a list of 5, each a whole number from 2 in steps of 2, but [2, 4, 5, 8, 10] came",
  ],
  ["activation", "relu", 'expected elu | prelu, but "relu" came'],
  ["dropout", "0.5", 'expected a number from 0 below 1, but "0.5" came'],
  ["dropout", 1, "expected a number from 0 below 1, but 1 came"],
  ["dropout", -0.1, "expected a number from 0 below 1, but -0.1 came"],
  ["dropout", NaN, "expected a number from 0 below 1, but NaN came"],
  ["dropout", Infinity, "expected a number from 0 below 1, but Infinity came"],
  ["dropout", 1n, "expected a number from 0 below 1, but 1 came"],
  ["dropout", null, "expected a number from 0 below 1, but null came"],
  ["dropout", { rate: 0.5 }, "expected a number from 0 below 1, but an object came"],
  ["lesions", [], `expected ${names}, but [] came`],
  ["lesions", [""], `expected ${names}, but [""] came`],
  ["lesions", ["a", "b", "a"], 'names must differ, but ["a", "b", "a"] came'],
  ["lesions", new Array(30).fill(7), `expected ${names}, but [${"7, ".repeat(26)}7… came`],
])("vnet with %s: %o is refused", (key, value, because) => {
  const given = Object.fromEntries([
    ["name", "vnet"],
    [key, value],
  ]) as { name: string };
  expect(thrownBy(() => resolveNetwork(given))).toBe(`NetworkError: network vnet: ${key}: ${because}`);
});

test.each([
  ["task", "segment", 'expected joint | segmentation | diagnosis, but "segment" came'],
  ["kernel", 4, "expected 3 | 5, but 4 came"],
  ["kernel", "5", 'expected 3 | 5, but "5" came'],
  ["reverseAttention", "false", 'expected true | false, but "false" came'],
  ["passes", 3, "expected a whole number from 0 to 2, but 3 came"],
  ["passes", 1.5, "expected a whole number from 0 to 2, but 1.5 came"],
  ["classes", ["sick"], 'expected a list of 2 or more, each a name, but ["sick"] came'],
  ["fusionWeights", [1, 2, NaN, 3], "expected a list of 4, each a number, but [1, 2, NaN, 3] came"],
])("multirnet with %s: %o is refused", (key, value, because) => {
  expect(thrownBy(() => resolveNetwork({ name: "multirnet", [key]: value }))).toBe(
    `NetworkError: network multirnet: ${key}: ${because}`,
  );
});

test("a misspelt option is told before one with a wrong value", () => {
  expect(thrownBy(() => resolveNetwork({ name: "multirnet", dropout: 7, pases: 1 }))).toBe(
    "NetworkError: network multirnet: pases: unknown option; did you mean passes?",
  );
});

test("the problem is there as data too, and its cause with it", () => {
  try {
    resolveNetwork({ name: "vnet", dropout: 2 });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError);
    const { problem, blame, cause } = error as NetworkError;
    const because = "expected a number from 0 below 1, but 2 came";
    expect(problem).toEqual({ code: "NETWORK_OPTION", network: "vnet", key: "dropout", because });
    expect([blame, cause instanceof Error]).toEqual(["input", true]);
  }
});

test("options are the given ones over the preset's over the defaults, every key that has a default present", () => {
  const { name, options } = resolveNetwork({ name: "multirnet", preset: "tiny", kernel: 5, classes: ["a", "b"] });
  expect(name).toBe("multirnet");
  expect(options).toEqual({
    task: "joint",
    classes: ["a", "b"], // given
    lesions: ["lesion"],
    widths: [2, 3, 4, 5, 6], // the preset's
    kernel: 5, // given over the preset's 3
    norm: "batch",
    activation: "relu", // the preset's
    reverseAttention: true,
    fusionWeights: [0.4, 0.3, 0.2, 0.1],
    classifierWidths: [2, 3, 4, 5, 6, 6],
    dropout: 0.5,
    detachMask: false,
    passes: 0,
    detachPasses: true,
  });
  expect(resolveNetwork({ name, ...options })).toEqual({ name, options }); // resolved options resolve to themselves
});

test("without a preset it is the full one, and an option that is undefined is one that was not given", () => {
  expect(resolveNetwork({ name: "vnet" })).toEqual(resolveNetwork({ name: "vnet", preset: "full" }));
  expect(resolveNetwork({ name: "vnet", preset: "tiny", widths: undefined }).options["widths"]).toEqual([
    2, 4, 6, 8, 10,
  ]);
});

test.each(NETWORKS.flatMap(({ name, presets }) => Object.keys(presets).map((preset) => ({ name, preset }))))(
  "$name has a preset $preset that resolves",
  ({ name, preset }) => {
    const { options } = resolveNetwork({ name, preset });
    expect(options).toMatchObject(networkEntry(name).presets[preset] ?? {});
  },
);

test("a network is made from its name, its options and a seed, and says its task", () => {
  scope(() => {
    for (const { name, tasks } of NETWORKS) {
      const network = createNetwork(resolveNetwork({ name, preset: "tiny" }), 0);
      expect(network.task).toBe(tasks[0]);
      network.release();
    }
  });
});

test.each(NETWORKS.map((entry) => ({ entry, name: entry.name })))(
  "$name sees what the registry says it does, at a side of its own where it is resized",
  ({ entry, name }) => {
    const { dims, stack = false, resizes = false, input } = entry;
    const spec = resolveNetwork({ name, preset: "tiny" });
    const network = createNetwork(spec, 0);
    expect(network.sees).toBe(dims === 3 ? "volume" : stack ? "stack" : "slice");
    expect(network.side !== undefined).toBe(resizes);
    expect(input.length).toBe(1 + dims);
    expect(input[0]).toBe(dims === 3 ? 1 : 3); // a slice stands three times as channels
    const whole = resolveNetwork({ name });
    const { side } = whole.options;
    if (resizes) expect(input.slice(1)).toEqual([side, side]);
    expect([...input.slice(1), network.side ?? 0].map((length) => length % sideMultiple(whole))).toEqual(
      Array.from({ length: dims + 1 }, () => 0),
    );
    network.release();
  },
);

test.each(NETWORKS.filter(({ tasks }) => tasks.includes("segmentation")).map(({ name }) => name))(
  "%s has the edge head and the levels that the registry says",
  (name) => {
    const { dims, edges = false, levels } = networkEntry(name);
    const spec = resolveNetwork({ name, preset: "tiny" });
    const network = overVolumes(createNetwork(spec, 0));
    const side = 64 * Math.ceil(sideMultiple(spec) / 64);
    scope(() => {
      const { auxiliary } = network.forward(noise("volume", [1, 1, dims === 3 ? 32 : 1, side, side]), EVALUATION);
      expect(auxiliary.some(({ of }) => of === "edge")).toBe(edges);
      expect(auxiliary.filter(({ role, of }) => role === "level" && of === "lesion")).toHaveLength(levels);
    });
    network.release();
  },
);

test("the heads are named by the options, and a network without classes has none", () => {
  expect(headsOf(resolveNetwork({ name: "multirnet", lesions: ["x", "y"] }))).toEqual({
    classes: ["covid-19", "cap", "normal"],
    lesions: ["x", "y"],
  });
  expect(headsOf(resolveNetwork({ name: "vnet" }))).toEqual({ classes: [], lesions: ["lesion"] });
});
