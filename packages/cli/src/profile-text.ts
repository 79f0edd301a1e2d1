import type { Profile, ProfileRow } from "@multirnet/engine";

import { textTable } from "./text-table.js";

/** A profile as three tables: by operator, by part of the network, and every row. Those that took longest come first. */
export function profileText({ rows, milliseconds }: Profile): string {
  const told = rows.reduce((sum, row) => sum + row.milliseconds + row.backward, 0);
  return [
    table(
      "operator",
      grouped(rows, ({ op }) => op),
    ),
    table(
      "module",
      grouped(rows, ({ module }) => module.split(".").slice(0, 2).join(".")),
    ),
    table(
      "module, operator, inputs",
      rows.map((row) => [[row.module, row.op, row.shapes].filter((part) => part !== "").join(", "), row]),
    ),
    `${milliseconds.toFixed(1)} ms in all, ${told.toFixed(1)} of them in what stands above`,
  ].join("\n\n");
}

type Sums = Pick<ProfileRow, "calls" | "flop" | "bytes" | "milliseconds" | "backward">;

function grouped(rows: readonly ProfileRow[], key: (row: ProfileRow) => string): [string, Sums][] {
  const groups = new Map<string, Sums>();
  for (const row of rows) {
    const group = groups.get(key(row)) ?? { calls: 0, flop: 0, bytes: 0, milliseconds: 0, backward: 0 };
    groups.set(key(row), {
      calls: group.calls + row.calls,
      flop: group.flop + row.flop,
      bytes: group.bytes + row.bytes,
      milliseconds: group.milliseconds + row.milliseconds,
      backward: group.backward + row.backward,
    });
  }
  return [...groups];
}

function table(what: string, groups: readonly (readonly [string, Sums])[]): string {
  const sorted = groups.toSorted(([, a], [, b]) => b.milliseconds + b.backward - a.milliseconds - a.backward);
  const learns = sorted.some(([, { backward }]) => backward > 0);
  const head = [what, "calls", "GFLOP", "MB", "ms", ...(learns ? ["ms back"] : []), "GFLOP/s", "GB/s"];
  return textTable([
    head,
    ...sorted.map(([name, { calls, flop, bytes, milliseconds, backward }]) => [
      name,
      String(calls),
      (flop / 1e9).toFixed(3),
      (bytes / 1e6).toFixed(1),
      milliseconds.toFixed(2),
      ...(learns ? [backward.toFixed(2)] : []),
      // The way back takes twice the operations of the way there.
      rate((flop * (backward > 0 ? 3 : 1)) / 1e6, milliseconds + backward),
      rate(bytes / 1e6, milliseconds),
    ]),
  ]);
}

function rate(amount: number, milliseconds: number): string {
  return milliseconds === 0 ? "" : (amount / milliseconds).toFixed(1);
}
