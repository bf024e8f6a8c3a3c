/* The run's length over the whole range of one lever. */

import { plain, svg } from "./dom";
import { duration } from "./time";
import { type Curve, type Lever, positionOf, said, type Value } from "./whatif";

const WIDE = 360, HIGH = 132, LEFT = 48, RIGHT = 12, TOP = 12, BOTTOM = 24;

/* Where points go, in units of the drawing. */
export function placed(lever: Lever, points: readonly [Value, number][]): { x: number; y: number }[] {
  const most = Math.max(1e-9, ...points.map(([, seconds]) => seconds));
  return points.map(([value, seconds], index) => {
    const share = typeof value === "number" ? positionOf(lever, value) / 1000 : points.length > 1 ? index / (points.length - 1) : 0;
    return { x: LEFT + share * (WIDE - LEFT - RIGHT), y: TOP + (1 - seconds / most) * (HIGH - TOP - BOTTOM) };
  });
}

export function drawCurve(lever: Lever, curve: Curve, now: Value, makespan: number): SVGSVGElement {
  const points = curve.points;
  const most = Math.max(1e-9, ...points.map(([, seconds]) => seconds), makespan);
  const all = placed(lever, [...points, [now, makespan]]);
  const here = all.pop()!;
  const words = `${lever.words}: ${points.map(([value, seconds]) => `${said(lever, value)} ${duration(seconds)}`).join(", ")}`;
  const root = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "curve", role: "img", "aria-label": plain(words, 600) });
  const text = (x: number, y: number, said: string, anchor: string): SVGTextElement => {
    const made = svg("text", { x, y, "text-anchor": anchor });
    made.textContent = said;
    return made;
  };
  for (const share of [0, 0.5, 1]) {
    const y = TOP + (1 - share) * (HIGH - TOP - BOTTOM);
    root.append(svg("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y, class: "rule" }), text(LEFT - 6, y + 4, duration(share * most), "end"));
  }
  const named = new Set<number>();
  for (const [index, { x }] of all.entries()) {
    if ([...named].some((at) => Math.abs(at - x) < 44)) continue;
    named.add(x);
    root.append(text(x, HIGH - 8, said(lever, points[index]![0]), "middle"));
  }
  const line = [...all].map(({ x, y }, index) => ({ x, y, index })).sort((a, b) => a.x - b.x || a.index - b.index);
  if (line.length > 1) root.append(svg("path", { d: `M${line.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`, class: "line" }));
  root.append(svg("circle", { cx: here.x, cy: here.y, r: 4.5, class: "here" }));
  return root;
}
