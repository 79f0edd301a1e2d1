const LEAST_BYTES = 64 * 2 ** 20;
const TIMES = 16;

/**
 * To how many bytes a file may grow when it is read: 16 times its own, or 64 MiB where that is more. A few bytes can stand for any number of them (a
 * deflated entry of zeros, a view that repeats one element), but weights are noise: a zip of them is nearly as large as they are, and few are shared.
 */
export function allowance(fileBytes: number): number {
  return Math.max(LEAST_BYTES, TIMES * fileBytes);
}
