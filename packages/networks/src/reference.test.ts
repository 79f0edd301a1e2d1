import { expect, test } from "vitest";

import { nameHere, optionWords } from "./reference.js";
import { networkEntry, NETWORKS, resolveNetwork, undrawnNetwork } from "./registry.js";
import { referenceOf } from "./testing/reference-of.js";

const counts = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test("no network has two references of one name, by which they are asked for", () => {
  for (const { name, references } of NETWORKS)
    expect(new Set(references.map((reference) => reference.name)).size, name).toBe(references.length);
  expect(networkEntry("medt").references.map(({ name }) => name)).toEqual(["medt", "logo", "gated", "axial"]);
});

test.each(
  NETWORKS.flatMap(({ name, references }) => references.map((reference) => ({ name, of: reference.name, reference }))),
)(
  "the reference $of of $name: its options are the network's, and its parts and its head are there",
  ({ name, reference }) => {
    const network = undrawnNetwork(resolveNetwork({ name, ...reference.options }));
    const paths = [...network.state().keys()];
    const { covers = [], head } = reference;
    for (const part of covers)
      expect(
        paths.some((path) => path.split(".")[0] === part),
        part,
      ).toBe(true);
    // What is trained on photographs alone has no head for an outline; a classifier's is left out by its count.
    expect(covers.length === 0).toBe(head !== undefined);
    if (head !== undefined) expect(paths.some((path) => head.tensors.test(path))).toBe(true);
    network.release();
  },
);

test.each([
  { name: "vnet", of: "monai", words: "the default options" },
  { name: "vnet", of: "pytorch", words: "{ preset: pytorch }" },
  { name: "unet3d", of: "monai", words: "{ preset: monai }" },
  { name: "res2net50-2d", of: "plain", words: "{ variant: plain }" },
  { name: "medt", of: "axial", words: "{ variant: axial }" },
])("the reference $of of $name is for $words", ({ name, of, words }) => {
  expect(optionWords(referenceOf(name, of))).toBe(words);
});

const NORM = ["weight", "bias", "running_mean", "running_var"];
const named = (path: string, names: readonly string[]): string[] => names.map((name) => `${path}.${name}`);

test("every tensor of vnet.pytorch has its place, and every place its tensor", () => {
  // Its modules, read from its source; ELU would have no weights.
  const unit = (path: string): string[] => [
    ...named(`${path}.conv1`, ["weight", "bias"]),
    ...named(`${path}.bn1`, NORM),
    `${path}.relu1.weight`,
  ];
  const stage = (path: string, convolution: string, count: number): string[] => [
    ...named(`${path}.${convolution}`, ["weight", "bias"]),
    ...named(`${path}.bn1`, NORM),
    ...named(path, ["relu1.weight", "relu2.weight"]),
    ...Array.from({ length: count }, (_, index) => unit(`${path}.ops.${String(index)}`)).flat(),
  ];
  const theirs = [
    ...unit("in_tr"),
    ...Object.entries({ 32: 1, 64: 2, 128: 3, 256: 2 }).flatMap(([at, count]) =>
      stage(`down_tr${at}`, "down_conv", count),
    ),
    ...Object.entries({ 32: 1, 64: 1, 128: 2, 256: 2 }).flatMap(([at, count]) => stage(`up_tr${at}`, "up_conv", count)),
    ...unit("out_tr"),
    ...named("out_tr.conv2", ["weight", "bias"]),
  ];
  const network = undrawnNetwork(resolveNetwork({ name: "vnet", preset: "pytorch" }));
  const reference = referenceOf("vnet", "pytorch");
  expect(theirs.map((name) => nameHere(reference, name)).sort()).toEqual([...network.state().keys()].sort());
  expect(nameHere(reference, "in_tr.bn1.num_batches_tracked")).toBeUndefined();
  network.release();
});

/** torchvision's ResNet-50, read from `torchvision/models/resnet.py`. */
const RESNET50 = [
  "conv1.weight",
  ...named("bn1", NORM),
  ...[3, 4, 6, 3].flatMap((blocks, stage) =>
    counts(blocks).flatMap((block) => {
      const path = `layer${String(stage + 1)}.${String(block)}`;
      const units = [1, 2, 3].flatMap((unit) => [
        `${path}.conv${String(unit)}.weight`,
        ...named(`${path}.bn${String(unit)}`, NORM),
      ]);
      return block > 0 ? units : [...units, `${path}.downsample.0.weight`, ...named(`${path}.downsample.1`, NORM)];
    }),
  ),
];

/** torchvision's DenseNet, read from `torchvision/models/densenet.py`; `between` is what stood in its names once. */
const densenet = (blocks: readonly number[], between = ""): string[] => [
  "features.conv0.weight",
  ...named("features.norm0", NORM),
  ...blocks.flatMap((layers, block) => [
    ...counts(layers).flatMap((layer) => {
      const path = `features.denseblock${String(block + 1)}.denselayer${String(layer + 1)}`;
      return [1, 2].flatMap((unit) => [
        ...named(`${path}.norm${between}${String(unit)}`, NORM),
        `${path}.conv${between}${String(unit)}.weight`,
      ]);
    }),
    ...(block === 3
      ? []
      : [
          ...named(`features.transition${String(block + 1)}.norm`, NORM),
          `features.transition${String(block + 1)}.conv.weight`,
        ]),
  ]),
  ...named("features.norm5", NORM),
  ...named("classifier", ["weight", "bias"]),
];

/** torchvision's VGG-16 with batch norm: its features are one sequence, in which poolings and ReLUs count. */
const VGG16_BN = [0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40].flatMap((at) => [
  ...named(`features.${String(at)}`, ["weight", "bias"]),
  ...named(`features.${String(at + 1)}`, NORM),
]);

test.each([
  {
    name: "covnet",
    of: "backbone",
    what: "torchvision's ResNet-50",
    theirs: RESNET50,
    more: named("fc", ["weight", "bias"]),
  },
  {
    name: "densenet121-2d",
    of: "torchvision",
    what: "torchvision's DenseNet-121",
    theirs: densenet([6, 12, 24, 16]),
    more: [],
  },
  {
    name: "densenet201-2d",
    of: "torchvision",
    what: "torchvision's DenseNet-201 as its file has it",
    theirs: densenet([6, 12, 48, 32], "."),
    more: [],
  },
  {
    name: "jcs",
    of: "backbone",
    what: "torchvision's VGG-16",
    theirs: VGG16_BN,
    more: named("classifier.0", ["weight", "bias"]),
  },
])("every tensor of $what has its place in $name, and every place its tensor", ({ name, of, theirs, more }) => {
  const reference = referenceOf(name, of);
  const network = undrawnNetwork(resolveNetwork({ name }));
  const ours = [...network.state().keys()].filter(
    (path) => reference.covers?.includes(path.split(".")[0] ?? "") ?? true,
  );
  expect(theirs.map((tensor) => nameHere(reference, tensor)).sort()).toEqual(ours.sort());
  for (const tensor of [...more, "features.1.num_batches_tracked"]) expect(nameHere(reference, tensor)).toBeUndefined();
  network.release();
});
