/** A count, its thousands apart: 45,597,898. */
export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** A count with its noun: 1 tensor, 1,320 tensors. */
export function countedText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
