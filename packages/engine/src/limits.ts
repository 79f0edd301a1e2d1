import { EngineError } from "./errors.js";

/**
 * Lets a number, or a list of them, through to libtorch when it lies between the limits. It stands where libtorch itself does not
 * look: by 0 it would divide, and what does not fit 32 bits it would cut off, and end the process.
 *
 * @throws EngineError ENGINE_ARGUMENT
 */
export function within<T extends number | readonly number[] | undefined>(
  where: string,
  value: T,
  least: number,
  most: number,
): T {
  const numbers: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  if (!numbers.every((item) => typeof item !== "number" || (item >= least && item <= most))) {
    const expected = `numbers from ${String(least)} to ${String(most)}`;
    throw new EngineError({ code: "ENGINE_ARGUMENT", where, expected, came: numbers.join(", ") });
  }
  return value;
}
