import { isNotGiven, type NotGiven } from "@multirnet/base";

/** One thing that was measured, beside a peer where there is one. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number; // median
  readonly oursFrom: number;
  readonly oursTo: number; // the range of all
  readonly peer: number | NotGiven;
  readonly ratio: number | NotGiven; // ours to the peer's
  readonly unit: string;
  readonly beside?: string; // who the peer is
  readonly growth?: number; // ours against the first row of its table, over what linear growth would be
}

/** Rows as a table in Markdown. */
export function rowsText(rows: readonly BenchRow[]): string {
  const number = (value: number | NotGiven): string => (isNotGiven(value) ? "" : value.toPrecision(3));
  const head = ["what", "ours", "from … to", "peer", "ratio", "unit", "beside", "over linear growth"];
  const lines = rows.map(({ name, ours, oursFrom, oursTo, peer, ratio, unit, beside = "", growth }) => [
    name,
    number(ours),
    `${number(oursFrom)} … ${number(oursTo)}`,
    number(peer),
    number(ratio),
    unit,
    beside,
    growth?.toPrecision(3) ?? "",
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
