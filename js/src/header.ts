/* The head line: how far the run is, what it gained so far, Stop. */

import { el, plain } from "./dom";
import { endOf, isOver, type Model } from "./model";
import { count, duration } from "./time";

export class Header {
  readonly element: HTMLElement;
  private readonly state = el("span", { class: "status" });
  private readonly words = el("span", { class: "words" });
  private readonly bar = el("div", { class: "progress", role: "progressbar", "aria-label": "Calls done", "aria-valuemin": "0" }, el("i"));
  private readonly stop = el("button", { type: "button", class: "stop" }, "Stop");
  private stopping = false;

  constructor(
    private readonly model: Model,
    stop: () => void,
  ) {
    this.element = el("header", {}, this.state, this.words, this.stop, this.bar);
    this.stop.addEventListener("click", () => {
      if (this.stopping) return;
      this.stopping = true;
      this.stop.textContent = "Stopping…";
      stop();
    });
  }

  /* Once a frame while something runs; cheap: one pass over the calls. */
  draw(): void {
    const { model } = this;
    const now = model.now;
    let all = 0, over = 0, flying = 0, failed = 0, seconds = 0, first = Infinity, last = 0;
    for (const call of model.calls) {
      if (call === undefined) continue;
      all++;
      if (isOver(call)) over++;
      else if (call.started !== null) flying++;
      if (call.outcome === "error") failed++;
      if (call.started === null) continue;
      const end = endOf(call, now);
      seconds += end - call.started;
      first = Math.min(first, call.started);
      last = Math.max(last, end);
    }
    const live = model.running;
    const span = last - first;
    const status = live ? "running" : model.error ? (model.error === "KeyboardInterrupt" ? "stopped" : "failed") : "done";
    this.state.className = `status ${status}`;
    this.state.textContent = [model.title, status === "failed" ? `failed: ${plain(model.error, 40)}` : status].filter(Boolean).join(" · ");
    const parts = [live ? `${over.toLocaleString("en")} of ${count(all, "call")}` : count(all, "call")];
    if (live) parts.push(`${flying} at once`);
    if (span > 0) parts.push(`${duration(seconds)} of calls in ${duration(span)}${live ? "" : ` (${(seconds / span).toFixed(1)} at once)`}`);
    if (live && over > 2 && over < all) parts.push(`about ${duration(left(over, all, now - first))} left`);
    if (failed) parts.push(`${failed} failed`);
    if (!live && model.pathLength > 0) parts.push(`critical path ${duration(model.pathLength)}`);
    if (model.cost) parts.push(model.cost);
    this.words.textContent = parts.join(" · ");
    this.words.title = live ? "" : totals(model);
    const share = all ? over / all : 0;
    (this.bar.firstElementChild as HTMLElement).style.width = `${100 * share}%`;
    this.bar.setAttribute("aria-valuemax", String(all));
    this.bar.setAttribute("aria-valuenow", String(over));
    this.bar.hidden = !live;
    this.stop.hidden = !live || model.stop !== "live";
    if (live && model.stop === "kernel") this.words.textContent += " · to stop, interrupt the kernel";
  }
}

/* What else was measured, for whoever points at the figures. */
function totals(model: Model): string {
  const peak = model.peak ? `${count(model.peak, "call")} at once at the most. ` : "";
  const python = model.overhead ? ` Python, the cell's own and the engine's: ${duration(model.overhead)}.` : "";
  return `${peak}One after the other this would have taken about ${duration(model.sequential)}.${python}`;
}

/* Seconds until the known calls are done, at the pace so far. More calls may become known. */
export function left(over: number, all: number, elapsed: number): number {
  return over > 0 ? ((all - over) * elapsed) / over : 0;
}
