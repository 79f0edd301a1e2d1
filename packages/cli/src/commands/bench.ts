import {
  grown,
  imagingRows,
  inferRows,
  metricsRows,
  roofline,
  rowsText,
  trainRows,
  type BenchRow,
  type VolumeBenchOptions,
} from "@multirnet/bench";
import { z } from "zod";

import { command } from "../command.js";

const WORKS = ["roofline", "infer", "train", "imaging", "metrics", "all"] as const;
const GROWTH = [1, 2, 4, 8];

const input = z.strictObject({
  what: z.literal(WORKS, `expected one of ${WORKS.join(", ")}`).default("all"),
  size: z.boolean().default(false),
  network: z.string().default("multirnet"),
  preset: z.string().default("small"),
  volume: z
    .string()
    .regex(/^[1-9]\d*x[1-9]\d*x[1-9]\d*$/, "expected three sides in voxels, as 512x512x300")
    .default("512x512x300"),
  turns: z.coerce.number("expected a number").int().min(1).default(5),
  python: z.string().default("/usr/bin/python3"),
});
type Input = z.output<typeof input>;

export const bench = command({
  name: "bench",
  summary: "How fast: what this machine reaches, and this program beside others.",
  args: [{ name: "what", says: WORKS.join(", "), optional: true }],
  options: {
    size: { says: "tables of growth: the work ×1, ×2, ×4, ×8 (volume; for train the batch)" },
    network: { value: "n", says: "for infer and train (multirnet)" },
    preset: { value: "p", says: "its preset (small)" },
    volume: { value: "XxYxZ", says: "voxels of the synthetic CT for imaging and metrics (512x512x300)" },
    turns: { value: "n", says: "how often each side does the work (5)" },
    python: {
      value: "program",
      says: "a Python with scipy and nibabel, the peers (/usr/bin/python3); without it there are none",
    },
  },
  input,
  async run(options) {
    const { what, size } = options;
    const wanted = what === "all" ? WORKS.filter((work) => work !== "all") : [what];
    const rows: BenchRow[] = [];
    for (const work of wanted) {
      const at = (times: number): BenchRow[] | Promise<BenchRow[]> => rowsOf(work, options, times);
      rows.push(...(size && work !== "roofline" ? await grown(GROWTH, at) : await at(size ? 1 : FULL[work])));
    }
    return { json: { rows }, text: rowsText(rows) };
  },
});

type Work = Exclude<Input["what"], "all">;

/** How much work there is without `--size`, in the units of growth: volumes grow up to the whole one. */
const FULL: Readonly<Record<Work, number>> = { roofline: 1, infer: 1, train: 1, imaging: 8, metrics: 8 };

function rowsOf(
  work: Work,
  { network, preset, volume, turns, python }: Input,
  times: number,
): BenchRow[] | Promise<BenchRow[]> {
  switch (work) {
    case "roofline":
      return roofline();
    case "infer":
      return inferRows({ network, preset, turns, batch: 1, longer: times });
    case "train":
      return trainRows({ network, preset, turns, batch: times });
    case "imaging":
      return imagingRows(part(volume, times, turns, python));
    case "metrics":
      return metricsRows(part(volume, times, turns, python));
  }
}

/** So many eighths of the volume's slices. */
function part(volume: string, eighths: number, turns: number, python: string): VolumeBenchOptions {
  const [x = 1, y = 1, z = 1] = volume.split("x").map(Number);
  return { size: { x, y, z: Math.max(1, Math.round((z * eighths) / 8)) }, turns, python };
}
