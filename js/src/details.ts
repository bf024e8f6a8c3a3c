/* What is known of one call, and why it was not sent earlier. */

import { el, plain } from "./dom";
import { type Call, endOf, type Model, served, ways } from "./model";
import { count, duration } from "./time";
import { chain, worst } from "./why";

export interface DetailsHost {
  select(number: number | null): void;
  hover(calls: number[] | null): void;
}

const SAID: Record<string, string> = {
  ok: "done", error: "failed", cancelled: "cancelled", abandoned: "abandoned", unsent: "never sent", running: "in flight", waiting: "waiting",
  streaming: "streaming", retrying: "trying again",
};

export class Details {
  readonly element: HTMLElement;
  private number: number | null = null;
  private version = -1;

  constructor(
    private readonly model: Model,
    private readonly host: DetailsHost,
  ) {
    this.element = el("section", { class: "details", "aria-label": "Details of the selected call", tabindex: "-1" });
    this.element.hidden = true;
  }

  draw(number: number | null): void {
    if (number === this.number && this.version === this.model.version) return;
    this.number = number;
    this.version = this.model.version;
    const call = number === null ? undefined : this.model.byNumber(number);
    this.element.hidden = call === undefined;
    if (call !== undefined) this.element.replaceChildren(this.facts(call), this.why(call));
  }

  private facts(call: Call): HTMLElement {
    const { model } = this;
    const list = el("dl");
    const fact = (name: string, value: string, kind = ""): void => {
      if (value) list.append(el("dt", {}, name), el("dd", kind ? { class: kind } : {}, value));
    };
    const close = el("button", { class: "close", type: "button", "aria-label": "Close the details" }, "×");
    close.addEventListener("click", () => this.host.select(null));
    const head = el("h4", {}, `#${call.number} ${plain(model.name(call), 60)}`, el("span", { class: `outcome ${call.outcome}` }, SAID[call.outcome] ?? call.outcome), close);
    fact("where", [call.within && plain(call.within, 80), call.where].filter(Boolean).join(" · "));
    fact("calls", plain(call.exactly, 120));
    const started = call.started;
    if (started !== null) {
      const held = call.ready === null ? 0 : started - call.ready;
      const waited = (call.ready ?? started) - call.issued;
      const parts = [waited > 5e-5 ? `${duration(waited)} for its operands or its turn` : "", held > 1e-4 ? `${duration(held)} for ${call.edges.some((edge) => edge.reason === "rate") ? "the rate limit" : "a free place"}` : ""];
      fact("in flight", `${duration(endOf(call, model.now) - started)}, from ${duration(started)} to ${call.ended === null ? "…" : duration(call.ended)}`);
      fact("waited", parts.filter(Boolean).join(", ") || "not at all");
    } else fact("waited", duration((call.ended ?? model.now) - call.issued));
    if (call.slack !== null && !model.running) {
      const critical = model.path.includes(call.number);
      fact("slack", critical ? "on the critical path" : call.slack < 1e-4 ? "none" : `it could have taken ${duration(call.slack)} longer at no cost`);
    }
    fact("model", plain(call.model, 60));
    if (call.tokens) fact("tokens", `${call.tokens[0].toLocaleString("en")} sent, ${call.tokens[1].toLocaleString("en")} received`);
    fact("cost", model.costs.has(call.number) ? `about ${model.costs.get(call.number)}` : "");
    if (call.pieces > 0) fact("stream", pieces(call));
    if (call.attempts > 1) fact("attempts", attempts(call));
    fact("host", plain(call.host, 80));
    fact("worker", plain(call.worker, 80));
    const way = ways(call);
    if (way) fact("transfer", `${duration(way[0] + way[1])}: ${duration(way[0])} until the worker began, ${duration(way[1])} back`);
    fact("occupies", call.occupies.map(({ name, units, capacity }) => `${units} of ${capacity} ${plain(name, 40)}`).join(", "));
    fact("effect", call.effect);
    fact("error", plain(call.error, 300), "bad");
    const values = model.values.get(call.number);
    if (values) {
      fact("arguments", values[0].slice(0, 4000), "value");
      if (call.pieces === 0) fact("result", values[1].slice(0, 4000), "value"); // a stream has no result of its own
    }
    return el("div", { class: "facts" }, head, list);
  }

  private why(call: Call): HTMLElement {
    const steps = chain(this.model, call.number);
    const box = el("div", { class: "why" }, el("h5", {}, "Why not earlier?"));
    if (steps.length === 0) {
      const said = call.started === null ? "It waits for no call that has ended." : "It waited for no call: it was sent as soon as its line was reached.";
      box.append(el("p", {}, said));
      return box;
    }
    const list = el("ol");
    for (const step of steps) {
      const button = el("button", { type: "button", class: "ref" }, `#${step.cause.number} ${plain(this.model.name(step.cause), 40)}`);
      button.addEventListener("click", () => this.host.select(step.cause.number));
      button.addEventListener("pointerenter", () => this.host.hover([step.cause.number]));
      button.addEventListener("pointerleave", () => this.host.hover(null));
      const at = served(step.cause, step.call);
      const until = at === null ? "" : ` until ${duration(at)}`;
      const piece = at !== null && at < (step.cause.ended ?? Infinity) - 1e-5 ? "a piece of " : "";
      const who = step.call === call ? `It waited for ${piece}` : `#${step.call.number} waited for ${piece}`;
      list.append(el("li", {}, who, button, step.cause.where ? ` (${step.cause.where})` : "", `${until}: ${plain(step.edge.words, 200)}.`));
    }
    box.append(list);
    const most = worst(steps);
    if (most && most.cause.started !== null) {
      const full = most.edge.reason === "limit" || most.edge.reason === "rate";
      const line = most.edge.line ? `line ${most.edge.line}` : most.call.where;
      const took = duration((served(most.cause, most.call) ?? this.model.now) - most.cause.started);
      const more = most.edge.reason === "rate" ? "At a higher rate" : "With more calls at once (--max-calls)";
      const way = full ? `${more} this would start sooner.` : line ? `To start sooner, ${line} would have to do without its answer.` : "";
      box.append(el("p", { class: "most" }, `Most of it: #${most.cause.number} took ${took}. ${way}`));
    }
    return box;
  }
}

/* `12 pieces, the first after 0.31 s, then one every 42 ms` */
function pieces(call: Call): string {
  const first = call.chunks[0], last = call.chunks[call.chunks.length - 1];
  if (first === undefined || last === undefined) return "";
  const began = `${count(call.pieces, "piece")}, the first after ${duration(first - (call.started ?? first))}`;
  return call.pieces > 1 ? `${began}, then one every ${duration((last - first) / (call.pieces - 1))}` : began;
}

/* `3: RateLimitError 429 after 0.10 s, again 0.52 s later; …` */
function attempts(call: Call): string {
  const said = call.tries.flatMap((attempt, index) => {
    if (attempt.end === null) return [];
    const next = call.tries[index + 1];
    const again = next ? `, sent again ${duration(next.begin - attempt.end)} later` : "";
    return [`${plain(attempt.why, 60)} after ${duration(attempt.end - attempt.begin)}${again}`];
  });
  return [String(call.attempts), said.join("; ")].filter(Boolean).join(": ");
}
