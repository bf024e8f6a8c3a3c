/* What the colours mean: only what occurs in this run. */

import { el } from "./dom";
import { isStream } from "./bars";
import { type Model, waitedFor, ways } from "./model";
import { type Palette, REASON_NAMES } from "./theme";

export function legend(element: HTMLElement, model: Model, colours: Palette): void {
  const kinds = new Map<string, [string, string]>(); // key → style, words
  const reasons = new Map<string, [string, string]>();
  const least = Math.max(1e-3, model.now * 0.004); // a shorter wait is not to be seen
  for (const call of model.calls) {
    if (call === undefined) continue;
    if (call.started !== null) {
      const end = call.outcome;
      if (end === "error") kinds.set("error", [`background:${colours.fail}`, "failed"]);
      else if (end === "cancelled" || end === "abandoned") kinds.set("gone", [`border:1px dashed ${colours.faint}`, "cancelled"]);
      else if (isStream(call)) kinds.set("streaming", [`background:${colours.stream}`, "streaming"]);
      else kinds.set("run", [`background:${colours.run}`, "in flight"]);
    }
    if (Math.max(...(ways(call) ?? [0])) > least) kinds.set("carry", [`background:${colours.carry};height:6px;border-radius:0`, "transfer"]);
    if (call.tries.length > 0) kinds.set("retrying", [`background:${colours.retry}`, "sent again"]);
    const until = call.started ?? model.now;
    if ((call.ready ?? until) - call.issued > least) {
      const reason = waitedFor(call);
      reasons.set(reason, [`background:${colours.reasons[reason]}`, REASON_NAMES[reason]]);
    }
    if (call.ready !== null && until - call.ready > least) {
      const held = call.edges.some((edge) => edge.reason === "rate") ? "rate" : "limit";
      reasons.set(held, [`background:${colours.reasons[held]}`, REASON_NAMES[held]]);
    }
  }
  const key = (style: string, words: string, thin: boolean): HTMLElement => el("span", { class: thin ? "key thin" : "key" }, el("i", { style }), words);
  const parts: Node[] = [...kinds.values()].map(([style, words]) => key(style, words, false));
  if (model.path.length > 0 && model.calls.length > 1) parts.push(key(`box-shadow:inset 0 0 0 1.6px ${colours.path}`, "critical path", false));
  if (reasons.size > 0) parts.push(el("span", { class: "key" }, "waiting for"), ...[...reasons.values()].map(([style, words]) => key(style, words, true)));
  element.replaceChildren(...parts);
}
