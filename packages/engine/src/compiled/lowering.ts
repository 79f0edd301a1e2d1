import type { CallRecord } from "../recorder.js";
import { lowerGroup } from "./convolutions.js";
import { groupsOf, type Group } from "./fusion.js";
import type { Graph } from "./graph.js";
import { Layouts, type Leaves, type Lowered } from "./layouts.js";
import { RULES } from "./rules.js";

/**
 * Turns a graph into a program whose activations are blocked where that pays. With `fold`, fixed weights are folded, laid out and packed once; without,
 * all of it can be differentiated.
 */
export function lower(graph: Graph, leaves: Leaves, { block, fold }: { block: number; fold: boolean }): Lowered {
  const layouts = new Layouts(leaves, block, fold);
  const { groups, absorbed } = groupsOf(graph, { fold });
  for (const [place, call] of graph.calls.entries()) {
    if (absorbed.has(place)) continue;
    const group = groups.get(place);
    if (group === undefined) lowerCall(call, layouts);
    else lowerTogether(group, layouts);
  }
  return layouts.finish(graph.outputs);
}

/** A call by its own rule, or as it is. */
function lowerCall(record: CallRecord, layouts: Layouts): void {
  layouts.beginPart(record.module);
  if (layouts.foldAway(record)) return;
  if (RULES.get(record.op)?.(record, layouts) !== true) layouts.asItIs(record);
}

/** A group, or its calls one by one where it does not fit. */
function lowerTogether(group: Group, layouts: Layouts): void {
  layouts.beginPart(group.members[0]?.module ?? "");
  if (lowerGroup(group, layouts)) return;
  for (const member of group.members) lowerCall(member, layouts);
}
