import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { decodeSafetensors, encodeSafetensors, scope, tensor, zeros, type Tensor } from "@multirnet/engine";
import { expect, test } from "vitest";

import { json, madeFolder, run } from "../testing/run.js";

const made = (name: string): string =>
  fileURLToPath(new URL(`../../../artifacts/src/foreign/testing/${name}`, import.meta.url));

/** A folder of a test, with what is written in it and what is said of it. */
function workplace() {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, name);
  return {
    path,
    stored: (name: string, tensors: () => Readonly<Record<string, Tensor>>): void => {
      writeFileSync(
        path(name),
        scope(() => encodeSafetensors(new Map(Object.entries(tensors())))),
      );
    },
    numbers: (name: string, weight: string): number[] | undefined =>
      scope(() =>
        decodeSafetensors(readFileSync(path(name)), name)
          .get(weight)
          ?.toNumbers(),
      ),
    /** What a command says without `--json`, or why it refused. */
    said: async (...argv: readonly string[]): Promise<string[]> => {
      const { code, stdout, stderr } = await run(...argv);
      expect(code).toBe(stderr === "" ? 0 : 2);
      return (stderr + stdout).replaceAll(`${folder}/`, "").trimEnd().split("\n");
    },
  };
}

test("the tensors of a file are shown, with a total and what stands beside them", async () => {
  const { path, said } = workplace();
  expect(await json("weights", "show", made("checkpoint.pt"))).toEqual({
    tensors: [
      { name: "weight", dtype: "float32", shape: [1, 2] },
      { name: "bias", dtype: "float32", shape: [1] },
    ],
    numbers: 3,
    metadata: {},
  });
  expect(await said("weights", "show", made("arrays.npz"))).toEqual([
    "tensor        type     shape",
    "block/kernel  float32  2×3",
    "fortran       float64  2×3",
    "whole         int64    scalar",
    "3 tensors, 13 numbers",
  ]);
  writeFileSync(
    path("w"),
    scope(() => encodeSafetensors(new Map([["x", zeros([40, 50])]]), { epoch: "7" })),
  );
  expect(await said("weights", "show", path("w"))).toEqual([
    ...["tensor  type     shape", "x       float32  40×50"],
    ...["epoch: 7", "1 tensor, 2,000 numbers"],
  ]);
});

test("a state dict goes where the network's names say, and what is missing, extra and not needed is told", async () => {
  const { path, stored, numbers, said } = workplace();
  stored("theirs", () => ({
    "module.out_tr.conv2.bias": tensor([0.75, -2], [2]), // as DataParallel saves it
    "module.in_tr.conv_block.adn.N.num_batches_tracked": tensor([7], [], "int64"),
    ...Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((name) => [name, zeros([1])])),
  }));
  writeFileSync(path("c.yaml"), "preset: tiny\n");
  const argv = [
    "weights",
    "import",
    path("theirs"),
    "--network",
    "vnet",
    "--config",
    path("c.yaml"),
    "--out",
    path("ours"),
  ];
  const extra = ["a", "b", "c", "d", "e", "f", "g"];
  const sourceSha256 = createHash("sha256")
    .update(readFileSync(path("theirs")))
    .digest("hex");
  const origin = { reference: "monai", source: "Project-MONAI/MONAI monai/networks/nets/vnet.py", sourceSha256 };
  const found = await json(...argv);
  expect(found).toMatchObject({
    ...{ tensors: 1, extra, leftOut: [], unused: ["module.in_tr.conv_block.adn.N.num_batches_tracked"] },
    ...{ fileTensors: 9, networkTensors: 126, options: { activation: "elu", widths: [2, 4, 6, 8, 10] }, ...origin },
  });
  expect(found["missing"]).toHaveLength(125);
  expect(numbers("ours", "body.head.bias")).toEqual([0.75, -2]);
  expect((await json("weights", "show", path("ours")))["metadata"]).toEqual({
    ...{ network: "vnet", options: JSON.stringify(found["options"]), ...origin },
  });
  const first = ["convolution.weight", "norm.weight", "norm.bias", "norm.runningMean", "norm.runningVar"];
  expect(await said(...argv)).toEqual([
    "ours: vnet with the options of c.yaml",
    "  from Project-MONAI/MONAI monai/networks/nets/vnet.py: 1 of the 9 tensors of theirs",
    "  they fill 1 of 126 tensors of vnet",
    `  missing, left as they began: ${first.map((name) => `body.first.${name}`).join(", ")} and 120 more`,
    "  extra, not taken: a, b, c, d, e and 2 more",
    "  not needed: 1 tensor, such as module.in_tr.conv_block.adn.N.num_batches_tracked",
  ]);
});

test("without a config the options are those that the reference is for", async () => {
  const { path, stored, said } = workplace();
  stored("theirs", () => ({ "adjust.bias": tensor([0.5], [1]) }));
  const argv = ["weights", "import", path("theirs"), "--network", "medt", "--out", path("ours")];
  expect((await said(...argv, "--reference", "axial"))[0]).toBe(
    "ours: medt with { variant: axial }, which forward and train need too",
  );
  expect(await json(...argv, "--reference", "axial")).toMatchObject({ options: { variant: "axial", side: 128 } });
  stored("theirs", () => ({ "final_conv_0_4.bias": tensor([0.5], [1]) }));
  argv[4] = "unetpp3d";
  expect((await said(...argv))[0]).toBe("ours: unetpp3d with the default options");
});

test("weights that do not fit a config's options are told which options they are for", async () => {
  const { path, stored, said } = workplace();
  stored("theirs", () => ({ "conv_0.conv_0.conv.weight": zeros([32, 1, 3, 3, 3]) }));
  writeFileSync(path("c.yaml"), "preset: tiny\n");
  expect(
    await said(
      "weights",
      "import",
      path("theirs"),
      "--network",
      "unet3d",
      "--config",
      path("c.yaml"),
      "--out",
      path("no"),
    ),
  ).toEqual([
    "multirnet weights import: cannot take over these weights by the reference monai: tensors of another shape: conv_0.conv_0.conv.weight is " +
      "32×1×3×3×3 there, encoder.0.units.0.unit.convolution.weight is 2×1×3×3×3 here; they are for { preset: monai }",
  ]);
});

test.each([
  {
    lesions: "[lesion]",
    bias: [1, 4],
    ours: [3],
    words: "  the softmax over background and lesion is now a sigmoid of the lesion: the same outline",
  },
  {
    lesions: "[ground-glass, consolidation]",
    bias: [1, 4, 9],
    ours: [3, 8],
    words:
      "  the softmax over background and 2 lesion types is now a sigmoid of each, held against the background alone, as types may overlap",
  },
])("a softmax over background and $lesions becomes sigmoids", async ({ lesions, bias, ours, words }) => {
  const { path, stored, numbers, said } = workplace();
  stored("theirs", () => ({
    "final_conv.weight": tensor([...Array(4 * bias.length).keys()], [bias.length, 4, 1, 1, 1]),
    "final_conv.bias": tensor(bias, [bias.length]),
  }));
  writeFileSync(path("c.yaml"), `variant: monai\nwidths: [4, 4, 6, 8, 4]\nlesions: ${lesions}\n`);
  const argv = [
    "weights",
    "import",
    path("theirs"),
    "--network",
    "unet3d",
    "--config",
    path("c.yaml"),
    "--out",
    path("ours"),
  ];
  expect((await said(...argv, "--background", "first")).slice(0, 4)).toEqual([
    "ours: unet3d with the options of c.yaml",
    "  from Project-MONAI/MONAI monai/networks/nets/basic_unet.py: 2 of the 2 tensors of theirs",
    "  they fill 2 of 64 tensors of unet3d",
    words,
  ]);
  expect(numbers("ours", "head.bias")).toEqual(ours);
  expect(await said(...argv)).toEqual([
    `multirnet weights import: cannot take over these weights by the reference monai: its head has ${String(bias.length)} channels, this ` +
      `network's ${String(ours.length)}: give \`lesions\` ${String(bias.length)} names, or ${String(ours.length)} with background first where the ` +
      "first channel is the background's",
  ]);
});

test("a backbone's import says what it is not for in one line, and how a training takes it", async () => {
  const { path, stored, said } = workplace();
  stored("theirs", () => ({ "bn1.weight": zeros([10]), "fc.weight": zeros([1000, 320]), "fc.bias": zeros([1000]) }));
  writeFileSync(path("c.yaml"), "preset: tiny\n");
  const [, , filled, ...lines] = await said(
    ...["weights", "import", path("theirs"), "--network", "infnet", "--reference", "backbone"],
    ...["--config", path("c.yaml"), "--out", path("ours")],
  );
  const places = Number(/ of (\d+) /.exec(filled ?? "")?.[1]);
  expect(lines[0]).toMatch(
    /^ {2}missing, left as they began: backbone\.stem\.0\.weight, backbone\.stem\.1\.weight, .*, backbone\.\S+ and (\d+) more$/,
  );
  const more = Number(/(\d+) more$/.exec(lines[0] ?? "")?.[1]);
  expect(lines.slice(1)).toEqual([
    `  not of this reference, left as they began: ${String(places - more - 6)} tensors of fields, decoder, edge, attention`,
    "  not needed: 2 tensors, such as fc.weight",
    "  a training begins with it by initialWeights: { file: ours, part: backbone }",
  ]);
});

test("a classifier of other classes is left out and named so", async () => {
  const { path, stored, said } = workplace();
  stored("theirs", () => ({
    "pretrained_model.1.weight": zeros([2]),
    "classifer.weight": zeros([1000, 64]),
    "classifer.bias": zeros([1000]),
  }));
  writeFileSync(path("c.yaml"), "preset: tiny\n");
  const argv = [
    "weights",
    "import",
    path("theirs"),
    "--network",
    "covnet",
    "--config",
    path("c.yaml"),
    "--out",
    path("ours"),
  ];
  const theirs = ["classifer.weight", "classifer.bias"];
  expect(await json(...argv)).toMatchObject({ tensors: 1, leftOut: theirs, extra: theirs });
  const lines = await said(...argv);
  expect(lines[3]).toBe(
    "  left out, a classifier of 1000 classes where covnet has 3: classifer.weight, classifer.bias",
  );
  expect(lines[4]).toMatch(/^ {2}missing, left as they began: features\./);
  expect(lines.slice(5)).toEqual([]);
});

test("what weights import cannot use is told", async () => {
  const { path, stored, said } = workplace();
  stored("theirs", () => ({ x: zeros([1]) }));
  const refusal = async (file: string, network: string, ...more: readonly string[]): Promise<string> => {
    const lines = await said("weights", "import", path(file), "--network", network, "--out", path("no"), ...more);
    return lines.join("\n").replace("multirnet weights import: ", "");
  };
  expect(await refusal("theirs", "multirnet")).toBe("multirnet has no public implementation to take weights from");
  expect(await refusal("theirs", "vnet", "--reference", "torch")).toBe(
    "--reference: expected one of monai, pytorch for vnet, came torch",
  );
  expect(await refusal("theirs", "unet3d", "--background", "last")).toBe(
    '--background: expected first, where the background\'s channel must stand, but "last" came',
  );
  expect(await refusal("theirs", "medt")).toBe(
    "cannot take over these weights by the reference medt: none of its 1 tensors is called as in " +
      "jeya-maria-jose/Medical-Transformer lib/models/axialnet.py, MedT",
  );
  expect(await refusal("theirs", "vnet", "--background", "first")).toBe(
    "cannot take over these weights by the reference monai: background first: this network has a channel for the background too, and takes " +
      "the head as it is",
  );
});

test("a path that is not there is told before the network is made", async () => {
  const { path, said } = workplace();
  writeFileSync(path("c.yaml"), "preset: tiny\nheads: 3\n"); // which do not divide its tokens, as the network finds when it is made
  const argv = [
    "weights",
    "import",
    path("none"),
    "--network",
    "transunet",
    "--config",
    path("c.yaml"),
    "--out",
    path("no"),
  ];
  expect((await said(...argv))[0]).toMatch(/^multirnet weights import: cannot read none: ENOENT/);
});
