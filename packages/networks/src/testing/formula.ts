import { tensorFrom, type Tensor } from "@multirnet/engine";

/**
 * Numbers that Python and TypeScript compute alike from a name and an index, so that goldens need no weights file: `count` numbers in
 * [0, 1), FNV-1a of the name, then a 32-bit mix (lowbias32) of a Weyl sequence. The other side is scripts/golden/formula.py.
 */
export function uniform(name: string, count: number): Float64Array {
  let h = 2166136261;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 16777619);
  return Float64Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 0x9e3779b9) + h) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  });
}

/** A tensor of numbers in [0, 1), as a scan is. */
export function noise(name: string, shape: readonly number[]): Tensor {
  return tensorFrom(Float32Array.from(uniform(name, elements(shape))), shape);
}

/** A tensor of a network's state, by what its name and rank say it is. */
export function filled(name: string, shape: readonly number[]): Tensor {
  const u = uniform(name, elements(shape));
  const deviation = Math.sqrt(6 / elements(shape.slice(1))); // variance 2 / fan-in
  const value = (x: number): number => {
    if (shape.length === 5 && shape[1] === 1 && name.includes(".fusion.")) return x; // kernels that repeat a coarse voxel
    if (shape.length > 1) return (2 * x - 1) * deviation;
    if (name.endsWith("runningVar") || name.endsWith("running_var")) return 0.2 + 0.4 * x;
    if (name.endsWith("weight")) return 0.25 + 0.75 * x; // scales of norms, slopes of activations
    return 0.4 * x - 0.2;
  };
  return tensorFrom(Float32Array.from(u, value), shape);
}

/** Numbers in [-1, 1) to weigh a head with. */
export function pattern(name: string, shape: readonly number[]): Tensor {
  return tensorFrom(
    Float32Array.from(uniform(name, elements(shape)), (x) => 2 * x - 1),
    shape,
  );
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
