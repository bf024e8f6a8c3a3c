/* What a call looks like on the timeline: waiting, its attempts, its flight, the pieces of a stream.
 *
 *     ──────▐██████▌                       waited, in flight
 *           ▐▓▓┃──▐▓▓┃────▐██████▌         sent three times: two attempts that failed, a pause after each
 *           ▐▒╷▒╷▒▒▒╷▒╷▒▌                  a stream and when its pieces came
 *           ▄▄▐██████▌▄                    performed by a worker: the way there and back is low */

import { type Call, waitedFor, ways } from "./model";
import type { Palette } from "./theme";
import type { Scale } from "./time";

export const FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";

export interface Sheet {
  ctx: CanvasRenderingContext2D;
  colours: Palette;
  scale: Scale;
  bar: number; // height
}

export function drawWaiting({ ctx, colours, scale, bar }: Sheet, call: Call, from: number, to: number, y: number): void {
  if (to - from < 1) return;
  const thin = Math.min(5, bar - 1);
  ctx.fillStyle = colours.reasons[waitedFor(call)];
  const held = call.ready !== null && call.started !== null && call.started - call.ready > 1e-4 ? Math.max(from, scale.x(call.ready)) : to;
  ctx.fillRect(from, y - thin / 2, Math.max(0, held - from), thin);
  if (held < to) {
    ctx.fillStyle = colours.reasons[call.edges.some((edge) => edge.reason === "rate") ? "rate" : "limit"];
    ctx.fillRect(held, y - thin / 2, to - held, thin);
  }
}

export function drawFlight(on: Sheet, call: Call, left: number, right: number, y: number): void {
  const { ctx, colours, bar } = on;
  const x = call.tries.length > 0 ? drawTries(on, call, right, y) : left;
  if (isHollow(call)) {
    ctx.strokeStyle = colours.faint;
    ctx.lineWidth = 1;
    ctx.setLineDash([3, 2]);
    ctx.strokeRect(x + 0.5, y + 0.5, Math.max(1, right - x - 1), bar - 1);
    ctx.setLineDash([]);
  } else if (right > x) {
    const [from, to] = performed(on, call, x, right);
    drawWay(on, x, from, y);
    drawWay(on, to, right - 1, y); // the next call's may begin there
    ctx.fillStyle = colourOf(call, colours);
    if (to - from > 4 && bar > 6) {
      ctx.beginPath();
      ctx.roundRect(from, y, to - from, bar, 2);
      ctx.fill();
    } else ctx.fillRect(from, y, to - from, bar);
    if (call.ended === null) faintly(ctx, 0.35, () => ctx.fillRect(right, y, 3, bar)); // the growing end
  }
  if (call.chunks.length > 1 && bar > 6) drawPieces(on, call, y);
  if (call.outcome === "error") {
    ctx.fillStyle = colours.fail;
    ctx.fillRect(right - 1.5, y - 2, 3, bar + 4);
  }
}

/* The part of a bar in which a worker performed the call: all of it, if no worker did or its ways are too short to be seen. */
export function performed({ scale }: Sheet, call: Call, left: number, right: number): [number, number] {
  if (ways(call) === null) return [left, right];
  const from = Math.max(left, Math.min(scale.x(call.there![0]), right - 1.5)), to = Math.min(right, scale.x(call.there![1]));
  const first = from - left < 1 ? left : from;
  return [first, right - to < 1 ? right : Math.max(first + 1.5, to)];
}

/* Arguments on their way to a worker, or a result back. */
export function drawWay({ ctx, colours, bar }: Sheet, from: number, to: number, y: number): void {
  const low = bar > 6 ? Math.round(bar * 0.55) : Math.max(1, bar - 2);
  ctx.fillStyle = colours.carry;
  if (to - from >= 1) ctx.fillRect(from, y + (bar - low) / 2, to - from, low);
}

/* Attempts that others followed, each with a stop, and thin the pauses between; gives back where the last one begins. */
function drawTries({ ctx, colours, scale, bar }: Sheet, call: Call, right: number, y: number): number {
  ctx.fillStyle = colours.retry;
  for (const [index, attempt] of call.tries.entries()) {
    const begin = scale.x(attempt.begin);
    if (attempt.end === null) return Math.min(begin, right - 1);
    const end = Math.max(begin + 1.5, scale.x(attempt.end)), next = call.tries[index + 1];
    ctx.fillRect(begin, y, end - begin, bar);
    ctx.fillRect(end - 1.5, y - 2, 3, bar + 4);
    faintly(ctx, 0.5, () => ctx.fillRect(end, y + bar / 2 - 1.5, Math.max(0, (next ? scale.x(next.begin) : right) - end), 3));
  }
  return right; // it waits for its next attempt
}

/* When pieces of a stream came: a light mark each, as far as they can be told apart. */
function drawPieces({ ctx, colours, scale, bar }: Sheet, call: Call, y: number): void {
  const high = Math.min(5, bar / 2);
  ctx.fillStyle = colours.on;
  faintly(ctx, 0.75, () => {
    let before = -Infinity;
    for (const time of call.chunks) {
      const x = scale.x(time);
      if (x - before < 4) continue;
      ctx.fillRect(x - 0.5, y + bar - high, 1, high);
      before = x;
    }
  });
}

/* The name, or else the number, in as much room as there is. */
export function drawName({ ctx, colours, bar }: Sheet, call: Call, name: string, left: number, right: number, y: number): void {
  if (call.tries.length > 0 || call.chunks.length > 1) return; // there is more to see than to read
  ctx.font = `11px ${FONT}`;
  ctx.fillStyle = isHollow(call) ? colours.ink : colours.on;
  const text = clip(ctx, name, right - left - 8);
  ctx.fillText(text === name || text.length > 6 ? text : clip(ctx, `${call.turn || call.number}`, right - left - 6), left + 4, y + bar / 2 + 4);
}

function isHollow(call: Call): boolean {
  return call.outcome === "cancelled" || call.outcome === "abandoned";
}

export function isStream(call: Call): boolean {
  return call.outcome === "streaming" || call.pieces > 0;
}

function colourOf(call: Call, colours: Palette): string {
  if (call.outcome === "error") return colours.fail;
  return call.outcome === "retrying" ? colours.retry : isStream(call) ? colours.stream : colours.run;
}

function faintly(ctx: CanvasRenderingContext2D, share: number, draw: () => void): void {
  const before = ctx.globalAlpha;
  ctx.globalAlpha = before * share;
  draw();
  ctx.globalAlpha = before;
}

export function clip(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  if (ctx.measureText(short).width <= room) return short;
  let low = 0, high = short.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(`${short.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? `${short.slice(0, low)}…` : "";
}
