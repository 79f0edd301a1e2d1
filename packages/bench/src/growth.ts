import type { BenchRow } from "./row.js";

/**
 * One table for each row that a benchmark has at every size: how each grows with the amount of work, over what it would be if it grew with it. 1 is
 * linear, less is better.
 *
 * @param at the rows for a size, and how much work that is against the first
 */
export async function grown(
  sizes: readonly number[],
  at: (size: number) => BenchRow[] | Promise<BenchRow[]>,
): Promise<BenchRow[]> {
  const tables: BenchRow[][] = [];
  for (const size of sizes) {
    const rows = await at(size);
    for (const [place, row] of rows.entries()) {
      const table = (tables[place] ??= []);
      const first = table[0] ?? row;
      const work = size / (sizes[0] ?? 1);
      table.push({ ...row, growth: row.ours / first.ours / work });
    }
  }
  return tables.flat();
}
