/* The graph: calls from left to right by what they waited for, laid out by dagre, places folded into one node each.
 *
 * Rebuilt when the set of nodes or links changes, at most a tenth of the time; progress alone only moves the rings. */

import dagre from "@dagrejs/dagre";
import { plain, svg } from "./dom";
import { fold, type Folded, type Link, type Node, progress } from "./fold";
import type { Model } from "./model";
import { type Palette, REASON_NAMES } from "./theme";
import { count } from "./time";

const CHAR = 6.9, HEIGHT = 38, RING = 9;
const LABELLED = 40; // links up to which they carry their variable's name

export interface GraphHost {
  hover(calls: number[] | null): void;
  select(number: number): void;
  announce(text: string): void;
}

interface Drawn {
  group: SVGGElement;
  ring: SVGCircleElement | null;
  note: SVGTextElement;
  box: SVGRectElement;
}

export interface Laid {
  nodes: Map<string, { x: number; y: number; width: number; height: number }>;
  links: Map<string, { x: number; y: number }[]>;
  width: number;
  height: number;
}

/* Where nodes and links go. */
export function layout(folded: Folded, direction: "LR" | "TB" = "LR"): Laid {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 12, ranksep: direction === "LR" ? 30 : 34, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const labelled = folded.links.length <= LABELLED;
  for (const node of folded.nodes) graph.setNode(node.id, { width: widthOf(node), height: HEIGHT });
  for (const link of folded.links) {
    const label = labelled ? plain(link.through, 18).length * 5.6 : 0; // room between the nodes for the variable's name
    graph.setEdge(link.from, link.to, label ? { width: label + 4, height: 14, labelpos: "c" } : {}, link.reason);
  }
  dagre.layout(graph);
  const nodes = new Map<string, { x: number; y: number; width: number; height: number }>();
  for (const id of graph.nodes()) nodes.set(id, graph.node(id) as { x: number; y: number; width: number; height: number });
  const links = new Map<string, { x: number; y: number }[]>();
  for (const edge of graph.edges()) links.set(`${edge.v}\n${edge.w}\n${edge.name}`, (graph.edge(edge) as { points: { x: number; y: number }[] }).points);
  const size = graph.graph() as { width?: number; height?: number };
  return { nodes, links, width: Math.max(size.width ?? 0, 40), height: Math.max(size.height ?? 0, 40) };
}

/* The second line of a node. */
function note(node: Node): string {
  const { all, over, failed } = progress(node);
  const words = [node.where, failed > 0 ? (all > 1 ? `${failed} failed` : "failed") : "", over < all && all > 1 ? `${over}/${all}` : ""];
  return plain(words.filter(Boolean).join(" · "), 34);
}

function widthOf(node: Node): number {
  const text = Math.max(plain(node.label, 28).length * CHAR, note(node).length * 6 + 10);
  return Math.min(230, text + 22 + (node.openable ? 2 * RING + 8 : 0));
}

export class Graph {
  readonly element: HTMLDivElement;
  private readonly root: SVGSVGElement;
  private readonly opened = new Set<string>();
  private readonly closed = new Set<string>();
  private folded: Folded = { nodes: [], links: [], of: new Map(), loops: new Map() };
  private drawn = new Map<string, Drawn>();
  private lines = new Map<string, SVGGElement>();
  private shape = "";
  private builtAt = 0;
  private cost = 0;
  private version = -1;
  private focusAfter = "";
  wide = 0; // pixels that it would like to have

  constructor(
    private readonly model: Model,
    private readonly host: GraphHost,
    private colours: Palette,
  ) {
    this.element = document.createElement("div");
    this.element.className = "graph";
    this.root = svg("svg", { role: "group", "aria-label": "Graph of the calls by dependence" });
    this.element.append(this.root);
  }

  set palette(colours: Palette) {
    this.colours = colours;
    this.shape = "";
    this.version = -1;
  }

  draw(): void {
    const began = performance.now();
    if (this.version === this.model.version || (this.model.running && began - this.builtAt < 10 * this.cost)) return;
    this.version = this.model.version;
    this.folded = fold(this.model.calls, this.opened, this.closed);
    const shape = `${this.folded.nodes.map((node) => node.id + node.label + note(node).length).join("|")}#${this.folded.links.map((link) => link.from + link.to + link.reason).join("|")}#${this.model.path.length}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.build();
    }
    for (const node of this.folded.nodes) this.update(node);
    this.builtAt = performance.now();
    this.cost = this.builtAt - began;
  }

  /* Which nodes hold any of these calls. */
  mark(calls: ReadonlySet<number>, dim: boolean): void {
    const ids = new Set<string>();
    for (const number of calls) ids.add(this.folded.of.get(number) ?? "");
    for (const [id, { group }] of this.drawn) {
      group.classList.toggle("marked", ids.has(id));
      group.classList.toggle("dimmed", dim && !ids.has(id));
    }
    for (const [key, line] of this.lines) {
      const [from, to] = key.split("\n");
      line.classList.toggle("dimmed", dim && !ids.has(to!) && !ids.has(from!));
    }
  }

  private build(): void {
    const { colours, folded } = this;
    const laid = layout(folded);
    this.root.replaceChildren();
    this.drawn.clear();
    this.lines.clear();
    this.root.setAttribute("viewBox", `0 0 ${laid.width} ${laid.height}`);
    this.root.style.width = `${laid.width}px`; // shown smaller if there is less room, never larger
    this.root.style.minWidth = `${laid.width * 0.7}px`; // below that it scrolls
    this.wide = laid.width;
    const marker = svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" });
    marker.append(svg("path", { d: "M0 0.5 8 4 0 7.5z", fill: colours.faint }));
    this.root.append(svg("defs", {}, marker));
    const path = new Set<string>();
    for (let at = 1; at < this.model.path.length; at++) {
      const from = folded.of.get(this.model.path[at - 1]!), to = folded.of.get(this.model.path[at]!);
      path.add(`${from}\n${to}`);
    }
    for (const link of folded.links) this.addLink(link, laid, path.has(`${link.from}\n${link.to}`));
    for (const node of folded.nodes) this.addNode(node, laid);
    if (this.focusAfter) {
      const target = [...this.drawn].find(([id]) => id === this.focusAfter || id.startsWith(`${this.focusAfter}/`))?.[1] ?? this.drawn.values().next().value;
      target?.group.focus();
      this.focusAfter = "";
    }
  }

  private addLink(link: Link, laid: Laid, critical: boolean): void {
    const key = `${link.from}\n${link.to}\n${link.reason}`;
    const points = laid.links.get(key);
    if (points === undefined || points.length < 2) return;
    const line = svg("g", { class: `link ${link.reason}` });
    const title = svg("title");
    title.textContent = `${REASON_NAMES[link.reason]}: ${plain(link.words)}${link.count > 1 ? ` (${count(link.count, "edge")})` : ""}`;
    const d = curve(points);
    const stroke = critical ? this.colours.path : this.colours.faint;
    const dash = { branch: "5 3", order: "1.5 3", commit: "1.5 3", unknown: "7 3 1.5 3" }[link.reason as string] ?? "";
    line.append(title, svg("path", { d, fill: "none", stroke: "transparent", "stroke-width": 10 }));
    line.append(svg("path", { d, fill: "none", stroke, "stroke-width": critical ? 2.2 : 1.2, "stroke-dasharray": dash, "marker-end": "url(#tip)" }));
    if (link.through && this.folded.links.length <= LABELLED) {
      const middle = points[Math.floor(points.length / 2)]!;
      const label = svg("text", { x: middle.x, y: middle.y - 4, class: "through", fill: this.colours.faint, stroke: this.colours.panel });
      label.textContent = plain(link.through, 18);
      line.append(label);
    }
    this.lines.set(key, line);
    this.root.append(line);
  }

  private addNode(node: Node, laid: Laid): void {
    const at = laid.nodes.get(node.id);
    if (at === undefined) return;
    const { colours } = this;
    const left = at.x - at.width / 2, top = at.y - at.height / 2;
    const group = svg("g", { class: "node", tabindex: 0, role: "button", transform: `translate(${left} ${top})` });
    const box = svg("rect", { width: at.width, height: at.height, rx: 6 });
    const bar = svg("rect", { class: "state", x: 0, y: 6, width: 3, height: at.height - 12, rx: 1.5 });
    const label = svg("text", { x: 11, y: 16, class: "label", fill: colours.ink });
    label.textContent = plain(node.label, 28);
    const note = svg("text", { x: 11, y: 30, class: "note", fill: colours.faint });
    group.append(box, bar, label, note);
    let ring: SVGCircleElement | null = null;
    if (node.openable) {
      const place = { cx: at.width - RING - 9, cy: at.height / 2, r: RING - 2, fill: "none", "stroke-width": 3.5 };
      ring = svg("circle", { ...place, stroke: colours.run, pathLength: 100, transform: `rotate(-90 ${place.cx} ${place.cy})` });
      group.append(svg("circle", { ...place, stroke: colours.grid }), ring);
    }
    const numbers = node.calls.map((call) => call.number);
    const loop = this.folded.loops.get(node.id) ? " Its calls wait for each other." : "";
    group.setAttribute("aria-label", `${plain(node.label)}, ${node.where}.${loop}${node.openable ? " Enter opens it." : ""}`);
    group.addEventListener("pointerenter", () => this.host.hover(numbers));
    group.addEventListener("pointerleave", () => this.host.hover(null));
    group.addEventListener("focus", () => this.host.hover(numbers));
    group.addEventListener("blur", () => this.host.hover(null));
    const act = (close: boolean): void => {
      if (close) this.close(node);
      else if (node.openable) this.open(node);
      else this.host.select(numbers[0]!);
    };
    group.addEventListener("click", (event) => act(event.shiftKey));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") act(event.shiftKey);
      else if (event.key === "Backspace" || event.key === "-") act(true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.drawn.set(node.id, { group, ring, note, box });
    this.root.append(group);
  }

  private open(node: Node): void {
    this.opened.add(node.id);
    this.closed.delete(node.id);
    this.focusAfter = node.id;
    this.again();
    this.host.announce(`${count(node.calls.length, "call")} of ${plain(node.label)} opened`);
  }

  private close(node: Node): void {
    const call = node.calls[0];
    if (call === undefined) return;
    this.opened.delete(call.site);
    this.closed.add(call.site);
    this.focusAfter = call.site;
    this.again();
  }

  foldAll(): void {
    this.opened.clear();
    for (const call of this.model.calls) if (call) this.closed.add(call.site);
    this.again();
  }

  private again(): void {
    this.version = -1;
    this.cost = 0;
    this.draw();
  }

  private update(node: Node): void {
    const drawn = this.drawn.get(node.id);
    if (drawn === undefined) return;
    const { all, over, failed, flying } = progress(node);
    const state = failed > 0 ? "failed" : over === all ? "over" : flying > 0 || over > 0 ? "flying" : "waiting";
    const critical = node.calls.some((call) => this.model.path.includes(call.number)) && this.model.path.length > 1;
    drawn.group.setAttribute("class", `node ${state}${critical ? " critical" : ""}`);
    drawn.ring?.setAttribute("stroke-dasharray", `${(100 * over) / all} 100`);
    const loop = this.folded.loops.has(node.id) ? "↻ " : "";
    drawn.note.textContent = loop + note(node);
  }
}

function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points as [{ x: number; y: number }, ...{ x: number; y: number }[]];
  let d = `M${first.x} ${first.y}`;
  for (let at = 0; at < rest.length - 1; at++) {
    const one = rest[at]!, two = rest[at + 1]!;
    const end = at === rest.length - 2 ? two : { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 };
    d += `Q${one.x} ${one.y} ${end.x} ${end.y}`;
  }
  if (rest.length === 1) d += `L${rest[0]!.x} ${rest[0]!.y}`;
  return d;
}
