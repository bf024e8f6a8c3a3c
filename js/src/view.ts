/* One view of a run: header, timeline, details, graph and source, linked. Owns the frame loop: a frame is drawn when
 * something has changed, and while calls are in flight. Lives in a shadow root, so that no style of the host reaches it. */

import { Details } from "./details";
import { el } from "./dom";
import { Gantt } from "./gantt";
import { Graph } from "./graph";
import { Header } from "./header";
import type { Model } from "./model";
import { SourceView } from "./source";
import type { Answer } from "./whatif";
import { WhatIfView } from "./whatifview";
import css from "./style.css";
import { isDark, onTheme, palette } from "./theme";
import { GROUPED, type Grouping, GROUPINGS } from "./lanes";
import { legend } from "./legend";

export interface Host {
  stop(): void;
  values(number: number): void; // ask for arguments and result
  save?(): void; // ask for the run as a page of its own
  whatif?(content: Record<string, unknown>): void;
}

type Tab = "timeline" | "graph" | "source" | "whatif";
const TABS: Record<Tab, string> = { timeline: "Timeline", graph: "Graph", source: "Source", whatif: "What if" };

export class View {
  readonly gantt: Gantt;
  readonly element: HTMLElement;
  private readonly graph: Graph;
  private readonly source: SourceView;
  private readonly details: Details;
  private readonly header: Header;
  private readonly whatif: WhatIfView;
  private readonly root = el("div", { class: "view" });
  private readonly legend = el("div", { class: "legend" });
  private readonly live = el("div", { class: "said", "aria-live": "polite" });
  private readonly save = el("button", { type: "button", title: "Save this run as a page of its own: names and times only" }, "save…");
  private readonly problem = el("p", { class: "problem" });
  private readonly byWorker = el("option", { value: "worker" }, GROUPED.worker);
  private frame = 0;
  private timer = 0;
  private seen = -1;
  private dark: boolean | null = null;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly model: Model,
    private readonly host: Host,
  ) {
    const colours = palette(false);
    const hover = (calls: number[] | null): void => this.mark(calls);
    const announce = (text: string): void => void (this.live.textContent = text);
    this.gantt = new Gantt(model, { hover: (n) => this.hover(n), select: (n) => this.select(n), announce }, colours);
    this.graph = new Graph(model, { hover, select: (n) => this.select(n), announce }, colours);
    this.source = new SourceView(model, { hover, select: (n) => this.select(n) });
    this.details = new Details(model, { select: (n) => this.select(n), hover });
    this.header = new Header(model, () => host.stop());
    this.whatif = new WhatIfView(model, host.whatif ? (content) => host.whatif?.(content) : null, () => this.changed());
    const tabs = el("div", { class: "tabs", role: "tablist" });
    for (const name of Object.keys(TABS) as Tab[]) {
      const both = name === "timeline" ? [el("span", { class: "long" }, "Run"), el("span", { class: "short" }, TABS[name])] : [TABS[name]];
      const tab = el("button", { type: "button", role: "tab", "data-tab": name }, ...both);
      tab.addEventListener("click", () => this.tab(name));
      tabs.append(tab);
    }
    const tools = this.tools();
    const pane = (name: Tab, ...children: Node[]): HTMLElement => el("div", { class: `pane ${name}` }, ...children);
    const timeline = pane("timeline", this.gantt.element, el("div", { class: "under" }, this.legend, tools));
    const below = el("div", { class: "below" }, pane("graph", this.graph.element), pane("source", this.source.element));
    this.root.append(this.header.element, this.problem, tabs, timeline, this.details.element, below, pane("whatif", this.whatif.element), this.live);
    this.element = el("div", { class: "poppy-view" });
    const shadow = this.element.attachShadow({ mode: "open" });
    shadow.append(el("style", {}, css), this.root);
    this.tab("timeline");
  }

  /* Begins to draw; gives back how to end it. */
  start(): () => void {
    const resize = new ResizeObserver(() => this.changed());
    resize.observe(this.element);
    this.stops.push(() => resize.disconnect(), onTheme(() => this.theme()));
    this.theme();
    this.changed();
    return () => {
      for (const stop of this.stops.splice(0)) stop();
      cancelAnimationFrame(this.frame);
      clearTimeout(this.timer);
      this.frame = this.timer = 0;
    };
  }

  /* An answer of the kernel to the What-if tab, here or elsewhere in the page. */
  answered(answer: Answer): void {
    this.whatif.take(answer);
  }

  /* Something is to be drawn, with the next frame. */
  changed(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const width = this.root.clientWidth - 2;
    if (width <= 0) {
      // Not shown just now (a closed tab, a folded cell): look again when that changes.
      return;
    }
    this.root.classList.toggle("narrow", width < 640);
    const moves = this.gantt.draw(Math.max(200, this.gantt.element.clientWidth));
    this.header.draw();
    this.details.draw(this.gantt.selected);
    if (this.seen !== this.model.version) {
      this.seen = this.model.version;
      const known = this.model.whatif !== null || this.host.whatif !== undefined;
      this.root.classList.toggle("several", known && !this.model.running);
      (this.root.querySelector("[role=tab][data-tab=whatif]") as HTMLElement).hidden = !known || this.model.running;
      this.byWorker.hidden = this.byWorker.disabled = this.model.workers.size === 0;
      this.save.hidden = this.model.running || this.host.save === undefined;
      this.problem.textContent = this.model.problem;
      this.problem.hidden = !this.model.problem;
      this.graph.draw();
      this.root.classList.toggle("stacked", this.graph.wide > 0.56 * width);
      legend(this.legend, this.model, palette(this.dark === true));
    }
    this.source.draw();
    if (this.root.dataset.tab === "whatif") this.whatif.draw(width, palette(this.dark === true));
    // Bars grow thirty times a second, which looks smooth and leaves the page its time.
    if (moves && this.timer === 0) {
      this.timer = window.setTimeout(() => {
        this.timer = 0;
        this.changed();
      }, Math.max(33, 4 * this.gantt.scriptTime));
    }
  }

  select(number: number | null): void {
    this.gantt.selected = number;
    const call = number === null ? undefined : this.model.byNumber(number);
    if (call !== undefined && number !== null) {
      this.gantt.show(number);
      this.source.show(call);
      this.live.textContent = this.gantt.line(call);
      if (!this.model.values.has(number)) this.host.values(number);
    }
    this.mark(number === null ? null : [number], false);
    this.changed();
  }

  private hover(number: number | null): void {
    if (number !== this.gantt.hovered) {
      this.gantt.hovered = number;
      const call = number === null ? undefined : this.model.byNumber(number);
      this.gantt.canvas.title = call ? this.gantt.line(call) : "";
      this.mark(number === null ? null : [number], false);
    }
    this.changed();
  }

  private mark(calls: number[] | null, dim = true): void {
    const numbers = new Set(calls ?? (this.gantt.selected === null ? [] : [this.gantt.selected]));
    this.gantt.marked = dim && calls !== null ? numbers : new Set();
    this.graph.mark(numbers, dim && calls !== null);
    this.source.mark(numbers);
    this.changed();
  }

  private tab(name: Tab): void {
    this.root.dataset.tab = name;
    if (name === "whatif") this.whatif.open();
    for (const tab of this.root.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String((tab as HTMLElement).dataset.tab === name));
    this.changed();
  }

  private tools(): HTMLElement {
    const button = (text: string, label: string, act: (self: HTMLElement) => void): HTMLElement => {
      const made = el("button", { type: "button", title: label, "aria-label": label }, text);
      made.addEventListener("click", () => {
        act(made);
        this.changed();
      });
      return made;
    };
    const grouping = el("select", { title: "Rows of the timeline", "aria-label": "Rows of the timeline" });
    for (const name of GROUPINGS) grouping.append(name === "worker" ? this.byWorker : el("option", { value: name }, GROUPED[name]));
    grouping.addEventListener("change", () => {
      this.gantt.grouping = grouping.value as Grouping;
      this.gantt.relayout();
      this.changed();
    });
    this.save.addEventListener("click", () => this.host.save?.());
    return el("div", { class: "tools" }, grouping,
      button("−", "Zoom out", () => this.gantt.zoom(1 / 1.5)),
      button("+", "Zoom in", () => this.gantt.zoom(1.5)),
      button("all", "Show the whole run", () => this.gantt.all()),
      button("fold", "Fold the graph", () => this.graph.foldAll()),
      this.save);
  }

  private theme(): void {
    const dark = isDark(this.element.parentElement ?? this.element);
    if (dark === this.dark) return;
    this.dark = dark;
    const colours = palette(dark);
    const { reasons: _, ...plain } = colours;
    for (const [name, value] of Object.entries(plain)) this.root.style.setProperty(`--${name}`, value as string);
    this.root.style.colorScheme = dark ? "dark" : "light";
    this.gantt.palette = colours;
    this.graph.palette = colours;
    this.seen = -1;
    this.changed();
  }
}
