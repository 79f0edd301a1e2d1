import { expect, test } from "vitest";

import { tensor } from "./create.js";
import { firstNotFinite } from "./not-finite.js";
import { labelled } from "./recorder.js";
import { aboutEngine } from "./machine.js";

test("the first operator whose result is no number is named, with the part of the network that called it", () => {
  const place = firstNotFinite(() => {
    const x = labelled("first", () => tensor([1, -1], [2]).mul(2));
    return labelled("down", () => labelled("0", () => x.add(1).log().mul(3)));
  });
  expect(place).toEqual({ op: "aten::log", module: "down.0" });
});

test("infinity counts too, and whole numbers are left alone", () => {
  expect(firstNotFinite(() => tensor([1, 2], [2], "int64").add(tensor([1, 2], [2]).div(0)))).toEqual({
    op: "aten::div.Scalar",
    module: "",
  });
});

test.each(["bfloat16", "float16"] as const)("results of 16 bits are looked at too: %s", (dtype) => {
  const large = dtype === "float16" ? 6e4 : 3e38;
  const times = (factor: number): ReturnType<typeof firstNotFinite> =>
    firstNotFinite(() => tensor([1, large], [2]).toDtype(dtype).mul(factor));
  expect(times(1)).toBeUndefined();
  expect(times(2)).toEqual({ op: "aten::mul.Scalar", module: "" });
});

test("where all is finite there is none, and nothing is left behind", () => {
  const { liveTensors } = aboutEngine();
  expect(firstNotFinite(() => tensor([1, 2], [2]).exp())).toBeUndefined();
  expect(aboutEngine().liveTensors).toBe(liveTensors);
});
