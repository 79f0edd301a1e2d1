/** Times of one work, in milliseconds, from the shortest. */
export interface Times {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

const WARM_UP = 2; // the first meet new sizes

/** Does a work again and again for about `milliseconds`, at least three times. */
export function repeated(work: () => void, milliseconds: number): Times {
  for (let time = 0; time < WARM_UP; time++) work();
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < 3 || performance.now() - begin < milliseconds) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return timesOf(times);
}

export function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return { least: at(0), median: at(0.5), most: at(1) };
}
