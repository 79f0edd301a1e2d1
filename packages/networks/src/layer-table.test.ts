import { aboutEngine } from "@multirnet/engine";
import { expect, test } from "vitest";

import { layerTable, type LayerRow } from "./layer-table.js";
import { parameterCount } from "./parameter-count.js";
import { NETWORKS, resolveNetwork } from "./registry.js";

const table = (name: string, more: Record<string, unknown> = {}, size?: readonly number[]): LayerRow[] =>
  layerTable(resolveNetwork({ name, preset: "tiny", ...more }), size);

test("a convolution, its norm and the strided one after it, counted by hand", () => {
  const layers = table("multirnet", { task: "segmentation" });
  const rows = layers.filter(({ path }) => /^segmentation\.(first\.last|down\.0\.halve)/.test(path));
  const voxels = 32 * 96 * 96;
  expect(rows.slice(0, 4)).toEqual([
    {
      path: "segmentation.first.last.convolution",
      op: "conv3d",
      input: [1, 2, 32, 96, 96], // the scan and the map
      output: [1, 2, 32, 96, 96],
      parameters: 2 * 2 * 27, // no bias before a norm
      multiplyAdds: voxels * 2 * 2 * 27,
    },
    {
      path: "segmentation.first.last.norm",
      op: "batch_norm",
      input: [1, 2, 32, 96, 96],
      output: [1, 2, 32, 96, 96],
      parameters: 4, // running statistics are not learned
      multiplyAdds: 0,
    },
    {
      path: "segmentation.down.0.halve.unit.convolution",
      op: "conv3d",
      input: [1, 2, 32, 96, 96],
      output: [1, 3, 16, 48, 48],
      parameters: 3 * 2 * 8,
      multiplyAdds: (voxels / 8) * 3 * 2 * 8,
    },
    {
      path: "segmentation.down.0.halve.unit.norm",
      op: "batch_norm",
      input: [1, 3, 16, 48, 48],
      output: [1, 3, 16, 48, 48],
      parameters: 6,
      multiplyAdds: 0,
    },
  ]);
});

test("a transposed convolution counts what each of its inputs is multiplied with", () => {
  const [up] = table("multirnet", { task: "segmentation" }).filter(({ op }) => op === "conv_transpose3d");
  expect(up).toMatchObject({
    path: "segmentation.up.3.double.convolution",
    input: [1, 6, 2, 6, 6],
    output: [1, 5, 4, 12, 12],
  });
  expect(up?.multiplyAdds).toBe(2 * 6 * 6 * 6 * 5 * 8);
});

test("a layer that is run again has its parameters once and its work each time", () => {
  const work = (passes: number): [number, number] => {
    const layers = table("multirnet", { passes, task: "segmentation" });
    return [
      layers.reduce((sum, { parameters }) => sum + parameters, 0),
      layers.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
    ];
  };
  expect(work(2)).toEqual([work(0)[0], 3 * work(0)[1]]);
});

test.each(NETWORKS.map(({ name }) => ({ name })))(
  "$name: every parameter stands in a layer, and nothing is kept",
  ({ name }) => {
    const before = aboutEngine().liveTensors;
    const spec = resolveNetwork({ name, preset: "tiny" });
    const layers = layerTable(spec);
    expect(layers.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(parameterCount(spec));
    expect(layers.every(({ path, output }) => path !== "" && output.length > 0)).toBe(true);
    expect(aboutEngine().liveTensors).toBe(before);
  },
);

test("another size than the registry's", () => {
  const layers = table("vnet", {}, [1, 16, 32, 48]);
  expect(layers[0]?.input).toEqual([1, 1, 16, 32, 48]);
});
