/* "Why not earlier?": the chain of last arrivals, from a call backwards. The same walk as `trace/explain.py`. */

import { type Call, type Edge, type Model, served } from "./model";

export interface Step {
  call: Call;
  cause: Call;
  edge: Edge;
}

export function chain(model: Model, number: number, most = 12): Step[] {
  const found: Step[] = [];
  const seen = new Set([number]);
  let call = model.byNumber(number);
  while (call !== undefined && found.length < most) {
    let best: Step | undefined;
    for (const edge of call.edges) {
      const cause = model.byNumber(edge.cause);
      if (cause === undefined || seen.has(edge.cause)) continue;
      if (best === undefined || (served(cause, call) ?? 0) > (served(best.cause, call) ?? 0)) best = { call, cause, edge };
    }
    if (best === undefined) return found;
    found.push(best);
    seen.add(best.cause.number);
    call = best.cause;
  }
  return found;
}

/* The step that cost most, whose line would have to change. */
export function worst(steps: Step[]): Step | undefined {
  const seconds = (step: Step): number => (served(step.cause, step.call) ?? 0) - (step.cause.started ?? 0);
  return steps.reduce<Step | undefined>((best, step) => (best === undefined || seconds(step) > seconds(best) ? step : best), undefined);
}
