import { full, scope, tensor, zeros, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { VNET_MONAI } from "./baselines/vnet.js";
import { TRANSUNET_NPZ } from "./baselines/transunet.js";
import { importWeights } from "./import-weights.js";
import type { Network } from "./network.js";
import { nameHere, type Reference } from "./reference.js";
import { createNetwork, resolveNetwork, undrawnNetwork } from "./registry.js";
import { referenceOf } from "./testing/reference-of.js";
import { thrownBy } from "./testing/thrown.js";

const counts = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const made = () => createNetwork(resolveNetwork({ name: "vnet", preset: "tiny" }), 1);

test("tensors go where the rules say; what is missing and what has no place is named", () => {
  scope(() => {
    const network = made();
    const first = network.state().get("body.head.weight")?.toNumbers();
    const found = importWeights(
      network,
      VNET_MONAI,
      new Map<string, Tensor>([
        ["out_tr.conv2.bias", tensor([0.5, -0.25], [2], "float64")], // of another type: converted
        ["in_tr.conv_block.adn.N.running_mean", tensor([1, 2], [2])],
        ["in_tr.conv_block.adn.N.num_batches_tracked", tensor([7], [], "int64")], // counted, and used by nothing
        ["somewhere.else", tensor([1], [1])],
      ]),
    );
    expect(network.state().get("body.head.bias")?.toNumbers()).toEqual([0.5, -0.25]);
    expect(network.state().get("body.first.norm.runningMean")?.toNumbers()).toEqual([1, 2]);
    expect(network.state().get("body.head.weight")?.toNumbers()).toEqual(first); // left as it was
    expect([found.tensors, found.extra, found.leftOut]).toEqual([2, ["somewhere.else"], []]);
    expect(found.unused).toEqual(["in_tr.conv_block.adn.N.num_batches_tracked"]);
    expect(found.missing.length).toBe(network.state().size - 2);
    network.release();
  });
});

test("a tensor of another shape is refused with both, and nothing is changed; so are files without a known name", () => {
  scope(() => {
    const network = made();
    const before = network.state().get("body.head.bias")?.toNumbers();
    const given = new Map([
      ["out_tr.conv2.bias", tensor([3, 4], [2])],
      ["in_tr.conv_block.adn.N.weight", tensor([1, 2, 3], [3])],
    ]);
    expect(thrownBy(() => importWeights(network, VNET_MONAI, given))).toBe(
      "NetworkError: cannot take over these weights by the reference monai: tensors of another shape: " +
        "in_tr.conv_block.adn.N.weight is 3 there, body.first.norm.weight is 2 here; they are for the default options",
    );
    expect(network.state().get("body.head.bias")?.toNumbers()).toEqual(before);
    expect(thrownBy(() => importWeights(network, VNET_MONAI, new Map([["x", tensor([1], [1])]])))).toBe(
      "NetworkError: cannot take over these weights by the reference monai: none of its 1 tensors is called as in " +
        "Project-MONAI/MONAI monai/networks/nets/vnet.py",
    );
    network.release();
  });
});

test("Flax's layout is turned into ours", () => {
  scope(() => {
    const count = (...shape: number[]): Tensor =>
      tensor(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
        shape,
      );
    const laidOut = (theirs: Tensor, shape: number[]): unknown =>
      TRANSUNET_NPZ.laidOut?.(theirs, shape, "")?.contiguous().toNumbers();
    // A kernel of 1×2 from 3 channels to 2: element (h, w, in, out) goes to (out, in, h, w).
    expect(laidOut(count(1, 2, 3, 2), [2, 3, 1, 2])).toEqual([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
    // Queries: 4 inputs to 2 heads of 2; ours is outputs×inputs. So is what follows the heads.
    const turned = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
    expect(laidOut(count(4, 2, 2), [4, 4])).toEqual(turned);
    expect(laidOut(count(2, 2, 4), [4, 4])).toEqual(turned);
    expect(laidOut(count(1, 3, 2), [1, 2, 2])).toEqual([2, 3, 4, 5]); // without the class token
    expect(laidOut(count(1, 2, 2), [1, 2, 2])).toEqual([0, 1, 2, 3]); // it has none
    expect(laidOut(count(1, 1, 1, 3), [3])).toEqual([0, 1, 2]);
    expect(nameHere(TRANSUNET_NPZ, "Transformer/encoderblock_3/MultiHeadDotProductAttention_1/query/kernel")).toBe(
      "encoder.layers.3.attention.query.weight",
    );
    expect(nameHere(TRANSUNET_NPZ, "block2/unit1/conv_proj/kernel")).toBe("stem.stages.1.0.shortcut.weight");
    expect(nameHere(TRANSUNET_NPZ, "cls")).toBeUndefined();
  });
});

/** The encoder of a tiny TransUNet with as many units and layers as R50+ViT-B_16 has: stem 4, tokens 8 in 2 heads, mlp 12, 2×2 patches. */
const tinyTransunet = () =>
  createNetwork(resolveNetwork({ name: "transunet", preset: "tiny", units: [3, 4, 9], layers: 12 }), 1);

/** Names and shapes of R50+ViT-B_16.npz at these widths: the names that TransUNet's `load_from` asks for, and the shapes that it views or permutes. */
function vitCheckpoint(): Map<string, readonly number[]> {
  const norm = (path: string, ...sides: number[]) =>
    [
      [`${path}/scale`, sides],
      [`${path}/bias`, sides],
    ] as const;
  const linear = (path: string, from: readonly number[], to: readonly number[]) =>
    [
      [`${path}/kernel`, [...from, ...to]],
      [`${path}/bias`, to],
    ] as const;
  const unit = (block: number, index: number) => {
    const path = `block${String(block)}/unit${String(index)}`;
    const between = 4 * 2 ** (block - 1);
    const to = 4 * between;
    const from = index > 1 ? to : block === 1 ? 4 : to / 2;
    const shortcut = [[`${path}/conv_proj/kernel`, [1, 1, from, to]], ...norm(`${path}/gn_proj`, 1, 1, 1, to)] as const;
    return [
      [`${path}/conv1/kernel`, [1, 1, from, between]],
      [`${path}/conv2/kernel`, [3, 3, between, between]],
      [`${path}/conv3/kernel`, [1, 1, between, to]],
      ...norm(`${path}/gn1`, 1, 1, 1, between),
      ...norm(`${path}/gn2`, 1, 1, 1, between),
      ...norm(`${path}/gn3`, 1, 1, 1, to),
      ...(index === 1 ? shortcut : []),
    ] as const;
  };
  const layer = (index: number) => {
    const path = `Transformer/encoderblock_${String(index)}`;
    const attention = `${path}/MultiHeadDotProductAttention_1`;
    return [
      ...norm(`${path}/LayerNorm_0`, 8),
      ...["query", "key", "value"].flatMap((name) => linear(`${attention}/${name}`, [8], [2, 4])),
      ...linear(`${attention}/out`, [2, 4], [8]),
      ...norm(`${path}/LayerNorm_2`, 8),
      ...linear(`${path}/MlpBlock_3/Dense_0`, [8], [12]),
      ...linear(`${path}/MlpBlock_3/Dense_1`, [12], [8]),
    ] as const;
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  return new Map<string, readonly number[]>([
    ["conv_root/kernel", [7, 7, 3, 4]],
    ...norm("gn_root", 1, 1, 1, 4),
    ...[3, 4, 9].flatMap((units, block) => upTo(units).flatMap((index) => unit(block + 1, index + 1))),
    ...linear("embedding", [1, 1, 64], [8]),
    ["Transformer/posembed_input/pos_embedding", [1, 5, 8]], // the token of the class first
    ...upTo(12).flatMap(layer),
    ...norm("Transformer/encoder_norm", 8),
    // What only classification has.
    ["cls", [1, 1, 8]],
    ...linear("pre_logits", [8], [8]),
    ...linear("head", [8], [21843]),
  ]);
}

test("every name of the ViT's archive has its place in TransUNet, and every place of the encoder its name", () => {
  scope(() => {
    const network = tinyTransunet();
    const archive = vitCheckpoint();
    const places = Array.from(archive.keys(), (name) => nameHere(TRANSUNET_NPZ, name));
    const classification = ["cls", "pre_logits/kernel", "pre_logits/bias", "head/kernel", "head/bias"];
    expect([...archive.keys()].filter((_, index) => places[index] === undefined)).toEqual(classification);
    const encoder = [...network.state().keys()].filter((name) => !/^(more|decoder|head)\./.test(name));
    expect(places.filter((place) => place !== undefined).sort()).toEqual(encoder.sort());
    const taken = importWeights(
      network,
      TRANSUNET_NPZ,
      new Map(Array.from(archive, ([name, shape]) => [name, full(shape, 0.5)])),
    );
    expect([taken.tensors, taken.extra]).toEqual([encoder.length, []]);
    expect(taken.missing.filter((name) => !/^(more|decoder|head)\./.test(name))).toEqual([]);
    network.release();
  });
});

test.each([
  { name: "conv_root/kernel", came: [7, 7, 4], expected: "stem.root.weight is 4×3×7×7" },
  { name: "conv_root/kernel", came: [4, 3, 7, 7], expected: "stem.root.weight is 4×3×7×7" }, // PyTorch's order
  { name: "gn_root/scale", came: [1, 1, 1, 5], expected: "stem.rootNorm.weight is 4" },
  { name: "gn_root/bias", came: [], expected: "stem.rootNorm.bias is 4" },
  { name: "Transformer/posembed_input/pos_embedding", came: [1, 7, 8], expected: "positions is 1×4×8" },
  { name: "Transformer/posembed_input/pos_embedding", came: [5, 5], expected: "positions is 1×4×8" },
  {
    name: "Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel",
    came: [12, 8], // as many numbers, but outputs first
    expected: "encoder.layers.0.first.weight is 12×8",
  },
  {
    name: "Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel",
    came: [8, 13],
    expected: "encoder.layers.0.first.weight is 12×8",
  },
  {
    name: "Transformer/encoderblock_11/MultiHeadDotProductAttention_1/query/kernel",
    came: [2, 8, 4],
    expected: "encoder.layers.11.attention.query.weight is 8×8",
  },
])("an array of the ViT of another shape is refused by its name: $name as $came", ({ name, came, expected }) => {
  scope(() => {
    const network = tinyTransunet();
    const there = came.length === 0 ? "scalar" : came.join("×");
    expect(thrownBy(() => importWeights(network, TRANSUNET_NPZ, new Map([[name, full(came, 0.5)]])))).toBe(
      "NetworkError: cannot take over these weights by the reference npz: tensors of another shape: " +
        `${name} is ${there} there, ${expected} here; they are for the default options`,
    );
    network.release();
  });
});

test("Inf-Net takes a Res2Net's weights as its backbone, without the head", () => {
  scope(() => {
    const network = createNetwork(resolveNetwork({ name: "infnet", preset: "tiny" }), 1);
    const planes = network.state().get("backbone.stemNorms.2.weight")?.shape[0] ?? 0;
    const scale = tensor(
      Array.from({ length: planes }, (_, i) => i),
      [planes],
    );
    const found = importWeights(
      network,
      referenceOf("infnet", "backbone"),
      new Map([
        ["bn1.weight", scale],
        ["fc.weight", tensor([1], [1, 1])],
      ]),
    );
    expect(network.state().get("backbone.stemNorms.2.weight")?.toNumbers()).toEqual(scale.toNumbers());
    expect([found.tensors, found.extra]).toEqual([1, []]);
    network.release();
  });
});

test("where a backbone's norms have an epsilon and the frozen ones here none, the variance takes it", () => {
  scope(() => {
    const network = undrawnNetwork(resolveNetwork({ name: "jcs", preset: "tiny" }));
    const given = new Map([
      ["features.1.running_var", tensor([0, 0.5, 1, 2, 0, 0, 0, 0], [8])],
      ["features.1.running_mean", tensor([0, 1, 2, 3, 4, 5, 6, 7], [8])],
    ]);
    importWeights(network, referenceOf("jcs", "backbone"), given);
    const near = [1e-5, 0.50001, 1.00001, 2.00001, 1e-5, 1e-5, 1e-5, 1e-5].map((value) => expect.closeTo(value, 7));
    expect(network.state().get("vgg.0.0.norm.runningVar")?.toNumbers()).toEqual(near);
    expect(network.state().get("vgg.0.0.norm.runningMean")?.toNumbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    network.release();
  });
});

test.each([
  "module.",
  "state_dict.",
  "state_dict.module.",
  "model.",
  "model.module.",
  "net.",
  "network.",
  "_orig_mod.",
])("what stands before every name, %s, is taken away", (before) => {
  scope(() => {
    const network = made();
    const given = new Map([
      [`${before}out_tr.conv2.bias`, tensor([0.5, -0.25], [2])],
      [`${before}somewhere.else`, tensor([1], [1])],
      ["optimizer.step", tensor([1], [1])],
    ]);
    const { tensors, extra } = importWeights(network, VNET_MONAI, given);
    expect(network.state().get("body.head.bias")?.toNumbers()).toEqual([0.5, -0.25]);
    expect([tensors, extra]).toEqual([1, [`${before}somewhere.else`, "optimizer.step"]]);
    network.release();
  });
});

test("names that begin with a wrapper's word by themselves are left alone", () => {
  scope(() => {
    const network = undrawnNetwork(resolveNetwork({ name: "attention-unet", preset: "tiny" }));
    const given = new Map([["model.2.conv.bias", tensor([0.5], [1])]]); // MONAI's own name
    expect(importWeights(network, referenceOf("attention-unet", "monai"), given).tensors).toBe(1);
    network.release();
  });
});

test.each([
  { name: "res2net50-2d", of: "v1b", head: "fc", known: "bn1.weight", size: 10 },
  { name: "densenet121", of: "monai", head: "class_layers.out", known: "features.norm0.weight", size: 4 },
  { name: "densenet121-2d", of: "torchvision", head: "classifier", known: "features.norm0.weight", size: 4 },
  { name: "covnet", of: "torch", head: "classifer", known: "pretrained_model.1.weight", size: 2 },
])("$name: a classifier of other classes is left out, and the rest taken over", ({ name, of, head, known, size }) => {
  scope(() => {
    const network = createNetwork(resolveNetwork({ name, preset: "tiny" }), 1);
    const before = network.state().get("head.weight");
    const [, width = 0] = before?.shape ?? [];
    const numbers = before?.toNumbers();
    const given = new Map([
      [known, tensor(counts(size), [size])],
      [`${head}.weight`, zeros([1000, width])],
      [`${head}.bias`, zeros([1000])],
    ]);
    const found = importWeights(network, referenceOf(name, of), given);
    const theirs = [`${head}.weight`, `${head}.bias`];
    expect([found.tensors, found.leftOut, found.extra]).toEqual([1, theirs, theirs]);
    expect(found.missing).toEqual(expect.arrayContaining(["head.weight", "head.bias"]));
    expect(network.state().get("head.weight")?.toNumbers()).toEqual(numbers);
    // Of another width it is another network's.
    given.set(`${head}.weight`, zeros([1000, width + 1]));
    expect(thrownBy(() => importWeights(network, referenceOf(name, of), given))).toMatch(
      new RegExp(
        `: tensors of another shape: ${head}.weight is 1000×${String(width + 1)} there, head.weight is 3×${String(width)} here; `,
      ),
    );
    network.release();
  });
});

test("many tensors of another shape are counted, and the options told that the reference is for", () => {
  scope(() => {
    const given = new Map(
      [32, 64, 128, 256].flatMap((width) =>
        [1, 2].map((index) => [`down_tr${String(width)}.relu${String(index)}.weight`, zeros([9])]),
      ),
    );
    const prelu = createNetwork(resolveNetwork({ name: "vnet", preset: "tiny", activation: "prelu" }), 1);
    expect(thrownBy(() => importWeights(prelu, referenceOf("vnet", "pytorch"), given))).toMatch(
      /relu1.weight is 9 there, body.down.2.halvedActivation.\w+ is 8 here and 3 more; they are for { preset: pytorch }$/,
    );
    prelu.release();
  });
});

test("V-Net's head and a sigmoid's are told what they take", () => {
  scope(() => {
    const vnet = made();
    const refusal = (network: Network, reference: Reference, name: string, channels: number): string =>
      thrownBy(() => importWeights(network, reference, new Map([[name, zeros([channels])]])));
    expect(refusal(vnet, VNET_MONAI, "out_tr.conv2.bias", 3)).toBe(
      "NetworkError: cannot take over these weights by the reference monai: its head has 3 channels, for the background and 2 lesion types, " +
        "and this network is for 1: give `lesions` 2 names",
    );
    const jcs = undrawnNetwork(resolveNetwork({ name: "jcs", preset: "tiny" }));
    expect(refusal(jcs, referenceOf("jcs", "torch"), "cls1.bias", 2)).toBe(
      "NetworkError: cannot take over these weights by the reference torch: its head has 2 channels, this network's 1: give `lesions` 2 names",
    );
    for (const network of [vnet, jcs]) network.release();
  });
});
