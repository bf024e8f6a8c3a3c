/* Two timelines, one above the other, on one scale: what was recorded, what is predicted. For comparing by eye; to look at
 * single calls there is the timeline of the run. */

import { lanesOf } from "./lanes";
import type { Call, Model } from "./model";
import type { Palette } from "./theme";
import { duration, Scale } from "./time";
import type { Prediction } from "./whatif";

const AXIS = 20, PAD = 8, HEAD = 20, MOST = 150, UNIT = 1e-5;
const FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";

export interface Line {
  seconds: number;
  label: string;
}

/* The calls of a prediction, as if they had been recorded. */
export function predicted(model: Model, prediction: Prediction): Call[] {
  const { times, of } = prediction;
  if (times === undefined) return [];
  const found: Call[] = [];
  for (let at = 0; 2 * at < times.length; at++) {
    const call = model.byNumber(of ? of[at]! : at + 1);
    const begin = times[2 * at]!, end = times[2 * at + 1]!;
    if (call === undefined || begin < 0) continue;
    const started = begin * UNIT;
    found.push({ ...call, number: at + 1, issued: started, ready: started, started, ended: Math.max(started, end * UNIT) });
  }
  return found;
}

export class Twin {
  readonly canvas = document.createElement("canvas");

  constructor(private readonly model: Model) {
    this.canvas.setAttribute("role", "img");
  }

  draw(width: number, prediction: Prediction, lines: Line[], colours: Palette): void {
    const sent = this.model.calls.filter((call) => call !== undefined && call.started !== null);
    const then = predicted(this.model, prediction);
    const whole = Math.max(prediction.recorded, prediction.makespan, 1e-4);
    const scale = new Scale(0, whole * 1.01, PAD, width - PAD);
    const bands = [
      { name: "recorded", calls: sent, end: prediction.recorded, path: new Set(this.model.path) },
      { name: prediction.times ? "predicted" : "predicted (not drawn)", calls: then, end: prediction.makespan, path: new Set(prediction.critical) },
    ].map((band) => {
      const { lanes } = lanesOf(band.calls, whole, "place");
      const high = Math.max(1.5, Math.min(11, MOST / Math.max(1, lanes.length)));
      return { ...band, lanes, high, height: HEAD + Math.max(14, high * lanes.length) + 6 };
    });
    const height = AXIS + bands.reduce((sum, band) => sum + band.height, 0);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.setAttribute("aria-label", `Two timelines: recorded ${duration(prediction.recorded)}, predicted ${duration(prediction.makespan)}`);
    const ctx = this.canvas.getContext("2d");
    if (ctx === null) return;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.font = `11px ${FONT}`;
    ctx.fillStyle = colours.faint;
    ctx.strokeStyle = colours.grid;
    ctx.beginPath();
    for (const { seconds, label } of scale.ticks()) {
      const x = Math.round(scale.x(seconds)) + 0.5;
      ctx.moveTo(x, AXIS - 5);
      ctx.lineTo(x, height);
      const wide = ctx.measureText(label).width;
      ctx.fillText(label, Math.min(Math.max(x - wide / 2, PAD), width - PAD - wide), 11);
    }
    ctx.stroke();
    let top = AXIS;
    for (const [index, band] of bands.entries()) {
      ctx.font = `600 12px ${FONT}`;
      ctx.fillStyle = colours.ink;
      ctx.fillText(`${band.name} · ${duration(band.end)}`, PAD, top + 14);
      for (const [lane, { calls }] of band.lanes.entries()) {
        const y = top + HEAD + lane * band.high, bar = Math.max(1, band.high - (band.high > 4 ? 1.5 : 0.4));
        for (const call of calls) {
          const x = scale.x(call.started!), right = Math.max(x + 1, scale.x(call.ended ?? whole));
          ctx.fillStyle = call.outcome === "error" ? colours.fail : index === 0 ? colours.run : colours.stream;
          ctx.fillRect(x, y, right - x, bar);
          if (band.path.has(call.number)) {
            ctx.strokeStyle = colours.path;
            ctx.lineWidth = 1.4;
            ctx.strokeRect(x + 0.5, y + 0.5, Math.max(1, right - x - 1), Math.max(1, bar - 1));
          }
        }
      }
      this.mark(ctx, scale.x(band.end), top + 2, top + band.height - 4, colours.ink, []);
      top += band.height;
    }
    ctx.font = `11px ${FONT}`;
    for (const { seconds, label } of lines) {
      if (seconds > whole) continue;
      const x = scale.x(seconds), wide = ctx.measureText(label).width;
      this.mark(ctx, x, AXIS, height, colours.faint, [4, 3]);
      ctx.fillStyle = colours.faint;
      ctx.fillText(label, x + wide + 6 > width - PAD ? x - wide - 4 : x + 4, height - 3);
    }
  }

  private mark(ctx: CanvasRenderingContext2D, x: number, top: number, bottom: number, colour: string, dash: number[]): void {
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.2;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(Math.round(x) + 0.5, top);
    ctx.lineTo(Math.round(x) + 0.5, bottom);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}
