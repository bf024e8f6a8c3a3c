/* The text, with a strip of heat beside each line: how much call time the line stands for, and what is in flight there. */

import { el, plain } from "./dom";
import { type Call, endOf, isOver, type Model } from "./model";
import { duration } from "./time";

const MOST = 2500; // lines shown of one file
const AROUND = 6; // lines shown around a call, in a file that is not the cell

export interface SourceHost {
  hover(calls: number[] | null): void;
  select(number: number): void;
}

interface Line {
  element: HTMLElement;
  strip: HTMLElement;
  badge: HTMLElement;
}

export class SourceView {
  readonly element: HTMLDivElement;
  private lines = new Map<string, Line>();
  private calls = new Map<string, Call[]>();
  private shape = "";
  private version = -1;

  constructor(
    private readonly model: Model,
    private readonly host: SourceHost,
  ) {
    this.element = el("div", { class: "source", role: "list", "aria-label": "Source of the cell" });
  }

  draw(): void {
    const { model } = this;
    const live = model.running;
    if (this.version === model.version && !live) return;
    if (this.version !== model.version) {
      this.version = model.version;
      this.calls.clear();
      for (const call of model.calls) {
        if (call === undefined || call.file < 0) continue;
        const key = `${call.file}:${call.line}`;
        const known = this.calls.get(key);
        if (known) known.push(call);
        else this.calls.set(key, [call]);
      }
      const shape = `${model.sources.length}|${[...this.calls.keys()].join()}`;
      if (shape !== this.shape) {
        this.shape = shape;
        this.build();
      }
    }
    const now = model.now;
    const heat = new Map<string, number>();
    let most = 0;
    for (const [key, calls] of this.calls) {
      let seconds = 0;
      for (const call of calls) if (call.started !== null) seconds += endOf(call, now) - call.started;
      heat.set(key, seconds);
      most = Math.max(most, seconds);
    }
    for (const [key, calls] of this.calls) {
      const line = this.lines.get(key);
      if (line === undefined) continue;
      const flying = calls.filter((call) => call.started !== null && !isOver(call)).length;
      const seconds = heat.get(key)!;
      line.strip.style.setProperty("--heat", String(most > 0 ? seconds / most : 0));
      line.element.classList.toggle("flying", flying > 0);
      const words = calls.length > 1 ? `×${calls.length.toLocaleString("en")}` : "";
      line.badge.textContent = [words, duration(seconds)].filter(Boolean).join(" · ");
    }
  }

  mark(calls: ReadonlySet<number>): void {
    for (const [key, line] of this.lines) {
      const here = this.calls.get(key);
      line.element.classList.toggle("marked", here !== undefined && here.some((call) => calls.has(call.number)));
    }
  }

  /* Scrolls to the line of a call, within this element only. */
  show(call: Call): void {
    const line = this.lines.get(`${call.file}:${call.line}`)?.element;
    if (line === undefined) return;
    const top = line.offsetTop - this.element.offsetTop;
    if (top < this.element.scrollTop || top > this.element.scrollTop + this.element.clientHeight - 20) {
      this.element.scrollTop = Math.max(0, top - this.element.clientHeight / 2);
    }
  }

  private build(): void {
    this.lines.clear();
    this.element.replaceChildren();
    for (const [file, source] of this.model.sources.entries()) {
      const used = [...this.calls.keys()].filter((key) => key.startsWith(`${file}:`)).map((key) => Number(key.split(":")[1]));
      if (file > 0 && used.length === 0) continue;
      if (this.model.sources.length > 1) this.element.append(el("div", { class: "file" }, plain(source.title, 60)));
      const all = file === 0 && source.lines.length <= MOST;
      let gap = false;
      for (const [index, text] of source.lines.entries()) {
        const number = index + 1;
        if (!all && !used.some((line) => Math.abs(line - number) <= AROUND)) {
          gap = true;
          continue;
        }
        if (gap) this.element.append(el("div", { class: "gap" }, "⋯"));
        gap = false;
        this.element.append(this.line(file, number, text));
      }
    }
  }

  private line(file: number, number: number, text: string): HTMLElement {
    const key = `${file}:${number}`;
    const strip = el("span", { class: "heat", "aria-hidden": "true" });
    const badge = el("span", { class: "badge" });
    const code = el("code", {}, plain(text, 400) || " ");
    const element = el("div", { class: "line", role: "listitem" }, el("span", { class: "number" }, String(number)), strip, code, badge);
    const calls = this.calls.get(key);
    if (calls !== undefined) {
      element.classList.add("calls");
      element.tabIndex = 0;
      const numbers = (): number[] => (this.calls.get(key) ?? []).map((call) => call.number);
      element.addEventListener("pointerenter", () => this.host.hover(numbers()));
      element.addEventListener("pointerleave", () => this.host.hover(null));
      element.addEventListener("focus", () => this.host.hover(numbers()));
      element.addEventListener("blur", () => this.host.hover(null));
      element.addEventListener("click", () => this.host.select(numbers()[0]!));
      element.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        event.stopPropagation();
        this.host.select(numbers()[0]!);
      });
      this.lines.set(key, { element, strip, badge });
    }
    return element;
  }
}
