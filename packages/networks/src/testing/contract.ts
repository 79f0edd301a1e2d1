import { createHash } from "node:crypto";

import {
  aboutEngine,
  full,
  gradients,
  cat as joined,
  record,
  scope,
  withoutGradients,
  zeros,
  type Logits,
  type Tensor,
} from "@multirnet/engine";
import { describe, expect, test } from "vitest";

import { forwardMixed } from "../mixed-precision.js";
import { diseaseOf, lesionOf, namedHeads, type Network, type Pass, type Task } from "../network.js";
import {
  createNetwork,
  headsOf,
  resolveNetwork,
  sideMultiple,
  undrawnNetwork,
  type NetworkEntry,
  type NetworkSpec,
} from "../registry.js";
import { encodeWeights, loadWeights } from "../weights.js";
import { noise, pattern } from "./formula.js";
import { EVALUATION, training } from "./passes.js";
import { thrownBy } from "./thrown.js";

/** What a network may keep in its own way. */
export interface ContractNotes {
  /** Training passes until running statistics are those of the scans; 1 unless given. */
  readonly settling?: number;
  /** Exactly the parameters that rightly have no gradient but rounding, and why. Each pattern is to match some of them, so none has an `|`. */
  readonly notLearned?: { readonly paths: readonly RegExp[]; readonly because: string };
}

const SMALLEST_SHARE = 1e-12; // of the largest gradient: what is below is rounding in 64 bits

/** What every network of the registry keeps, ours and the baselines alike; each runs it with its tiny preset. */
export function networkContract(
  entry: NetworkEntry,
  task: Task,
  { notLearned, settling = 1 }: ContractNotes = {},
): void {
  const { name } = entry;
  const channels = entry.input[0] ?? 1;
  const specOf = (more: Record<string, unknown> = {}): NetworkSpec =>
    resolveNetwork({ name, preset: "tiny", ...(entry.tasks.length > 1 ? { task } : {}), ...more });
  const madeOf = (seed = 1, more: Record<string, unknown> = {}): Network => createNetwork(specOf(more), seed);
  const side = sideMultiple(specOf());
  const sideOf = fixedSide(specOf()); // where positions are learned there is but one
  const of = (blocks: readonly number[]): number[] => blocks.slice(-entry.dims).map((count) => sideOf ?? count * side);
  /** What a network of stacks takes has an axis more: the slices. */
  const shapeOf = (batch: number, blocks: readonly number[]): number[] =>
    entry.stack === true ? [batch, 2, channels, ...of(blocks)] : [batch, channels, ...of(blocks)];
  const scanOf = (batch: number, blocks: readonly number[] = [1, 2, 3]): Tensor =>
    noise(`scan ${String(batch)}`, shapeOf(batch, blocks));

  describe("its heads", () => {
    test.each([
      { batch: 1, blocks: [1, 2, 3], lesions: ["lesion"] },
      { batch: 3, blocks: [3, 1, 2], lesions: ["lesion"] },
      { batch: 2, blocks: [1, 2, 1], lesions: ["ground-glass", "consolidation", "effusion"] },
    ])("have the size of a batch of $batch with $blocks blocks a side, $lesions.length lesion types", (one) => {
      scope(() => {
        const more = headsOf(specOf()).lesions.length === 0 ? {} : { lesions: one.lesions };
        const { classes, lesions } = headsOf(specOf(more));
        const network = madeOf(1, more);
        const scan = scanOf(one.batch, one.blocks);
        const found = network.forward(scan, training());
        expect([network.task, found.task]).toEqual([task, task]);
        expect(lesionOf(found)?.shape).toEqual(
          task === "diagnosis" ? undefined : [one.batch, lesions.length, ...scan.shape.slice(2)],
        );
        expect(diseaseOf(found)?.shape).toEqual(task === "segmentation" ? undefined : [one.batch, classes.length]);
        for (const { of, logits } of found.auxiliary) {
          const [batch, width, ...space] = logits.shape;
          expect([batch, width]).toEqual([one.batch, of === "disease" ? classes.length : lesions.length]);
          // A level is coarser by the same whole number on each side.
          const steps = of === "disease" ? [] : space.map((length, axis) => (scan.shape[axis + 2] ?? 0) / length);
          expect(new Set(steps).size).toBe(of === "disease" ? 0 : 1);
          expect(steps.every(Number.isInteger)).toBe(true);
        }
        const levels = found.auxiliary.filter(
          ({ name, of, role }) => of === "lesion" && role === "level" && !name.includes("."),
        );
        expect(levels.length).toBe(task === "diagnosis" ? 0 : entry.levels);
        const final = [lesionOf(found), diseaseOf(found)].filter((head) => head !== undefined).length;
        expect(namedHeads(found).size).toBe(final + found.auxiliary.length); // no two of one name
        network.release();
      });
    });

    test.each([
      { what: "zeros", value: 0 },
      { what: "a constant", value: 0.7 },
    ])("are finite for $what, in training and after it", ({ value }) => {
      scope(() => {
        const network = madeOf();
        const scan = full(shapeOf(2, [1, 2, 1]), value);
        for (const pass of [training(), EVALUATION]) expectFinite(namedHeads(network.forward(scan, pass)));
        network.release();
      });
    });
  });

  describe("its input", () => {
    const [axes, sides] = entry.dims === 2 ? ["H×W", "H and W"] : ["D×H×W", "D, H and W"];
    const slices = entry.stack === true ? ["S"] : [];
    const be = sideOf === undefined ? `multiples of ${String(side)}` : String(sideOf);
    const wanted = `${["N", ...slices, String(channels)].join("×")}×${axes} with ${sides} ${be}`;
    const [batch, ...good] = shapeOf(1, [1, 1, 1]);
    const place = good.length - entry.dims; // of the first side
    const withSide = (axis: number, length: number): number[] => good.with(place + axis, length);
    const last = entry.dims - 1;
    const known = good.at(-1) ?? 0;
    const shapes = [
      [batch ?? 1, ...withSide(0, known + 1)],
      [batch ?? 1, ...withSide(last, 2 * known - 1)],
      [batch ?? 1, ...withSide(last, known + side / 2)],
      [batch ?? 1, ...withSide(0, side / 2)],
      [batch ?? 1, ...withSide(last, 0)],
      [batch ?? 1, ...good.with(place - 1, channels + 1)],
      [batch ?? 1, ...good.with(place - 1, 0)],
      [0, ...good],
      good,
      [batch ?? 1, 1, ...good],
    ];
    test.each(shapes.map((shape) => ({ shape, words: shape.join("×") })))("may not be $words", ({ shape, words }) => {
      scope(() => {
        const network = madeOf();
        expect(thrownBy(() => network.forward(zeros(shape), EVALUATION))).toBe(
          `NetworkError: ${name} takes ${wanted}, but ${words} came`,
        );
        network.release();
      });
    });

    test("is left as it was", () => {
      scope(() => {
        const network = madeOf();
        const scan = scanOf(2);
        const before = digestOf(scan.toArray());
        network.forward(scan, training());
        network.forward(scan, EVALUATION);
        expect(digestOf(scan.toArray())).toBe(before);
        network.release();
      });
    });
  });

  test("a single block in training is refused where a norm would see one value a channel, and only there", () => {
    scope(() => {
      const network = madeOf();
      const shape = [1, ...(entry.stack === true ? [1] : []), channels, ...of([1, 1, 1])];
      const block = noise("block", shape);
      const train = (): unknown => network.forward(block, training());
      const norm = normOfOneValue(network, block);
      const where = norm === "batch" ? "a training batch" : "each sample of a training batch";
      if (norm === undefined) train();
      else {
        expect(thrownBy(train)).toBe(
          `NetworkError: ${name} takes more than one block of ${of([1, 1, 1]).join("×")} in ${where}, as ${norm} norm needs ` +
            `the variance of several values, but ${shape.join("×")} came`,
        );
      }
      network.forward(scanOf(1, [1, 1, 2]), training());
      expectFinite(network.state());
      expectFinite(namedHeads(network.forward(scanOf(1), EVALUATION)));
      network.release();
    });
  });

  test(`every parameter learns${notLearned === undefined ? "" : `, but ${notLearned.because}`}`, () => {
    scope(() => {
      const network = madeOf();
      network.convert({ dtype: "float64" });
      const parameters = [...network.parameters()];
      const loss = lossOf(network, scanOf(2).toDtype("float64"), training());
      const found = gradients(
        loss,
        parameters.map(([, tensor]) => tensor),
      );
      const sizes = parameters.map(([path], index) => ({ path, size: largest(found[index]) }));
      const most = Math.max(...sizes.map(({ size }) => size));
      const still = sizes
        .filter(({ size }) => !(size > SMALLEST_SHARE * most && size < Infinity))
        .map(({ path }) => path);
      const excused = notLearned?.paths ?? [];
      expect(still).toEqual(sizes.map(({ path }) => path).filter((path) => excused.some((one) => one.test(path))));
      for (const one of excused) {
        expect(
          still.filter((path) => one.test(path)),
          one.source,
        ).not.toEqual([]);
        expect(one.source).not.toContain("|");
      }
      network.release();
    });
  });

  test("evaluation gives the same bits each time, whatever the random source, and moves nothing", () => {
    scope(() => {
      const network = madeOf();
      const before = bitsOf(network.state());
      const heads = (pass: Pass): unknown => bitsOf(namedHeads(network.forward(scanOf(2), pass)));
      expect(heads({ ...training(), mode: "eval" })).toEqual(heads(EVALUATION));
      expect(bitsOf(network.state())).toEqual(before);
      network.release();
    });
  });

  test("training gives the same bits for the same random source", () => {
    scope(() => {
      const run = (): unknown => {
        const network = madeOf();
        const first = bitsOf(namedHeads(network.forward(scanOf(2), training(5))));
        const state = bitsOf(network.state());
        network.release();
        return [first, state];
      };
      expect(run()).toEqual(run());
    });
  });

  test("in mixed precision its heads are float32, near its own, and its gradients are finite", () => {
    scope(() => {
      const network = madeOf();
      const scan = scanOf(2);
      const own = namedHeads(network.forward(scan, training()));
      const mixed = namedHeads(forwardMixed(network, scan, training()));
      expect([...mixed.keys()]).toEqual([...own.keys()]);
      for (const [head, logits] of mixed) {
        expect(logits.dtype).toBe("float32");
        expect(cosine(logits, own.get(head) as Logits), head).toBeGreaterThan(0.8);
        expect(digestOf(logits.toArray()), head).not.toBe(digestOf((own.get(head) as Logits).toArray()));
      }
      const loss = Array.from(mixed.values(), (logits) => logits.mul(logits).mean(undefined)).reduce((a, b) =>
        a.add(b),
      );
      const parameters = [...network.parameters()];
      const found = gradients(
        loss,
        parameters.map(([, tensor]) => tensor),
      );
      for (const [index, [path]] of parameters.entries()) {
        const gradient = found[index];
        if (gradient === undefined) continue;
        expect(gradient.dtype, path).toBe("float32");
        expect(gradient.toNumbers().every(Number.isFinite), path).toBe(true);
      }
      network.release();
    });
  });

  test("a sample gives the same answer alone and in a batch", () => {
    scope(() => {
      const network = madeOf();
      const batch = scanOf(3, [1, 2, 2]);
      for (let pass = 0; pass < settling; pass++) network.forward(batch, training()); // so that statistics are not those of the start
      const together = namedHeads(network.forward(batch, EVALUATION));
      const alone = [0, 1, 2].map((sample) => namedHeads(network.forward(batch.narrow(0, sample, 1), EVALUATION)));
      for (const [head, logits] of together) {
        const apart = joined(
          alone.map((heads) => heads.get(head) as Logits),
          { dim: 0 },
        );
        expect(largest(logits.sub(apart)), head).toBeLessThanOrEqual(1e-5 * Math.max(1, largest(logits)));
        // The samples differ, so an answer that goes to the wrong one shows.
        expect(largest(logits.sub(logits.flip([0]))), head).toBeGreaterThan(1e-3 * largest(logits));
      }
      network.release();
    });
  });

  test("weights go through a file and give the same bits in another network", () => {
    scope(() => {
      const [from, to] = [madeOf(1), undrawnNetwork(specOf())];
      from.forward(scanOf(2), training()); // running statistics are weights too
      const file = encodeWeights(from, { epoch: "3" });
      expect(bitsOf(to.state())).not.toEqual(bitsOf(from.state()));
      loadWeights(to, file, "weights.safetensors");
      expect(bitsOf(to.state())).toEqual(bitsOf(from.state()));
      expect(digestOf(encodeWeights(to, { epoch: "3" }))).toBe(digestOf(file));
      const heads = (network: Network): unknown => bitsOf(namedHeads(network.forward(scanOf(1), EVALUATION)));
      expect(heads(to)).toEqual(heads(from));
      from.release();
      to.release();
    });
  });

  test("a seed gives the same bits, another seed other ones", () => {
    scope(() => {
      const networks = [madeOf(1), madeOf(1), madeOf(2)] as const;
      const [first, again, other] = networks.map((network) => bitsOf(network.parameters()));
      expect(again).toEqual(first);
      for (const [path, tensor] of networks[0].parameters()) {
        const drawn = new Set(tensor.toNumbers()).size > 1; // not a bias, a norm or a kernel of ones
        if (drawn) expect(other?.get(path), path).not.toBe(first?.get(path));
      }
      for (const network of networks) network.release();
    });
  });

  test("a forward keeps its heads alone, a released network nothing", () => {
    const before = aboutEngine().liveTensors;
    const network = madeOf();
    const weights = network.state().size;
    expect(aboutEngine().liveTensors).toBe(before + weights);
    scope(() => {
      const scan = scanOf(2);
      const heads = namedHeads(network.forward(scan, training()));
      expect(aboutEngine().liveTensors).toBe(before + weights + 1 + heads.size);
    });
    expect(aboutEngine().liveTensors).toBe(before + weights);
    network.release();
    expect(aboutEngine().liveTensors).toBe(before);
  });
}

/** The one side that a network takes, where there is one. */
function fixedSide(spec: NetworkSpec): number | undefined {
  const network = createNetwork(spec, 0);
  const { side } = network;
  network.release();
  return side;
}

/** How near two tensors point, 1 for the same way. */
function cosine(a: Tensor, b: Tensor): number {
  const product = (p: Tensor, q: Tensor): number => p.mul(q).sum(undefined).item();
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/** A sum that every element of every head has a part in, so that no gradients cancel. */
function lossOf(network: Network, scan: Tensor, pass: Pass): Tensor {
  return Array.from(namedHeads(network.forward(scan, pass)), ([head, logits]) =>
    logits.mul(pattern(head, logits.shape).toDtype(logits.dtype)).mean(undefined),
  ).reduce((sum, term) => sum.add(term));
}

/** The bits of tensors, as digests: to compare millions of elements by `toEqual` takes seconds. */
function bitsOf(tensors: ReadonlyMap<string, Tensor>): Map<string, string> {
  return new Map(Array.from(tensors, ([path, tensor]) => [path, digestOf(tensor.toArray())]));
}

function digestOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
}

function expectFinite(tensors: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of tensors) expect(tensor.toNumbers().every(Number.isFinite), name).toBe(true);
}

/** A norm that would have a single value a channel to take a variance of, were this input trained with. Frozen ones take none. */
function normOfOneValue(network: Network, input: Tensor): "batch" | "instance" | undefined {
  const learned = new Set(Array.from(network.parameters().values(), ({ id }) => id));
  const { calls } = record(() => network.forward(input, EVALUATION));
  const norms = calls.map(({ op, inputs: [x, scale] }) => {
    const [samples = 0, , ...space] = x?.shape ?? [];
    const voxels = space.reduce((product, side) => product * side, 1);
    if (op === "aten::batch_norm" && samples * voxels === 1 && learned.has(scale?.id ?? NaN)) return "batch";
    return op === "aten::instance_norm" && voxels === 1 ? "instance" : undefined;
  });
  return norms.find((norm) => norm !== undefined);
}

/** The largest absolute element; NaN for a gradient that is not there. */
function largest(tensor: Tensor | undefined): number {
  const sizes = withoutGradients(() => tensor?.abs().toNumbers()) ?? [NaN];
  return sizes.reduce((most, size) => (size > most || Number.isNaN(size) ? size : most), 0);
}
