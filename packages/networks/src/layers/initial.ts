import { RandomSource } from "@multirnet/base";
import { Parameter, tensorFrom, zeros } from "@multirnet/engine";

/** A source for weights that a file will fill: none are drawn, and they stand at 0 until then. */
export class Undrawn extends RandomSource {
  override derive(): this {
    return this;
  }
}

/**
 * Normal weights with variance 2 / fan-in, so that a ReLU network keeps the size of its activations (He et al., ICCV 2015, equation 10).
 *
 * @param fanIn how many inputs one output sums over
 */
export function heNormal(shape: readonly number[], fanIn: number, random: RandomSource): Parameter {
  return normal(shape, Math.sqrt(2 / fanIn), random);
}

/** Normal weights around 0. */
export function normal(shape: readonly number[], deviation: number, random: RandomSource): Parameter {
  if (random instanceof Undrawn) return new Parameter(zeros(shape));
  const values = new Float32Array(elements(shape));
  for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  return new Parameter(tensorFrom(values, shape));
}

/** All the same value: biases, norms, slopes. */
export function constant(shape: readonly number[], value: number): Parameter {
  return new Parameter(tensorFrom(new Float32Array(elements(shape)).fill(value), shape));
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
