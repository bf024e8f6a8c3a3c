/* The What-if tab: levers on the left, what they would do on the right, advice below. */

import { drawCurve } from "./curve";
import { el, plain } from "./dom";
import type { Model } from "./model";
import type { Palette } from "./theme";
import { count, duration } from "./time";
import { Twin } from "./twin";
import { type Advice, type Answer, type Lever, type Prediction, positionOf, said, valueAt, WhatIf } from "./whatif";

export class WhatIfView {
  readonly element = el("section", { class: "whatif", "aria-label": "What if" });
  readonly state: WhatIf;
  private readonly levers = el("div", { class: "levers" });
  private readonly headline = el("div", { class: "headline", "aria-live": "polite" });
  private readonly snippet = el("div", { class: "snippet" });
  private readonly twin: Twin;
  private readonly where = el("div", { class: "where" });
  private readonly curve = el("div", { class: "curvebox" });
  private readonly advice = el("ol", { class: "advice" });
  private readonly notes = el("ul", { class: "notes" });
  private readonly problem = el("p", { class: "problem" });
  private readonly controls = new Map<string, () => void>(); // brings a lever's control in line with its setting
  private built = false;
  private drawn: unknown[] = [];

  constructor(
    private readonly model: Model,
    send: ((content: Record<string, unknown>) => void) | null,
    private readonly changed: () => void,
  ) {
    this.state = new WhatIf(send, changed);
    this.twin = new Twin(model);
    const right = el("div", { class: "outcome" }, this.headline, this.problem, this.twin.canvas, this.snippet, this.notes, el("div", { class: "pair" }, this.where, this.curve));
    this.element.append(this.levers, right, el("div", { class: "advised" }, el("h4", {}, "Advice"), this.advice));
  }

  /* The tab is looked at. */
  open(): void {
    this.state.open(this.model.whatif);
  }

  take(answer: Answer): void {
    this.state.take(answer);
  }

  draw(width: number, colours: Palette): void {
    const { state } = this;
    this.problem.textContent = state.problem;
    this.problem.hidden = !state.problem;
    this.element.classList.toggle("busy", state.busy);
    if (state.opened === null || state.prediction === null) {
      this.headline.textContent = state.problem ? "" : "Asking the kernel…";
      return;
    }
    if (!this.built) this.build();
    for (const update of this.controls.values()) update();
    const now = [state.prediction, state.curve, state.focus, state.set.size, width, colours, this.model.version];
    if (now.every((part, index) => part === this.drawn[index])) return;
    this.drawn = now;
    this.say(state.prediction);
    const { sequential, unlimited } = state.opened;
    const room = this.twin.canvas.parentElement!.clientWidth;
    this.twin.draw(Math.max(240, room), state.prediction, [{ seconds: sequential, label: "one after the other" }, { seconds: unlimited, label: "no limit" }], colours);
    this.drawWhere(state.prediction, colours);
    this.drawCurve(state.prediction);
  }

  private say(prediction: Prediction): void {
    const { opened, set } = this.state;
    const share = prediction.recorded > 0 ? prediction.saved / prediction.recorded : 0;
    const change = Math.abs(share) < 0.005 ? "no change" : `${Math.abs(Math.round(100 * share))} % ${share > 0 ? "sooner" : "later"}`;
    const parts: (Node | string)[] = [el("strong", {}, `${duration(prediction.recorded)} → ${duration(prediction.makespan)}`), ` · ${change} · critical path ${duration(prediction.path)}`];
    for (const money of [prediction.cost, prediction.energy]) {
      if (money) parts.push(` · ${amount(money[0], money[2])} → ${amount(money[1], money[2])}`);
    }
    if (!opened!.reliable || !prediction.reliable) parts.push(el("span", { class: "unsure" }, ` · ${plain(opened!.why || "unreliable", 160)}`));
    this.headline.replaceChildren(...parts);
    const reset = el("button", { type: "button" }, "Back to the run");
    reset.addEventListener("click", () => this.state.reset());
    const shown: Node[] = set.size > 0 && prediction.snippet ? [el("code", {}, prediction.snippet), copy(prediction.snippet), reset] : [];
    if (this.state.alone) shown.push(el("span", { class: "hint" }, "Without a kernel: one lever at a time."));
    if (this.model.foretold) shown.unshift(el("span", { class: "hint" }, this.model.foretold));
    this.snippet.replaceChildren(...shown);
    this.notes.replaceChildren(...prediction.notes.map((note) => el("li", {}, plain(note, 300))));
  }

  private build(): void {
    this.built = true;
    const { levers, advice } = this.state.opened!;
    const groups = new Map<string, Lever[]>();
    for (const lever of levers) groups.set(lever.callee, [...(groups.get(lever.callee) ?? []), lever]);
    for (const [callee, members] of groups) {
      const head = members[0]!;
      const lines = head.lines.map(([where]) => where).join(", ");
      const facts = callee ? [count(head.calls, "call"), lines, head.share > 0.005 ? `${Math.round(100 * head.share)} % of the path` : ""] : [];
      const box = el("fieldset", {}, el("legend", {}, callee ? plain(callee, 40) : "the whole run"), facts.length > 0 && el("p", { class: "facts" }, facts.filter(Boolean).join(" · ")));
      for (const lever of members) box.append(this.lever(lever));
      this.levers.append(box);
    }
    if (levers.length === 0) this.levers.append(el("p", {}, "Nothing to move: no call was sent."));
    this.advice.replaceChildren(...advice.map((one) => this.advised(one)));
    if (advice.length === 0) this.advice.replaceWith(el("p", { class: "hint" }, "No single change that the recording justifies would save much."));
  }

  private lever(lever: Lever): HTMLElement {
    const { state } = this;
    const value = el("output", {}, "");
    const control = this.control(lever);
    const row = el("label", { class: `lever ${lever.control}` }, el("span", { class: "name" }, plain(lever.words, 60), value), control);
    control.addEventListener("focus", () => state.look(lever.key));
    const before = this.controls.get(lever.key)!;
    this.controls.set(lever.key, () => {
      before();
      const set = state.value(lever);
      value.textContent = lever.control === "slider" ? said(lever, set) : "";
      row.classList.toggle("set", state.set.has(lever.key));
      row.classList.toggle("looked", state.focus === lever.key);
    });
    return row;
  }

  private control(lever: Lever): HTMLElement {
    const { state } = this;
    if (lever.control === "slider") {
      const stops = state.stops(lever)?.filter((at): at is number => typeof at === "number");
      const input = el("input", { type: "range", min: "0", max: String(stops ? Math.max(0, stops.length - 1) : 1000), step: "1", "aria-label": plain(lever.words, 80) });
      input.addEventListener("input", () => state.change(lever.key, stops ? (stops[Number(input.value)] ?? 0) : valueAt(lever, Number(input.value))));
      input.addEventListener("dblclick", () => state.change(lever.key, lever.value));
      this.controls.set(lever.key, () => {
        const at = Number(state.value(lever));
        const position = stops ? Math.max(0, stops.indexOf(at)) : positionOf(lever, at);
        // A slider that is held stays where it is held.
        if (input !== this.active() || Number(input.value) !== position) input.value = String(position);
        input.setAttribute("aria-valuetext", said(lever, at));
      });
      return input;
    }
    if (lever.control === "menu") {
      const known = state.stops(lever);
      const menu = el("select", { "aria-label": plain(lever.words, 80) });
      for (const option of lever.options ?? []) {
        if (known !== null && !known.includes(option.value) && option.value !== lever.value) continue;
        menu.append(el("option", { value: option.value, title: plain(option.risk ?? "", 200) }, plain(option.label, 60)));
      }
      menu.addEventListener("change", () => state.change(lever.key, menu.value));
      this.controls.set(lever.key, () => void (menu.value = String(state.value(lever))));
      return menu;
    }
    const box = el("input", { type: "checkbox", "aria-label": plain(lever.words, 80) });
    box.addEventListener("change", () => state.change(lever.key, box.checked));
    this.controls.set(lever.key, () => void (box.checked = Boolean(state.value(lever))));
    return box;
  }

  private active(): Element | null {
    return (this.element.getRootNode() as Document | ShadowRoot).activeElement;
  }

  private advised(advice: Advice): HTMLElement {
    const head = el("div", { class: "head" }, el("strong", {}, plain(advice.title, 120)), ` · saves ${duration(advice.saves)}, ${duration(advice.makespan)} in all`);
    if (advice.where) head.append(` · ${advice.where[0]}`);
    const tools = el("span", { class: "tools" });
    if (Object.keys(advice.set).length > 0) {
      const attempt = el("button", { type: "button" }, "Try it");
      attempt.addEventListener("click", () => {
        this.state.apply(advice.set);
        this.changed();
      });
      tools.append(attempt);
    }
    const item = el("li", {}, head, el("p", {}, plain(advice.evidence, 400)), advice.risk !== "" && el("p", { class: "risk" }, `Mind: ${plain(advice.risk, 400)}`));
    if (advice.code) {
      tools.prepend(copy(advice.code));
      item.append(el("div", { class: "code" }, el("pre", {}, advice.code.slice(0, 2000)), tools));
    } else item.append(tools);
    return item;
  }

  private drawWhere(prediction: Prediction, colours: Palette): void {
    const recorded = this.state.opened!.recorded;
    const names = [...new Set([...recorded.where, ...prediction.where].map(([name]) => name))];
    const colour = new Map(names.map((name, index) => [name, shade(name, index, colours)]));
    const whole = Math.max(recorded.makespan, prediction.makespan, 1e-9);
    const bar = (title: string, of: Prediction): HTMLElement => {
      const parts = of.where.filter(([, seconds]) => seconds > 0).map(([name, seconds]) =>
        el("i", { style: `width:${((100 * seconds) / whole).toFixed(2)}%;background:${colour.get(name)}`, title: `${plain(name, 80)}: ${duration(seconds)}` }));
      return el("div", { class: "bar" }, el("span", {}, title), el("div", {}, ...parts));
    };
    const then = new Map(prediction.where);
    const before = new Map(recorded.where);
    const rows = names.map((name) => el("li", {}, el("i", { style: `background:${colour.get(name)}` }), `${plain(name, 50)} `, el("b", {}, changeOf(before.get(name) ?? 0, then.get(name) ?? 0))));
    this.where.replaceChildren(el("h4", {}, "Where does the time go?"), bar("recorded", recorded), bar("predicted", prediction), el("ul", {}, ...rows));
  }

  private drawCurve(prediction: Prediction): void {
    const { state } = this;
    const lever = state.lever(state.focus);
    if (lever === undefined || state.curve === null || state.curve.points.length === 0) {
      this.curve.replaceChildren();
      return;
    }
    const of = lever.callee && !lever.words.includes(lever.callee) ? ` (${plain(lever.callee, 40)})` : "";
    this.curve.replaceChildren(
      el("h4", {}, `${plain(lever.words, 60)}${of}`),
      drawCurve(lever, state.curve, state.value(lever), prediction.makespan),
      el("p", { class: "hint" }, state.curve.limitBy ? `At its end most of the time goes to ${plain(state.curve.limitBy, 100)}.` : ""),
    );
  }
}

function changeOf(before: number, after: number): string {
  return Math.abs(before - after) < 1e-3 * Math.max(before, after) ? duration(after) : `${duration(before)} → ${duration(after)}`;
}

function amount(value: number, unit: string): string {
  return `${Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 6 })} ${unit}`;
}

/* Colours as in the timeline, as far as the name tells. */
function shade(name: string, index: number, colours: Palette): string {
  const { reasons } = colours;
  if (/^python|kernel/i.test(name)) return colours.faint;
  if (/^(before|after)/i.test(name)) return reasons.start;
  if (/order/i.test(name)) return reasons.order;
  if (/limit|place/i.test(name)) return reasons.limit;
  if (/rate/i.test(name)) return reasons.rate;
  if (/undeclared|unknown/i.test(name)) return reasons.unknown;
  if (/decision|branch/i.test(name)) return reasons.branch;
  return [colours.run, colours.stream, colours.retry, reasons.data, reasons.commit][index % 5]!;
}

function copy(text: string): HTMLElement {
  const button = el("button", { type: "button", title: "Copy" }, "Copy");
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(text).then(() => {
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  });
  return button;
}
