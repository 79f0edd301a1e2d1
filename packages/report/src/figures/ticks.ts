/**
 * Round numbers that span a range: steps of 1, 2 or 5 times a power of ten, after Heckbert, Nice numbers for graph labels,
 * Graphics Gems, 1990.
 *
 * @param most how many at the most; at least 2
 * @returns ascending; the first is at or below `low`, the last at or above `high`
 */
export function niceTicks(low: number, high: number, most: number): readonly number[] {
  const range = high > low ? high - low : Math.abs(low) || 1;
  const middle = (low + high) / 2;
  const [from, to] = high > low ? [low, high] : [middle - range / 2, middle + range / 2];
  let step = 10 ** Math.floor(Math.log10(range / most));
  for (const factor of [2, 2.5, 2]) {
    if (Math.ceil(to / step - 1e-9) - Math.floor(from / step + 1e-9) + 1 <= most) break;
    step *= factor; // 1, 2, 5, 10
  }
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** @returns the tick with as many decimals as the step between ticks needs: 0.10, 0.15, 0.20 */
export function tickText(value: number, step: number): string {
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return Math.abs(value) >= 1e6 || step < 1e-6 ? value.toExponential(1) : value.toFixed(decimals);
}
