import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { drawAnatomy } from "./anatomy.js";
import { lungDistance, shapeLungs } from "./lungs.js";
import { growTree } from "./tree.js";

const lungs = shapeLungs(drawAnatomy(new RandomSource("tree")));
const shape = { ends: 40, radius: 8, thinnest: 1, marginMm: 5 };

test.each(["right", "left"] as const)(
  "a tree of the %s lung tapers from the hilum to its tips inside that lung",
  (side) => {
    const branches = growTree(lungs, side, shape, new RandomSource("tree", side));
    expect(branches).toHaveLength(2 * shape.ends - 1); // a binary tree
    expect(branches[0]).toMatchObject({ from: lungs.hila[side], radiusFrom: 8 });
    const tips = branches.filter(({ to }) => !branches.some(({ from }) => from === to));
    expect(tips).toHaveLength(shape.ends);
    for (const { to, radiusTo } of tips) {
      expect(radiusTo).toBe(1);
      expect(lungDistance(lungs, to.x, to.y, to.z)).toBeLessThan(-5);
      expect(to.x < lungs.anatomy.mediastinumX).toBe(side === "right");
    }
    for (const { to, radiusTo } of branches) {
      for (const child of branches.filter(({ from }) => from === to))
        expect(child.radiusFrom).toBeLessThanOrEqual(radiusTo * 1.08);
    }
  },
);
