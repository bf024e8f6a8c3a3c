/* Lanes of the timeline: groups of calls, each with as many lanes as it had calls at once.
 *
 * What is packed is the time in flight. Waiting is drawn in front of a bar only where it does not cover another bar of the
 * lane: sixteen slots and a thousand calls that wait for one of them would otherwise need a thousand lanes. */

import { type Call, endOf, ways } from "./model";

export interface Lane {
  calls: Call[]; // by begin
  group: number;
}

export interface Group {
  label: string;
  where: string;
  first: number; // lane
  lanes: number;
  calls: number;
}

export interface Lanes {
  lanes: Lane[];
  groups: Group[];
  of: Map<number, number>; // call number → lane
}

export const GROUPINGS = ["place", "callee", "unit", "worker", "packed"] as const;
export type Grouping = (typeof GROUPINGS)[number];
export const GROUPED: Record<Grouping, string> = { place: "by place", callee: "by callee", unit: "by unit", worker: "by worker", packed: "packed" };
const MOST_UNITS = 300; // groups; more share one by their function

/* When a call occupies its lane: in flight; until it is sent, the waiting itself. Of a worker's lane while that performs it. */
export function span(call: Call, now: number, grouping: Grouping = "place"): [number, number] {
  if (grouping === "worker" && ways(call) !== null) return call.there!;
  return [call.started ?? call.issued, endOf(call, now)];
}

export function lanesOf(calls: readonly Call[], now: number, grouping: Grouping): Lanes {
  const bySite = new Map<string, Call[]>();
  const keys = keyOf(calls, grouping);
  for (const call of calls) {
    if (call === undefined) continue;
    const key = keys(call);
    const members = bySite.get(key);
    if (members) members.push(call);
    else bySite.set(key, [call]);
  }
  const lanes: Lane[] = [];
  const groups: Group[] = [];
  const of = new Map<number, number>();
  for (const members of grouping === "worker" ? byName(bySite) : inOrder(bySite)) {
    const first = lanes.length;
    const sent = members.filter((call) => call.started !== null).sort((a, b) => span(a, now, grouping)[0] - span(b, now, grouping)[0] || a.number - b.number);
    const unsent = members.filter((call) => call.started === null);
    const free = new Heap<number>((a, b) => a - b);
    const taken = new Heap<[end: number, lane: number]>((a, b) => a[0] - b[0]);
    let made = 0;
    for (const call of sent) {
      const [begin, end] = span(call, now, grouping);
      while (taken.size > 0 && taken.first[0] <= begin + 1e-9) free.push(taken.pop()[1]);
      const lane = free.size > 0 ? free.pop() : made++;
      taken.push([end, lane]);
      (lanes[first + lane] ??= { calls: [], group: groups.length }).calls.push(call);
      of.set(call.number, first + lane);
    }
    // What was not sent shares one lane: there may be thousands, and they are all the same thing.
    if (unsent.length > 0) {
      const lane = lanes.length;
      lanes.push({ calls: unsent, group: groups.length });
      for (const call of unsent) of.set(call.number, lane);
    }
    const head = members[0]!;
    groups.push({
      label: labelOf(head, grouping, members.every((call) => call.invocation === head.invocation)),
      where: grouping === "place" ? head.where : "",
      first,
      lanes: lanes.length - first,
      calls: members.length,
    });
  }
  return { lanes, groups, of };
}

/* What calls of one group have in common. */
function keyOf(calls: readonly Call[], grouping: Grouping): (call: Call) => string {
  if (grouping === "place") return (call) => call.site;
  if (grouping === "callee") return (call) => `${call.callee}|${call.host}`;
  if (grouping === "packed") return () => "";
  if (grouping === "worker") return (call) => call.worker;
  const units = new Set(calls.map((call) => call?.invocation));
  return units.size <= MOST_UNITS ? (call) => call.invocation : (call) => call.within;
}

function labelOf(head: Call, grouping: Grouping, one: boolean): string {
  if (grouping === "packed") return "";
  if (grouping === "callee") return head.callee;
  if (grouping === "worker") return head.worker || "no worker";
  if (grouping === "unit") return (one ? head.invocation : head.within) || "the cell";
  return head.within ? `${head.within} ▸ ${head.callee}` : head.callee;
}

/* Places by their first call sent, as a waterfall reads; those that wait are last. */
function inOrder(bySite: Map<string, Call[]>): Call[][] {
  const first = (members: Call[]): number => members.reduce((least, call) => Math.min(least, call.started ?? Infinity), Infinity);
  const found = [...bySite.values()].map((members) => ({ members, at: first(members) }));
  return found.sort((a, b) => (a.at === b.at ? a.members[0]!.number - b.members[0]!.number : a.at - b.at)).map(({ members }) => members);
}

/* Workers by name, `process 10` after `process 9`; what no worker performed is last. */
function byName(byWorker: Map<string, Call[]>): Call[][] {
  const names = [...byWorker.keys()].sort((a, b) => Number(a === "") - Number(b === "") || a.localeCompare(b, "en", { numeric: true }));
  return names.map((name) => byWorker.get(name)!);
}

/* The smallest first. */
class Heap<T> {
  private readonly items: T[] = [];
  constructor(private readonly compare: (a: T, b: T) => number) {}

  get size(): number {
    return this.items.length;
  }

  get first(): T {
    return this.items[0]!;
  }

  push(item: T): void {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.compare(items[above]!, item) <= 0) break;
      items[at] = items[above]!;
      at = above;
    }
    items[at] = item;
  }

  pop(): T {
    const items = this.items;
    const top = items[0]!;
    const last = items.pop()!;
    if (items.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.compare(items[below + 1]!, items[below]!) < 0) below++;
      if (this.compare(items[below]!, last) >= 0) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = last;
    return top;
  }
}
