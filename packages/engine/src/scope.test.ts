import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { RandomSource } from "@multirnet/base";
import { expect, test } from "vitest";

import { gradients } from "./autograd.js";
import { tensor } from "./create.js";
import { conv3d, zeros, type Tensor } from "./generated/tensor.js";
import { Generator } from "./generator.js";
import { aboutEngine } from "./machine.js";
import { keep, scope } from "./scope.js";

const RELEASED = "this tensor has been released: a scope that made it has ended";
const three = (): Tensor => tensor([1, 2, 3], [3]);
const isAlive = (held: Tensor): boolean => {
  try {
    held.toArray();
    return true;
  } catch {
    return false;
  }
};

test("a scope frees what it made and hands on what it returns", () => {
  const made: Tensor[] = [];
  const kept = scope(() => {
    made.push(three(), three().neg());
    return three().mul(2);
  });
  expect(made.map(isAlive)).toEqual([false, false]);
  expect(kept.toNumbers()).toEqual([2, 4, 6]);
  kept.release();
});

test("what is returned inside lists, maps, sets and plain objects survives", () => {
  const bare = (value: Tensor): object => Object.assign(Object.create(null) as object, { value });
  const places: ((value: Tensor) => unknown)[] = [
    (value) => [[1, [value]], "text"],
    (value) => new Map([["a", { deep: [value] }]]),
    (value) => new Set([value]),
    (value) => ({ count: 1, heads: { lesion: value }, none: undefined, nothing: null }),
    (value) => bare(value),
  ];
  for (const place of places) {
    const [value] = scope(() => {
      const inner = three();
      return scope(() => [inner, place(inner.add(1))] as const);
    });
    expect(isAlive(value)).toBe(true);
    const result = scope(() => {
      const inside = three();
      return { inside, placed: place(inside) };
    });
    expect(isAlive(result.inside)).toBe(true);
  }
  const only: Tensor[] = []; // not returned by itself, but only inside the place
  for (const place of places) {
    scope(() => {
      const inside = three();
      only.push(inside);
      return place(inside);
    });
  }
  expect(only.map(isAlive)).toEqual(places.map(() => true));
});

test("a value that holds itself is handed on all the same", () => {
  const ring = scope(() => {
    const made: { value: Tensor; self?: unknown } = { value: three() };
    made.self = made;
    return made;
  });
  expect(isAlive(ring.value)).toBe(true);
});

test("what an inner scope returns belongs to the outer one, and is freed with it", () => {
  let inner: Tensor | undefined;
  let outer: Tensor | undefined;
  scope(() => {
    outer = three();
    inner = scope(() => three());
    expect(isAlive(inner)).toBe(true);
  });
  expect([inner, outer].map((held) => held && isAlive(held))).toEqual([false, false]);
});

test("a scope leaves alone what it did not make", () => {
  const outside = three();
  scope(() => outside.neg());
  scope(() => outside);
  expect(isAlive(outside)).toBe(true);
});

test("a scope that throws frees what it made and passes the error on; the scope around it goes on", () => {
  let lost: Tensor | undefined;
  const before = aboutEngine().liveTensors;
  scope(() => {
    const mine = three();
    expect(() =>
      scope(() => {
        lost = three();
        throw new RangeError("no");
      }),
    ).toThrow(new RangeError("no"));
    expect(lost && isAlive(lost)).toBe(false);
    expect(isAlive(mine)).toBe(true);
  });
  expect(aboutEngine().liveTensors).toBe(before);
});

test("what is kept outlives every scope around it", () => {
  let weight: Tensor | undefined;
  let list: Tensor[] = [];
  scope(() => {
    scope(() => {
      weight = keep(three());
      list = keep([three(), three()]);
    });
  });
  expect([weight, ...list].map((held) => held && isAlive(held))).toEqual([true, true, true]);
});

test("a promise is refused, and what was made is freed", async () => {
  let made: Tensor | undefined;
  const asynchronous = (): Promise<Tensor> => {
    made = three();
    return Promise.reject(new Error("later")); // must not end the process as an unhandled rejection
  };
  expect(() => scope(asynchronous)).toThrow(
    "a scope must be synchronous: its function returned a promise, whose tensors would be freed before it is done",
  );
  expect(made && isAlive(made)).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
});

test("use after release says so, with the operator and the shapes that are known", () => {
  const held = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expect(held.shape).toEqual([2, 3]);
  held.release();
  held.release(); // a second time does nothing
  expect(() => held.add(tensor([1], [1]))).toThrow(
    `aten::add.Tensor(2×3 float32, 1 float32): argument self: ${RELEASED}`,
  );
  expect(() => held.toArray()).toThrow(`toArray(2×3 float32): ${RELEASED}`);
  expect(() => held.requiresGrad).toThrow(`requiresGrad(2×3 float32): ${RELEASED}`);
  expect(() => held.setRequiresGrad(true)).toThrow(`setRequiresGrad(2×3 float32): ${RELEASED}`);
  expect(held.shape).toEqual([2, 3]); // what was read before stays
});

test("a shape that was never read cannot be read after release", () => {
  const held = tensor([1], [1]);
  held.release();
  expect(() => held.shape).toThrow(`describe(): ${RELEASED}`);
  expect(() => held.neg()).toThrow(`aten::neg(released): argument self: ${RELEASED}`);
});

test("tensors and bytes are counted: a storage once, however many share it", () => {
  const before = aboutEngine();
  scope(() => {
    const one = zeros([100, 25]);
    const views = [one.reshape([50, 50]), one.narrow(0, 10, 5), one.detach()];
    const { liveTensors, liveBytes } = aboutEngine();
    expect(liveTensors - before.liveTensors).toBe(1 + views.length);
    expect(liveBytes - before.liveBytes).toBe(100 * 25 * 4);
    one.release();
    expect(aboutEngine().liveBytes - before.liveBytes).toBe(100 * 25 * 4); // the views hold it
  });
  const { liveTensors, liveBytes } = aboutEngine();
  expect({ liveTensors, liveBytes }).toEqual({ liveTensors: before.liveTensors, liveBytes: before.liveBytes });
});

test("the memory of 200 steps of a convolution, forward and backward, is that of a few", () => {
  // 8×32×32×32 floats are 1 MB, and a step makes at least six such tensors: without a scope 200 steps would hold over 1.2 GB.
  // What the C library's heap grows by, while it learns which sizes come, was seen to be up to 40 MB.
  const filter = Array.from({ length: 8 * 27 }, (_, i) => (i % 7) / 7 - 0.5);
  const weight = keep(tensor(filter, [8, 1, 3, 3, 3])).setRequiresGrad(true);
  const input = keep(zeros([1, 1, 32, 32, 32]));
  const step = (): void =>
    scope(() => {
      const loss = conv3d(input, weight, { padding: 1 }).relu().pow(2).mean(undefined);
      gradients(loss, [weight]);
    });
  const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;
  for (let i = 0; i < 20; i++) step();
  const [live, resident] = [aboutEngine().liveTensors, megabytes()];
  for (let i = 0; i < 200; i++) step();
  expect(aboutEngine().liveTensors).toBe(live);
  expect(megabytes() - resident).toBeLessThan(60);
  for (const held of [weight, input]) held.release();
});

const collect = (): void => {
  setFlagsFromString("--expose_gc");
  (runInNewContext("gc") as () => void)();
};

test("without a scope the garbage collector frees tensors and generators, later", async () => {
  const before = aboutEngine();
  (() => {
    for (let i = 0; i < 50; i++) {
      zeros([1000]).neg();
      scope(() => three()); // handed out of the outermost scope, and dropped
      keep(scope(() => scope(() => keep(three())))); // kept, and dropped
      new Generator(new RandomSource("dropped", i));
    }
  })();
  expect(aboutEngine().liveTensors - before.liveTensors).toBe(200);
  for (let turn = 0; turn < 50 && aboutEngine().liveTensors > before.liveTensors; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const after = aboutEngine();
  expect(after.liveTensors).toBeLessThanOrEqual(before.liveTensors);
  expect(after.liveBytes).toBeLessThanOrEqual(before.liveBytes);
});

test("what is still held is not collected", async () => {
  const held = [three(), scope(() => three())];
  collect();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(held.map(isAlive)).toEqual([true, true]);
});
