/* How much of each declared resource is in use: a thin strip each, below the rows of the timeline, on its time axis.
 *
 *     gpu:a100 · 71 % of 2     ▁███████▄▄▄████▁      its height is the capacity: full is full */

import { clip, FONT } from "./bars";
import type { Call } from "./model";
import type { Palette } from "./theme";
import type { Scale } from "./time";

export interface Strip {
  name: string;
  capacity: number; // the most there was at any time
  steps: [time: number, used: number][]; // from each time on; the last one goes on
}

const HIGH = 12, GAP = 8, HEAD = 15;

/* By name. Calls that are out are taken to stay out: their end is the next version's. */
export function stripsOf(calls: readonly Call[]): Strip[] {
  const changes = new Map<string, { capacity: number; at: Map<number, number> }>();
  for (const call of calls) {
    if (call === undefined || call.started === null) continue;
    for (const { name, units, capacity } of call.occupies) {
      let known = changes.get(name);
      if (known === undefined) changes.set(name, (known = { capacity, at: new Map() }));
      known.capacity = Math.max(known.capacity, capacity);
      known.at.set(call.started, (known.at.get(call.started) ?? 0) + units);
      if (call.ended !== null) known.at.set(call.ended, (known.at.get(call.ended) ?? 0) - units);
    }
  }
  return [...changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { capacity, at }]) => {
    let used = 0;
    const steps = [...at].sort((a, b) => a[0] - b[0]).map(([time, change]): [number, number] => [time, (used += change)]);
    return { name, capacity, steps };
  });
}

/* Which part of the capacity was in use on average from the run's begin until `now`. */
export function share({ capacity, steps }: Strip, now: number): number {
  let area = 0;
  for (const [index, [time, used]] of steps.entries()) area += used * Math.max(0, Math.min(now, steps[index + 1]?.[0] ?? now) - time);
  return now > 0 ? area / (capacity * now) : 0;
}

/* Pixels that they need; `headed`: with their names above them. */
export function heightOf(strips: readonly Strip[], headed: boolean): number {
  return strips.length === 0 ? 0 : 6 + strips.length * (HIGH + GAP + (headed ? HEAD : 0));
}

export function drawStrips(ctx: CanvasRenderingContext2D, strips: readonly Strip[], scale: Scale, colours: Palette, now: number, left: number, top: number, headed: boolean): void {
  const right = Math.min(scale.right, scale.x(now));
  let y = top + 6;
  for (const strip of strips) {
    ctx.font = `12px ${FONT}`;
    const tail = ` · ${Math.round(100 * share(strip, now))} % of ${strip.capacity.toLocaleString("en")}`, wide = ctx.measureText(tail).width;
    const name = clip(ctx, strip.name, (headed ? scale.right : scale.left - 14) - left - wide);
    if (headed) y += HEAD;
    const base = headed ? y - 4 : y + HIGH - 2;
    ctx.fillStyle = colours.ink;
    ctx.fillText(name, left, base);
    ctx.fillStyle = colours.faint;
    ctx.fillText(tail, left + ctx.measureText(name).width, base);
    ctx.strokeStyle = colours.edge;
    ctx.lineWidth = 1;
    ctx.fillStyle = colours.panel; // no grid inside: what is filled is what is used
    ctx.fillRect(scale.left, y, Math.max(0, right - scale.left), HIGH);
    const within = (x: number): number => Math.max(scale.left, Math.min(right, x));
    ctx.beginPath(); // one outline: pieces side by side would show their seams
    ctx.moveTo(scale.left, y + HIGH);
    let level = y + HIGH;
    for (const [time, used] of strip.steps) {
      const x = within(scale.x(time));
      ctx.lineTo(x, level);
      level = y + HIGH - (HIGH * Math.min(used, strip.capacity)) / strip.capacity;
      ctx.lineTo(x, level);
    }
    ctx.lineTo(within(right), level);
    ctx.lineTo(within(right), y + HIGH);
    ctx.globalAlpha = 0.7; // it is no bar
    ctx.fillStyle = colours.run;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeRect(scale.left + 0.5, y + 0.5, Math.max(0, right - scale.left) - 1, HIGH - 1);
    y += HIGH + GAP;
  }
}
