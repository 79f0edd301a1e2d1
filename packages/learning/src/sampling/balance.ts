import { RandomSource } from "@multirnet/base";

import type { PreparedCase } from "../dataset/prepared-case.js";
import { epochOrder, type EpochKey } from "./order.js";

/** What cases can be told apart by, so that no kind of them is seen too seldom. */
export const BALANCES = ["diagnosis", "source", "severity"] as const;
export type Balance = (typeof BALANCES)[number];

/** One look at a case in a round. */
export interface Visit<C> {
  readonly of: C;
  readonly repeat: number; // how often the round has looked at it before
}

/**
 * As many visits as there are cases, shared evenly among groups: the groups take turns, in an order of this round, and each goes through its own cases, in an
 * order of this round, as often as it takes. A group with more cases than turns leaves some to other rounds.
 */
export function balancedVisits<C>(cases: readonly C[], groupOf: (one: C) => string, key: EpochKey): Visit<C>[] {
  const groups = new Map<string, C[]>();
  for (const one of cases) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one]);
  const names = new RandomSource(key.seed, "groups", key.epoch).shuffled([...groups.keys()].sort());
  const ordered = names.map((name) => epochOrder(groups.get(name) ?? [], { ...key, group: name }));
  return cases.map((_, turn) => {
    const group = ordered[turn % ordered.length] as C[];
    const visit = Math.floor(turn / ordered.length);
    return { of: group[visit % group.length] as C, repeat: Math.floor(visit / group.length) };
  });
}

/**
 * The group of each case: what it is by all of `balance` together. Severity is the third of the training cases into which its lesions fall by volume, apart
 * from those without and those of which it is not known.
 */
export function groupsOf(cases: readonly PreparedCase[], balance: readonly Balance[]): (one: PreparedCase) => string {
  const severities = balance.includes("severity") ? severitiesOf(cases) : new Map<PreparedCase, string>();
  const of = {
    diagnosis: ({ entry }: PreparedCase): string => entry.diagnosis ?? "not known",
    source: ({ entry }: PreparedCase): string => entry.source ?? "not known",
    severity: (one: PreparedCase): string => severities.get(one) ?? "not known",
  };
  return (one) => JSON.stringify(balance.map((by) => of[by](one)));
}

const SEVERITIES = ["small", "middle", "large"] as const;

function severitiesOf(cases: readonly PreparedCase[]): Map<PreparedCase, string> {
  const volumes = cases.flatMap((one) => (one.mask === undefined ? [] : { one, mm3: lesionMm3(one) }));
  const ill = volumes.filter(({ mm3 }) => mm3 > 0).sort((a, b) => a.mm3 - b.mm3);
  const third = (rank: number): string => SEVERITIES[Math.floor((rank * SEVERITIES.length) / ill.length)] ?? "large";
  return new Map([
    ...volumes.filter(({ mm3 }) => mm3 === 0).map(({ one }) => [one, "none"] as const),
    ...ill.map(({ one }, rank) => [one, third(rank)] as const),
  ]);
}

function lesionMm3({ components, grid: { spacingMm } }: PreparedCase): number {
  const voxels = components.reduce((sum, component) => sum + component.voxels, 0);
  return voxels * spacingMm.x * spacingMm.y * spacingMm.z;
}
