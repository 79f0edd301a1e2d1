import { describe, expect, test } from "vitest";

import { NETWORKS } from "../registry.js";
import { allGoldens } from "./all-goldens.js";
import { expectGolden } from "./golden.js";

const goldens = allGoldens();

describe.each([...new Set(goldens.map(({ network }) => network))])("%s gives the numbers of PyTorch", (network) => {
  test.each(goldens.filter((golden) => golden.network === network))("$form ($origin)", ({ one }) => {
    expectGolden(network, one);
    expect.hasAssertions();
  });
});

test("every network with a public implementation is held against it", () => {
  const held = new Set(goldens.map(({ network }) => network));
  const without = NETWORKS.filter(({ name, references }) => references.length > 0 && !held.has(name));
  // Their code is that of the 121 layers, which are held.
  expect(without.map(({ name }) => name)).toEqual(["densenet201", "densenet201-2d"]);
});

test("the numbers say which commit of which implementation they are of", () => {
  for (const { origin } of goldens)
    expect(origin).toMatch(/^scripts\/golden\/\w+\.py(?:, [\w.-]+ [0-9a-f]{12})*, PyTorch 1\.13\./u);
});
