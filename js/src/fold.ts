/* Folding: calls of one place are one node until somebody opens it, and there are never too many nodes.
 *
 *     25 calls of `ask`, line 9      ─ open ─▶  25 nodes
 *     9,000 calls of `ask`, line 9   ─ open ─▶  45 nodes of 200 calls  ─ open one ─▶  200 nodes (and 44 of 200)
 *
 * A small run (at most `SMALL` calls) begins with everything open. */

import { type Call, type Edge, isOver, type Reason } from "./model";

export const SMALL = 24;
export const MOST = 500;
const FAN = 60; // nodes that an opened node becomes at most, if each of them still is a group
const LEAF = 200; // calls up to which an opened node becomes single calls

export interface Node {
  id: string;
  calls: Call[];
  label: string;
  where: string;
  openable: boolean;
}

export interface Link {
  from: string;
  to: string;
  reason: Reason;
  count: number;
  words: string; // of one edge
  through: string; // if all its edges went through one variable
  edge: Edge;
}

export interface Folded {
  nodes: Node[];
  links: Link[];
  of: Map<number, string>; // call number → node
  loops: Map<string, number>; // edges within a node
}

export function fold(calls: readonly Call[], opened: ReadonlySet<string>, closed: ReadonlySet<string> = new Set()): Folded {
  const sites = new Map<string, Call[]>();
  let total = 0;
  for (const call of calls) {
    if (call === undefined) continue;
    total++;
    const members = sites.get(call.site);
    if (members) members.push(call);
    else sites.set(call.site, [call]);
  }
  const small = total <= SMALL;
  const nodes: Node[] = [];
  const add = (id: string, members: Call[]): void => {
    const open = opened.has(id) || (small && !closed.has(id));
    if (members.length > 1 && open && nodes.length < MOST) {
      const size = members.length <= LEAF ? 1 : Math.max(LEAF, Math.ceil(members.length / FAN));
      for (let at = 0; at < members.length; at += size) {
        const part = members.slice(at, at + size);
        if (part.length === 1) nodes.push(single(part[0]!, true));
        else add(`${id}/${at}+${part.length}`, part);
      }
      return;
    }
    nodes.push(members.length === 1 ? single(members[0]!, false) : group(id, members));
  };
  for (const [site, members] of sites) add(site, members);
  const of = new Map<number, string>();
  for (const node of nodes) for (const call of node.calls) of.set(call.number, node.id);
  return { nodes, of, ...linksOf(nodes, of) };
}

function single(call: Call, several: boolean): Node {
  const turn = several && call.turn ? ` ${call.turn}` : "";
  return { id: `#${call.number}`, calls: [call], label: `${call.callee}${turn}`, where: call.where, openable: false };
}

function group(id: string, members: Call[]): Node {
  const head = members[0]!;
  return { id, calls: members, label: `${head.callee} × ${members.length.toLocaleString("en")}`, where: head.where, openable: true };
}

function linksOf(nodes: Node[], of: Map<number, string>): { links: Link[]; loops: Map<string, number> } {
  const links = new Map<string, Link>();
  const loops = new Map<string, number>();
  for (const node of nodes) {
    for (const call of node.calls) {
      for (const edge of call.edges) {
        if (edge.reason === "limit" || edge.reason === "rate") continue; // a matter of slots, not of dependence
        const from = of.get(edge.cause);
        if (from === undefined) continue;
        if (from === node.id) {
          loops.set(from, (loops.get(from) ?? 0) + 1);
          continue;
        }
        const key = `${from}\n${node.id}\n${edge.reason}`;
        const link = links.get(key);
        if (link === undefined) {
          links.set(key, { from, to: node.id, reason: edge.reason, count: 1, words: edge.words, through: edge.through, edge });
        } else {
          link.count++;
          if (link.through !== edge.through) link.through = "";
        }
      }
    }
  }
  return { links: [...links.values()], loops };
}

/* How far a node's calls are: all, over, failed, in flight. */
export function progress(node: Node): { all: number; over: number; failed: number; flying: number } {
  let over = 0, failed = 0, flying = 0;
  for (const call of node.calls) {
    if (isOver(call)) over++;
    else if (call.started !== null) flying++;
    if (call.outcome === "error") failed++;
  }
  return { all: node.calls.length, over, failed, flying };
}
