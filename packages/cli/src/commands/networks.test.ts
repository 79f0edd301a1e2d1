import { RandomSource } from "@multirnet/base";
import { decodeSafetensors, encodeSafetensors, scope, tensorFrom, withoutGradients } from "@multirnet/engine";
import { createNetwork, loadWeights, namedHeads, NETWORKS, resolveNetwork } from "@multirnet/networks";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { json, madeFolder, run } from "../testing/run.js";

test("networks lists what can be trained, with the keys of the contract", async () => {
  const list = (await json("networks")) as unknown as Record<string, unknown>[];
  expect(list.map(({ name }) => name)).toEqual(NETWORKS.map(({ name }) => name));
  const ours = list.find(({ name }) => name === "multirnet");
  for (const network of list) {
    for (const key of ["name", "task", "dims", "parameters", "input", "classes", "cites", "differs"])
      expect(network).toHaveProperty(key);
  }
  expect(ours).toMatchObject({
    task: "joint",
    dims: 3,
    input: [1, 32, 96, 96],
    classes: ["covid-19", "cap", "normal"],
  });
  expect(list.find(({ name }) => name === "vnet")).toMatchObject({
    references: [
      { name: "monai", source: "Project-MONAI/MONAI monai/networks/nets/vnet.py", options: {} },
      { name: "pytorch", source: "mattmacy/vnet.pytorch vnet.py", options: { preset: "pytorch" } },
    ],
  });
  expect(ours).toMatchObject({ references: [] });
  const { stdout } = await run("networks");
  expect(stdout).toMatch(/^name +tasks +dims +parameters +input C×D×H×W or C×H×W +presets$/m);
  expect(stdout).toMatch(/^transunet +segmentation +2-D +105,275,921 +3×224×224 +full, small, tiny$/m);
  expect(stdout).toContain("  reverseAttention: true | false; default true.");
});

test("networks NAME prints the layers of one network, with its config's options", async () => {
  const folder = madeFolder();
  writeFileSync(join(folder, "n.yaml"), "preset: tiny\ntask: segmentation\nwidths: [2, 3, 4, 5, 7]\n");
  const config = ["--config", join(folder, "n.yaml")];
  const found = (await json("networks", "multirnet", ...config)) as {
    readonly parameters: number;
    readonly multiplyAdds: number;
    readonly layers: readonly { readonly path: string; readonly parameters: number; readonly multiplyAdds: number }[];
  };
  const sum = (of: (layer: (typeof found.layers)[number]) => number): number =>
    found.layers.reduce((total, layer) => total + of(layer), 0);
  expect(found).toMatchObject({
    ...{ name: "multirnet", task: "segmentation", tasks: ["joint", "segmentation", "diagnosis"] },
    ...{ classes: [], lesions: ["lesion"], resolved: { task: "segmentation", widths: [2, 3, 4, 5, 7] } },
  });
  expect([found.parameters, found.multiplyAdds]).toEqual([
    sum(({ parameters }) => parameters),
    sum(({ multiplyAdds }) => multiplyAdds),
  ]);
  const { stdout } = await run("networks", "multirnet", ...config);
  expect(stdout).toMatch(/^layer\s+operator\s+input\s+output\s+parameters\s+multiply-adds$/m);
  expect(stdout).toMatch(
    /^segmentation\.first\.last\.convolution\s+conv3d\s+1×2×32×96×96\s+1×2×32×96×96\s+108\s+31,850,496$/m,
  );
  expect(stdout).toContain("multirnet: Li et al.");
});

const details = (stdout: string): readonly string[] => stdout.split("\n").filter((line) => line.startsWith("  "));

test("of one network the details say what it is, what is published of it and whose weights it takes", async () => {
  const config = join(madeFolder(), "n.yaml");
  writeFileSync(config, "preset: tiny\n");
  // 32·96·96 voxels, for each 5,421 products: 2,000 of the last level's convolution, 1,000 each of the one below and of the last unit, ….
  expect(details((await run("networks", "vnet", "--config", config)).stdout).slice(1, 6)).toEqual([
    "  Segmentation, 3-D. Input C×D×H×W: 1×32×96×96. 174,836 parameters; 1.60 G multiply-adds for one region.",
    "  Presets: full 45,597,898, small 11,403,370, tiny 174,836, pytorch 45,603,934 parameters.",
    "  Published training (`recipe: published` in a config). Milletari et al. 2016: Dice with squares below. Differs: nothing.",
    "  Weights from Project-MONAI/MONAI monai/networks/nets/vnet.py: `weights import --reference monai`.",
    "  Weights from mattmacy/vnet.pytorch vnet.py: `weights import --reference pytorch`, for { preset: pytorch }.",
  ]);
  expect((await run("networks")).stdout).toContain(
    "  Weights of its backbone from Res2Net/Res2Net-PretrainedModels res2net_v1b.py (res2net50_v1b_26w_4s): " +
      "`weights import --reference backbone`.\n",
  );
});

test.each([
  { name: "medt", options: "preset: tiny\nside: 256\n", input: [3, 256, 256] },
  { name: "transunet", options: "preset: tiny\nside: 64\n", input: [3, 64, 64] },
])("$name at another side is shown at that side", async ({ name, options, input }) => {
  const config = join(madeFolder(), "n.yaml");
  writeFileSync(config, options);
  expect(await json("networks", name, "--config", config)).toMatchObject({ input, multiplyAddsOf: "one slice" });
  const { stdout } = await run("networks", name, "--config", config);
  expect(stdout).toMatch(new RegExp(`^all +${input.join("×")} +[\\d,]+ +[\\d,]+$`, "m"));
  expect(details(stdout)[1]).toMatch(
    new RegExp(`^  Segmentation, 2-D\\. Input C×H×W: ${input.join("×")}\\. .* multiply-adds for one slice\\.$`),
  );
});

test("multiply-adds of a network that sees its own map again are those of all passes", async () => {
  const config = join(madeFolder(), "n.yaml");
  writeFileSync(config, "preset: tiny\npasses: 2\n");
  expect(await json("networks", "zhou", "--config", config)).toMatchObject({
    passes: 3,
    multiplyAddsOf: "one region in 3 passes",
    presetParameters: { full: 45_601_389, tiny: 175_179 },
  });
  const { stdout } = await run("networks", "zhou", "--config", config);
  expect(details(stdout)[1]).toMatch(/; [\d,.]+( G)? multiply-adds for one region in 3 passes\.$/);
});

test("what networks cannot use is told", async () => {
  const said = async (...argv: readonly string[]): Promise<[number, string]> => {
    const { code, stderr } = await run("networks", ...argv);
    return [code, stderr];
  };
  expect(await said("multrnet")).toEqual([
    2,
    expect.stringMatching(/^multirnet networks: there is no network multrnet; did you mean multirnet\?/),
  ]);
  expect(await said("--config", "n.yaml")).toEqual([
    2,
    "multirnet networks: --config: expected the name of a network before it, came none\n",
  ]);
});

test("init gives the same weights for the same seed, and forward the network's answer to the last bit", async () => {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("network.yaml"), "preset: tiny\npasses: 1\n");
  const network = ["--network", "multirnet", "--config", path("network.yaml")];
  const facts = await json("init", ...network, "--seed", "7", "--output", path("w"));
  const { stdout } = await run("init", ...network, "--seed", "7", "--output", path("again"));
  expect(stdout).toMatch(/again: \d{2,3} tensors, \d{2},\d{3} parameters\n$/);
  await json("init", ...network, "--seed", "7", "--output", path("again"));
  await json("init", ...network, "--seed", "8", "--output", path("other"));
  expect(readFileSync(path("again")).equals(readFileSync(path("w")))).toBe(true);
  expect(readFileSync(path("other")).equals(readFileSync(path("w")))).toBe(false);

  const shape = [1, 1, 16, 32, 48];
  const input = Float32Array.from({ length: 16 * 32 * 48 }, (_, i) => (i % 97) / 97);
  writeFileSync(
    path("x"),
    scope(() => encodeSafetensors(new Map([["input", tensorFrom(input, shape)]]))),
  );
  const { outputs } = await json(
    "forward",
    ...network,
    "--weights",
    path("w"),
    "--input",
    path("x"),
    "--output",
    path("y"),
  );
  scope(() => {
    const own = createNetwork(resolveNetwork({ name: "multirnet", preset: "tiny", passes: 1 }), 0);
    loadWeights(own, readFileSync(path("w")), "w");
    expect(facts).toEqual({
      parameters: [...own.parameters().values()].reduce((sum, { elements }) => sum + elements, 0),
      tensors: own.state().size,
    });
    const pass = { mode: "eval", random: new RandomSource(0) } as const;
    const expected = namedHeads(withoutGradients(() => own.forward(tensorFrom(input, shape), pass)));
    const written = decodeSafetensors(readFileSync(path("y")), "y");
    expect([...written.keys()]).toEqual([...expected.keys()]);
    expect([...written.keys()]).toContain("auxiliary.pass0.lesion");
    for (const [name, tensor] of expected) expect(written.get(name)?.toNumbers()).toEqual(tensor.toNumbers());
    const lesion = expected.get("lesion")?.toNumbers() ?? [];
    expect(outputs).toHaveProperty("lesion", {
      shape,
      min: Math.min(...lesion),
      max: Math.max(...lesion),
      mean: expect.closeTo(lesion.reduce((a, b) => a + b, 0) / lesion.length, 9),
    });
  });

  const profiled = await run(
    "forward",
    ...network,
    "--weights",
    path("w"),
    "--input",
    path("x"),
    "--output",
    path("y"),
    "--profile",
  );
  expect(profiled.stderr).toMatch(/^operator\s+calls\s+GFLOP\s+MB\s+ms\s+GFLOP\/s\s+GB\/s$/m);
  expect(profiled.stderr).toMatch(/^first\s/m);
  expect(profiled.stderr).toMatch(/aten::conv3d, 1×2×16×32×48, 2×2×3×3×3/);
});

test("what forward and init cannot use is told with its name", async () => {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("tiny.yaml"), "network: { name: multirnet, preset: tiny }\n");
  writeFileSync(path("typo.yaml"), "preset: tiny\npases: 1\n");
  writeFileSync(path("list.yaml"), "- 1\n");
  writeFileSync(path("broken.yaml"), "a: [1\n");
  await json("init", "--network", "multirnet", "--config", path("tiny.yaml"), "--output", path("w"));
  writeFileSync(
    path("x"),
    scope(() => encodeSafetensors(new Map([["scan", tensorFrom(new Float32Array(8), [8])]]))),
  );
  writeFileSync(
    path("odd"),
    scope(() => encodeSafetensors(new Map([["input", tensorFrom(new Float32Array(8), [1, 1, 2, 2, 2])]]))),
  );

  const said = async (...argv: readonly string[]): Promise<string> => {
    const { code, stderr } = await run(...argv);
    expect(code).toBe(2);
    return stderr.replaceAll(`${folder}/`, "");
  };
  const init = (name: string, config: string): Promise<string> =>
    said("init", "--network", name, "--config", path(config), "--output", path("z"));
  const forward = (input: string, weights = "w"): Promise<string> =>
    said(
      ...["forward", "--network", "multirnet", "--config", path("tiny.yaml")],
      ...["--weights", path(weights), "--input", path(input), "--output", path("y")],
    );
  expect(await init("multirnet", "typo.yaml")).toBe(
    "multirnet init: network multirnet: pases: unknown option; did you mean passes?\n",
  );
  expect(await init("vnet", "tiny.yaml")).toBe(
    "multirnet init: tiny.yaml: expected options of vnet (--network), came those of multirnet\n",
  );
  expect(await init("multirnet", "list.yaml")).toBe(
    "multirnet init: list.yaml: the document: expected object, came [1]\n",
  );
  expect(await init("multirnet", "broken.yaml")).toMatch(/^multirnet init: broken.yaml: not YAML: /);
  expect(await init("multirnet", "none.yaml")).toMatch(
    /^multirnet init: cannot read the config none.yaml: there is no such file/,
  );
  expect(await init("multinet", "list.yaml")).toMatch(/list.yaml/);
  expect(await forward("x")).toBe("multirnet forward: x: expected a tensor named input\n");
  expect(await forward("odd")).toBe(
    "multirnet forward: multirnet takes N×1×D×H×W with D, H and W multiples of 16, but 1×1×2×2×2 came\n",
  );
  expect(await forward("none")).toMatch(/^multirnet forward: cannot read none: ENOENT/);
  expect(await forward("x", "x")).toMatch(/^multirnet forward: /);
});

test("forward says of an output that is no number that it is none", async () => {
  const folder = madeFolder();
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("network.yaml"), "preset: tiny\n");
  const network = ["--network", "vnet", "--config", path("network.yaml")];
  await json("init", ...network, "--seed", "7", "--output", path("w"));
  const voxels = new Float32Array(16 ** 3);
  voxels[5] = NaN;
  writeFileSync(
    path("x"),
    scope(() => encodeSafetensors(new Map([["input", tensorFrom(voxels, [1, 1, 16, 16, 16])]]))),
  );
  const files = ["--weights", path("w"), "--input", path("x"), "--output", path("y")];
  const none = { undefined: "it holds values that are no finite numbers" };
  expect(await json("forward", ...network, ...files)).toEqual({
    outputs: { lesion: { shape: [1, 1, 16, 16, 16], min: none, max: none, mean: none } },
  });
});
