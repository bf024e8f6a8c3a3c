/* One view of a run: header, timeline, details, graph and source, linked. Owns the frame loop: a frame is drawn when
 * something has changed, and while calls are in flight. Lives in a shadow root, so that no style of the host reaches it. */

import { Details } from "./details";
import { el } from "./dom";
import { Gantt } from "./gantt";
import { Graph } from "./graph";
import { Header } from "./header";
import type { Model } from "./model";
import { SourceView } from "./source";
import css from "./style.css";
import { isDark, onTheme, palette } from "./theme";
import { legend } from "./legend";

export interface Host {
  stop(): void;
  values(number: number): void; // ask for arguments and result
}

type Tab = "timeline" | "graph" | "source";

export class View {
  readonly gantt: Gantt;
  readonly element: HTMLElement;
  private readonly graph: Graph;
  private readonly source: SourceView;
  private readonly details: Details;
  private readonly header: Header;
  private readonly root = el("div", { class: "view" });
  private readonly legend = el("div", { class: "legend" });
  private readonly live = el("div", { class: "said", "aria-live": "polite" });
  private readonly problem = el("p", { class: "problem" });
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
    const tabs = el("div", { class: "tabs", role: "tablist" });
    for (const name of ["timeline", "graph", "source"] as Tab[]) {
      const tab = el("button", { type: "button", role: "tab", "data-tab": name }, name[0]!.toUpperCase() + name.slice(1));
      tab.addEventListener("click", () => this.tab(name));
      tabs.append(tab);
    }
    const tools = this.tools();
    const pane = (name: Tab, ...children: Node[]): HTMLElement => el("div", { class: `pane ${name}` }, ...children);
    const timeline = pane("timeline", this.gantt.element, el("div", { class: "under" }, this.legend, tools));
    const below = el("div", { class: "below" }, pane("graph", this.graph.element), pane("source", this.source.element));
    this.root.append(this.header.element, this.problem, tabs, timeline, this.details.element, below, this.live);
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
      this.problem.textContent = this.model.problem;
      this.problem.hidden = !this.model.problem;
      this.graph.draw();
      this.root.classList.toggle("stacked", this.graph.wide > 0.56 * width);
      legend(this.legend, this.model, palette(this.dark === true));
    }
    this.source.draw();
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
    const grouping = button("by place", "Group by place in the source, or pack by time", (self) => {
      this.gantt.grouping = this.gantt.grouping === "place" ? "packed" : "place";
      self.textContent = this.gantt.grouping === "place" ? "by place" : "packed";
      this.gantt.relayout();
    });
    return el("div", { class: "tools" }, grouping,
      button("−", "Zoom out", () => this.gantt.zoom(1 / 1.5)),
      button("+", "Zoom in", () => this.gantt.zoom(1.5)),
      button("all", "Show the whole run", () => this.gantt.all()),
      button("fold", "Fold the graph", () => this.graph.foldAll()));
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
