/* The timeline, on a canvas: ten thousand bars are drawn in a few milliseconds, which elements could not be.
 *
 *     ask · line 9      ╌╌╌▐██████▌▐████████▌          waiting is thin and coloured by its cause, a flight is thick
 *                       ▐████████████▌   ▐███▌
 *     ask · line 14                          ▐█████▌    outlined: the critical path
 *
 * Drag pans, a drag on the axis marks a range and zooms into it, Ctrl + wheel zooms, a double click shows everything. For
 * the keyboard: arrows go from call to call, + and - zoom, 0 shows everything, Enter opens the details. */

import { clip, drawFlight, drawName, drawWaiting, drawWay, FONT, performed, type Sheet } from "./bars";
import { type Call, endOf, type Model, served, ways } from "./model";
import { type Grouping, type Lanes, lanesOf, span } from "./lanes";
import type { Palette } from "./theme";
import { drawStrips, heightOf, type Strip, stripsOf } from "./strips";
import { duration, Scale } from "./time";

const AXIS = 22, PAD = 8, HEAD = 17;
const HEIGHT = 440; // pixels that lanes are fitted into if they are not made too thin by it; more scroll

export interface GanttHost {
  hover(number: number | null): void;
  select(number: number | null): void;
  announce(text: string): void;
}

export class Gantt {
  readonly element: HTMLDivElement;
  readonly canvas: HTMLCanvasElement;
  grouping: Grouping = "place";
  marked = new Set<number>(); // linked from elsewhere: a line, a node
  hovered: number | null = null;
  selected: number | null = null;
  scriptTime = 0; // milliseconds of the last drawing, for whoever measures
  private scale: Scale | null = null; // null: everything, growing with the run
  private lanes: Lanes = { lanes: [], groups: [], of: new Map() };
  private strips: Strip[] = [];
  private laidOut = -1;
  private laidOutAt = 0;
  private layoutCost = 0;
  private brush: [number, number] | null = null;
  private width = 600;
  private tops: number[] = [];
  private laneHeight = 18;

  constructor(
    private readonly model: Model,
    private readonly host: GanttHost,
    private colours: Palette,
  ) {
    this.element = document.createElement("div");
    this.element.className = "gantt";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "Timeline of the calls. Arrow keys go from call to call, Enter shows details, plus and minus zoom.");
    this.element.append(this.canvas);
    this.listen();
  }

  set palette(colours: Palette) {
    this.colours = colours;
  }

  /* Lays out again if calls have come, at most a tenth of the time; true if something moves by itself. */
  draw(width: number): boolean {
    const began = performance.now();
    const { model } = this;
    this.width = width;
    const now = model.now;
    if (this.laidOut !== model.version && (began - this.laidOutAt > 10 * this.layoutCost || !model.running)) {
      this.lanes = lanesOf(model.calls, now, this.grouping);
      this.strips = stripsOf(model.calls);
      this.laidOut = model.version;
      this.laidOutAt = began;
      this.layoutCost = performance.now() - began;
    }
    const height = this.measure();
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.height = `${height}px`;
    }
    const ctx = this.canvas.getContext("2d");
    if (ctx === null) return false;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const scale = this.current(now);
    this.drawGrid(ctx, scale, height);
    this.drawGroups(ctx);
    this.drawBars(ctx, scale, now);
    this.drawEdges(ctx, scale, now);
    const headed = this.gutter === PAD;
    drawStrips(ctx, this.strips, scale, this.colours, now, PAD, height - heightOf(this.strips, headed), headed);
    if (this.brush) {
      const [a, b] = this.brush;
      ctx.fillStyle = this.colours.shade;
      ctx.fillRect(Math.min(a, b), 0, Math.abs(b - a), height);
    }
    this.scriptTime = performance.now() - began;
    return model.running;
  }

  relayout(): void {
    this.laidOut = -1;
    this.layoutCost = 0;
  }

  /* Where a call's bar is, in CSS pixels of the canvas: for tests, and to scroll to it. */
  place(number: number): { x: number; y: number; width: number; height: number } | null {
    const call = this.model.byNumber(number);
    const lane = this.lanes.of.get(number);
    if (call === undefined || lane === undefined) return null;
    const [begin, end] = span(call, this.model.now, this.grouping);
    const scale = this.current(this.model.now);
    return { x: scale.x(begin), y: this.tops[lane]!, width: Math.max(2, scale.x(end) - scale.x(begin)), height: this.laneHeight - 3 };
  }

  zoom(factor: number, x = this.width / 2): void {
    const whole = this.whole(this.model.now);
    const next = this.current(this.model.now).zoomed(factor, x, whole);
    this.scale = next.end - next.begin >= whole * 0.999 ? null : next;
  }

  pan(pixels: number): void {
    if (this.scale) this.scale = this.scale.panned(pixels, this.whole(this.model.now));
  }

  all(): void {
    this.scale = null;
  }

  /* Brings a call into the window of a zoomed timeline. */
  show(number: number): void {
    const call = this.model.byNumber(number);
    if (call === undefined) return;
    if (this.scale) {
      const [begin, end] = span(call, this.model.now);
      if (end < this.scale.begin || begin > this.scale.end) {
        const length = this.scale.end - this.scale.begin;
        this.pan(this.scale.x(begin - length / 2) - this.scale.left);
      }
    }
    const box = this.place(number);
    if (box && (box.y < this.element.scrollTop + AXIS || box.y > this.element.scrollTop + this.element.clientHeight - 20)) {
      this.element.scrollTop = box.y - this.element.clientHeight / 2;
    }
  }

  private whole(now: number): number {
    return Math.max(now * (this.model.running ? 1.04 : 1.005), 1e-4);
  }

  private get gutter(): number {
    return this.grouping !== "packed" && this.width >= 640 ? Math.min(210, Math.round(this.width * 0.24)) : PAD;
  }

  private current(now: number): Scale {
    const left = this.gutter, right = this.width - PAD;
    if (this.scale) return (this.scale = new Scale(this.scale.begin, this.scale.end, left, right));
    return new Scale(0, this.whole(now), left, right);
  }

  private measure(): number {
    const { lanes, groups } = this.lanes;
    const headed = this.grouping !== "packed" && this.gutter === PAD;
    const below = heightOf(this.strips, this.gutter === PAD);
    const room = HEIGHT - AXIS - 8 - below - groups.length * (headed ? HEAD + 5 : 8);
    this.laneHeight = Math.min(18, Math.max(lanes.length > 200 ? 4 : 8, Math.floor(room / Math.max(1, lanes.length))));
    this.tops = [];
    let y = AXIS + 4;
    for (const group of groups) {
      if (headed) y += HEAD;
      for (let lane = 0; lane < group.lanes; lane++) {
        this.tops.push(y);
        y += this.laneHeight;
      }
      if (this.gutter > PAD && group.lanes * this.laneHeight < 16) y += 16 - group.lanes * this.laneHeight;
      y += 5;
    }
    return Math.max(y + 2, 60) + below;
  }

  private drawGrid(ctx: CanvasRenderingContext2D, scale: Scale, height: number): void {
    ctx.strokeStyle = this.colours.grid;
    ctx.fillStyle = this.colours.faint;
    ctx.font = `11px ${FONT}`;
    ctx.textBaseline = "alphabetic";
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const { seconds, label } of scale.ticks()) {
      const x = Math.round(scale.x(seconds)) + 0.5;
      ctx.moveTo(x, AXIS - 6);
      ctx.lineTo(x, height);
      const wide = ctx.measureText(label).width;
      ctx.fillText(label, Math.min(Math.max(x - wide / 2, scale.left - 2), scale.right - wide), 12);
    }
    ctx.stroke();
  }

  private drawGroups(ctx: CanvasRenderingContext2D): void {
    if (this.grouping === "packed") return;
    const wide = this.gutter > PAD;
    for (const [index, group] of this.lanes.groups.entries()) {
      const top = this.tops[group.first] ?? AXIS;
      if (index > 0) {
        ctx.strokeStyle = this.colours.grid;
        ctx.beginPath();
        ctx.moveTo(0, top - 3.5 - (wide ? 0 : HEAD));
        ctx.lineTo(this.width, top - 3.5 - (wide ? 0 : HEAD));
        ctx.stroke();
      }
      const y = wide ? top + 12 : top - 4;
      const times = group.calls > 1 ? ` ×${group.calls.toLocaleString("en")}` : "";
      const room = wide ? this.gutter - 14 : this.width - 2 * PAD;
      ctx.font = `12px ${FONT}`;
      ctx.fillStyle = this.colours.faint;
      const tail = ` ${group.where ? `· ${group.where}` : ""}`;
      const rest = ctx.measureText(tail).width;
      ctx.fillStyle = this.colours.ink;
      const head = clip(ctx, group.label, Math.max(40, room - rest - ctx.measureText(times).width)) + times;
      ctx.fillText(head, PAD, y);
      ctx.fillStyle = this.colours.faint;
      const used = ctx.measureText(head).width;
      if (used + rest <= room) ctx.fillText(tail, PAD + used, y);
    }
  }

  private drawBars(ctx: CanvasRenderingContext2D, scale: Scale, now: number): void {
    const { colours } = this;
    const bar = this.laneHeight - 3;
    const path = new Set(this.model.path);
    const dimmed = this.marked.size > 0;
    const on: Sheet = { ctx, colours, scale, bar };
    ctx.save();
    ctx.beginPath();
    ctx.rect(scale.left - 1, 0, scale.right - scale.left + 2, 1e6);
    ctx.clip();
    for (const [index, lane] of this.lanes.lanes.entries()) {
      const y = this.tops[index]!;
      let filled = -1; // the pixel up to which this lane is covered: bars below a pixel are not drawn again and again
      let before = scale.left;
      for (const call of lane.calls) {
        const [begin, end] = span(call, now, this.grouping);
        if (begin > scale.end) continue;
        const x = scale.x(begin), right = Math.max(x + 1.5, scale.x(end));
        const away = this.grouping === "worker" && ways(call) !== null; // its bar is what the worker did, not the whole flight
        const bright = !dimmed || this.marked.has(call.number);
        if (right < scale.left) continue;
        ctx.globalAlpha = bright ? 1 : 0.28;
        if (call.started === null) {
          drawWaiting(on, call, Math.max(x, before), right, y + bar / 2);
          before = Math.max(before, Math.min(right, x + 3));
          continue;
        }
        const sent = Math.min(x, scale.x(call.started)), over = Math.max(right, scale.x(endOf(call, now)));
        if (call.issued < call.started) drawWaiting(on, call, Math.max(before, scale.x(call.issued)), sent, y + bar / 2);
        if (away) drawWay(on, Math.max(before, sent), x, y);
        before = Math.max(before, right + 1);
        if (right <= filled && !path.has(call.number) && call.number !== this.selected) continue;
        filled = Math.max(filled, Math.floor(right));
        if (away) drawWay(on, right, over, y);
        drawFlight(on, away ? { ...call, tries: [] } : call, x, right, y);
        const [from, to] = performed(on, call, x, right);
        if (bar >= 12 && to - from >= 24) drawName(on, call, this.name(call), from, to, y);
        if (path.has(call.number)) {
          ctx.strokeStyle = colours.path;
          ctx.lineWidth = 1.6;
          ctx.strokeRect(x + 0.5, y + 0.5, Math.max(1, right - x - 1), bar - 1);
        }
        if (call.number === this.hovered || call.number === this.selected) {
          ctx.strokeStyle = colours.focus;
          ctx.lineWidth = 2;
          ctx.strokeRect(x - 1.5, y - 1.5, right - x + 3, bar + 3);
        }
      }
    }
    ctx.restore();
    ctx.globalAlpha = 1;
  }

  /* What a bar says: what its row does not say already. */
  private name(call: Call): string {
    if (this.grouping === "place") return this.model.name(call);
    if (this.grouping === "callee") return call.where || call.callee;
    return `${call.callee}${call.where && ` · ${call.where}`}`;
  }

  /* The edges of the call that is looked at, and the links of the critical path. */
  private drawEdges(ctx: CanvasRenderingContext2D, scale: Scale, now: number): void {
    const number = this.hovered ?? this.selected;
    const call = number === null ? undefined : this.model.byNumber(number);
    ctx.save();
    ctx.beginPath();
    ctx.rect(scale.left - 1, AXIS - 4, scale.right - scale.left + 2, 1e6);
    ctx.clip();
    const path = this.model.path;
    ctx.strokeStyle = this.colours.path;
    ctx.lineWidth = 1.2;
    for (let at = 1; at < path.length; at++) this.link(ctx, scale, now, this.model.byNumber(path[at - 1]!), this.model.byNumber(path[at]!));
    if (call !== undefined) {
      ctx.strokeStyle = this.colours.focus;
      ctx.lineWidth = 1.5;
      for (const edge of call.edges.slice(0, 100)) this.link(ctx, scale, now, this.model.byNumber(edge.cause), call, edge.reason === "limit");
    }
    ctx.restore();
  }

  private link(ctx: CanvasRenderingContext2D, scale: Scale, now: number, one: Call | undefined, two: Call | undefined, dashed = false): void {
    const a = one && this.lanes.of.get(one.number), b = two && this.lanes.of.get(two.number);
    if (one === undefined || two === undefined || a === undefined || b === undefined) return;
    const middle = (this.laneHeight - 3) / 2;
    const x = scale.x(served(one, two) ?? endOf(one, now)), y = this.tops[a]! + middle;
    const to = scale.x(two.started ?? two.issued), end = this.tops[b]! + middle;
    const bend = Math.max(10, Math.min(60, Math.abs(to - x) / 2));
    ctx.setLineDash(dashed ? [3, 3] : []);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.bezierCurveTo(x + bend, y, to - bend, end, to, end);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  private at(x: number, y: number): number | null {
    const scale = this.current(this.model.now);
    const now = this.model.now;
    for (const [index, lane] of this.lanes.lanes.entries()) {
      const top = this.tops[index]!;
      if (y < top - 1 || y > top + this.laneHeight) continue;
      let best: number | null = null, nearest = 4; // pixels
      for (const call of lane.calls) {
        const [begin, end] = span(call, now, this.grouping);
        const left = scale.x(begin), right = Math.max(left + 2, scale.x(end));
        const away = x < left ? left - x : x > right ? x - right : 0;
        if (away < nearest) {
          nearest = away;
          best = call.number;
        }
      }
      if (best !== null) return best;
    }
    return null;
  }

  private listen(): void {
    const { canvas } = this;
    let from: { x: number; y: number; moved: boolean; axis: boolean } | null = null;
    const point = (event: MouseEvent): [number, number] => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      const [x, y] = point(event);
      from = { x, y, moved: false, axis: y < AXIS || event.shiftKey };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = point(event);
      if (from === null) {
        const found = this.at(x, y);
        canvas.style.cursor = y < AXIS ? "col-resize" : found === null ? (this.scale ? "grab" : "default") : "pointer";
        if (found !== this.hovered) this.host.hover(found);
        return;
      }
      if (Math.abs(x - from.x) > 3) from.moved = true;
      if (!from.moved) return;
      if (from.axis) this.brush = [from.x, x];
      else {
        this.pan(from.x - x);
        from.x = x;
      }
      this.host.hover(this.hovered);
    });
    canvas.addEventListener("pointerup", (event) => {
      const [x, y] = point(event);
      if (this.brush) {
        const scale = this.current(this.model.now);
        const [a, b] = [Math.min(...this.brush), Math.max(...this.brush)];
        this.brush = null;
        if (b - a > 4) this.scale = new Scale(Math.max(0, scale.seconds(a)), scale.seconds(b), scale.left, scale.right);
      } else if (from && !from.moved) this.host.select(this.at(x, y));
      from = null;
      this.host.hover(this.hovered);
    });
    canvas.addEventListener("pointerleave", () => from === null && this.host.hover(null));
    canvas.addEventListener("dblclick", () => {
      this.all();
      this.host.hover(null);
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
        if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-event.deltaY / 200), point(event)[0]);
        else if (this.scale && (sideways || event.shiftKey)) this.pan(event.deltaX || event.deltaY);
        else return; // the page scrolls
        event.preventDefault();
        this.host.hover(this.hovered);
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 2, ArrowUp: -2 }[event.key];
      if (step !== undefined) this.step(step);
      else if (event.key === "+" || event.key === "=") this.zoom(1.5);
      else if (event.key === "-") this.zoom(1 / 1.5);
      else if (event.key === "0") this.all();
      else if (event.key === "Escape") this.host.select(null);
      else return;
      event.preventDefault();
      event.stopPropagation(); // the notebook has keys of its own
      this.host.hover(this.hovered);
    });
  }

  /* To the next call (1), the one before (-1), or the next lane's (2, -2). */
  private step(by: number): void {
    const at = this.selected;
    const lanes = this.lanes.lanes;
    if (at === null || !this.lanes.of.has(at)) {
      this.host.select(lanes[0]?.calls[0]?.number ?? null);
      return;
    }
    const lane = this.lanes.of.get(at)!;
    if (Math.abs(by) === 2) {
      const target = lanes[lane + by / 2];
      const here = this.model.byNumber(at)!;
      const near = target?.calls.reduce((best, call) => (Math.abs((call.started ?? 0) - (here.started ?? 0)) < Math.abs((best.started ?? 0) - (here.started ?? 0)) ? call : best));
      if (near) this.host.select(near.number);
      return;
    }
    const calls = lanes[lane]!.calls;
    const next = calls[calls.findIndex((call) => call.number === at) + by];
    const beyond = by > 0 ? lanes[lane + 1]?.calls[0] : lanes[lane - 1]?.calls.at(-1);
    const found = next ?? beyond;
    if (found) this.host.select(found.number);
  }

  /* A call in one line, for screen readers and tooltips. */
  line(call: Call): string {
    const now = this.model.now;
    const name = `#${call.number} ${this.model.name(call)}${call.where ? ` (${call.where})` : ""}`;
    if (call.started === null) return `${name}: ${call.outcome === "unsent" ? "never sent" : "not sent yet"}`;
    const state = call.ended === null ? "in flight for" : call.outcome === "error" ? "failed after" : call.outcome === "ok" ? "took" : `${call.outcome} after`;
    return `${name}: ${state} ${duration(endOf(call, now) - call.started)}`;
  }
}
