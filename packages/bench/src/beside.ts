import type { PeerWork } from "./peer.js";
import { timesOf } from "./repeated.js";
import type { BenchRow } from "./row.js";

/** A work of ours and what it finds, as the numbers that a peer gives for the same. */
export interface OwnWork {
  readonly name: string;
  readonly run: () => void | Promise<void>;
  readonly numbers: () => readonly number[];
  readonly tolerance: number; // how far numbers may be from the peer's, as a share of them
}

const WARM_UP = 1;

/**
 * Ours and the peer's in turns, each turn begun by the other. First both must have found the same.
 *
 * @throws Error where they have not
 */
export async function besidePeer(
  { name, run, numbers, tolerance }: OwnWork,
  peer: PeerWork,
  turns: number,
): Promise<BenchRow> {
  const own: number[] = [];
  const theirs: number[] = [];
  const ours = async (): Promise<number> => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  for (let turn = -WARM_UP; turn < turns; turn++) {
    const first = turn % 2 === 0 ? await ours() : undefined;
    const other = "undefined" in peer ? undefined : await peer.run();
    const mine = first ?? (await ours());
    if (turn === -WARM_UP && !("undefined" in peer)) requireEqual(name, numbers(), await peer.numbers(), tolerance);
    if (turn < 0) continue;
    own.push(mine);
    if (other !== undefined) theirs.push(other);
  }
  const times = timesOf(own);
  const missing = "undefined" in peer ? { undefined: peer.undefined } : undefined;
  const other = timesOf(theirs).median;
  return {
    name,
    ours: times.median,
    oursFrom: times.least,
    oursTo: times.most,
    peer: missing ?? other,
    ratio: missing ?? times.median / other,
    unit: "ms",
    beside: "undefined" in peer ? "" : peer.version,
  };
}

function requireEqual(name: string, ours: readonly number[], theirs: readonly number[], tolerance: number): void {
  const equal =
    ours.length === theirs.length &&
    theirs.every(
      (value, place) => Math.abs(value - (ours[place] ?? NaN)) <= tolerance * Math.max(1e-9, Math.abs(value)),
    );
  if (!equal) throw new Error(`${name}: we found ${ours.join(", ")}, the peer ${theirs.join(", ")}`);
}
