import { describe, expect, it } from "vitest";
import { fold, MOST, progress } from "../src/fold";
import { layout } from "../src/graph";
import { left } from "../src/header";
import { type Grouping, lanesOf, span } from "../src/lanes";
import type { Call } from "../src/model";
import { performed, type Sheet } from "../src/bars";
import { heightOf, share, stripsOf } from "../src/strips";
import { duration, Scale } from "../src/time";
import { model, type Spec } from "./runs";

function random(seed: number): () => number {
  return () => ((seed = (seed * 16807) % 2147483647) - 1) / 2147483646;
}

function many(size: number, sites = 3): Spec[] {
  const next = random(7);
  return Array.from({ length: size }, (_, index) => {
    const started = next() * 10;
    const edges: Spec["edges"] = index > 10 && index % 3 === 0 ? [[1 + Math.floor(next() * 10), "data"]] : [];
    return { callee: "ask", line: 1 + (index % sites), issued: 0, started, ended: started + next(), edges };
  });
}

describe("the time scale", () => {
  it("goes there and back", () => {
    const scale = new Scale(2, 6, 100, 500);
    expect(scale.x(3)).toBe(200);
    expect(scale.seconds(200)).toBe(3);
  });
  it("has round ticks, few enough, within the window", () => {
    for (const [begin, end] of [[0, 0.94], [0, 12], [3.2, 3.3], [0, 1e-4], [0, 7200], [0, 1e6]] as const) {
      const ticks = new Scale(begin, end, 0, 600).ticks();
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(8);
      for (const tick of ticks) expect(tick.seconds >= begin - 1e-9 && tick.seconds <= end * (1 + 1e-9)).toBe(true);
      expect(new Set(ticks.map((tick) => tick.label)).size).toBe(ticks.length);
    }
    expect(new Scale(0, 0.94, 0, 540).ticks().map((tick) => tick.label)).toEqual(["0", "0.2 s", "0.4 s", "0.6 s", "0.8 s"]);
    expect(new Scale(0, 0, 0, 540).ticks()).toEqual([{ seconds: 0, label: "0" }]);
  });
  it("zooms around a point and stays within the run", () => {
    const scale = new Scale(0, 10, 0, 100).zoomed(2, 50, 10);
    expect([scale.begin, scale.end]).toEqual([2.5, 7.5]);
    expect(scale.zoomed(0.1, 50, 10)).toMatchObject({ begin: 0, end: 10 });
    expect(scale.panned(1e6, 10)).toMatchObject({ begin: 5, end: 10 });
    expect(scale.panned(-1e6, 10)).toMatchObject({ begin: 0, end: 5 });
    expect(new Scale(0, 10, 0, 100).zoomed(1e12, 50, 10).end).toBeGreaterThan(5);
  });
  it("writes times as the Python side does", () => {
    const said = [0, 0.00085, 0.0042, 0.0421, 0.94, 6.66, 42.4, 125, 3720].map(duration);
    expect(said).toEqual(["0 s", "850 µs", "4.2 ms", "42 ms", "0.94 s", "6.7 s", "42 s", "2 min 05 s", "1 h 02 min"]);
  });
  it("estimates what is left", () => {
    expect(left(10, 40, 5)).toBe(15);
    expect(left(0, 40, 5)).toBe(0);
  });
});

describe("lanes", () => {
  it("hold bars that do not overlap, all of them", () => {
    const { calls } = model(many(2000), { ended: 12 });
    for (const grouping of ["place", "packed"] as const) {
      const { lanes, of } = lanesOf(calls, 12, grouping);
      expect(of.size).toBe(2000);
      for (const lane of lanes) {
        for (let at = 1; at < lane.calls.length; at++) {
          expect(span(lane.calls[at]!, 12)[0]).toBeGreaterThanOrEqual(span(lane.calls[at - 1]!, 12)[1] - 1e-6);
        }
      }
    }
  });
  it("are as many as calls were at once, and one more for those not sent", () => {
    const specs: Spec[] = [{ ended: 5 }, { started: 1, ended: 3 }, { started: 3, ended: 4 }, { started: null, outcome: "waiting" }, { started: null, outcome: "waiting" }];
    expect(lanesOf(model(specs).calls, 5, "place").lanes.map((lane) => lane.calls.length)).toEqual([1, 2, 2]);
  });
  it("are grouped by place, in the order of the first call sent", () => {
    const specs: Spec[] = [{ line: 3, started: 2, ended: 3 }, { line: 1, started: 0, ended: 1 }, { line: 2, started: null, outcome: "waiting" }];
    expect(lanesOf(model(specs).calls, 5, "place").groups.map((group) => group.where)).toEqual(["line 1", "line 3", "line 2"]);
  });
  it("are grouped by callee, by unit, or not", () => {
    const specs: Spec[] = [1, 2, 1, 2].map((turn, index) => ({ line: 1 + (index % 2), callee: "ask", within: "f", invocation: `f ${turn}`, ended: 1 }));
    const { calls } = model([...specs, { line: 9, ended: 1, callee: "tag" }]);
    const labels = (grouping: Grouping): string[] => lanesOf(calls, 1, grouping).groups.map((group) => `${group.label} ×${group.calls}`);
    expect(labels("place")).toEqual(["f ▸ ask ×2", "f ▸ ask ×2", "tag ×1"]);
    expect(labels("callee")).toEqual(["ask ×4", "tag ×1"]);
    expect(labels("unit")).toEqual(["f 1 ×2", "f 2 ×2", "the cell ×1"]);
    expect(labels("packed")).toEqual([" ×5"]);
    const many = model(Array.from({ length: 900 }, (_, n): Spec => ({ within: "f", invocation: `f ${n}`, ended: 1 })));
    expect(lanesOf(many.calls, 1, "unit").groups.map((group) => group.label)).toEqual(["f"]);
  });
  it("are a worker's each, of what it performed, whatever was on its way meanwhile", () => {
    const specs: Spec[] = [
      { started: 0, ended: 3, worker: "process 10", there: [0.5, 2.5] },
      { started: 0, ended: 5, worker: "process 10", there: [2.5, 4.5] }, // sent at once, and it waited there
      { started: 0, ended: 3, worker: "process 9", there: [0.5, 2.5] },
      { started: 0, ended: 4 },
      { started: 1, ended: 2, outcome: "cancelled", worker: "process 9", there: [1.2, 1.8] },
    ];
    const { calls, workers } = model(specs, { ended: 5 });
    const { groups, lanes } = lanesOf(calls, 5, "worker");
    expect([...workers]).toEqual(["process 10", "process 9"]);
    expect(groups.map(({ label, lanes: size, calls: many }) => [label, size, many])).toEqual([["process 9", 2, 2], ["process 10", 1, 2], ["no worker", 1, 1]]);
    expect(lanes[2]!.calls.map((call) => call.number)).toEqual([1, 2]);
    expect(span(calls[1]!, 5, "worker")).toEqual([2.5, 4.5]);
    expect(span(calls[1]!, 5)).toEqual([0, 5]);
  });
  it("take ten thousand calls at once in little time", () => {
    const { calls } = model(Array.from({ length: 10_000 }, (): Spec => ({ started: 0, ended: 5 })));
    const began = performance.now();
    expect(lanesOf(calls, 5, "place").lanes).toHaveLength(10_000);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("strips of resources", () => {
  const specs: Spec[] = [
    { started: 0, ended: 2, occupies: [["gpu", 1, 2], ["cpu", 3, 8]] },
    { started: 1, ended: 3, occupies: [["gpu", 1, 2]] },
    { started: 2, occupies: [["gpu", 1, 2]] },
    { started: null, outcome: "waiting", occupies: [["gpu", 2, 2]] },
  ];
  it("say what is in use from each time on", () => {
    const [cpu, gpu] = stripsOf(model(specs).calls);
    expect(cpu).toEqual({ name: "cpu", capacity: 8, steps: [[0, 3], [2, 0]] });
    expect(gpu).toEqual({ name: "gpu", capacity: 2, steps: [[0, 1], [1, 2], [2, 2], [3, 1]] });
    expect(share(gpu!, 4)).toBeCloseTo(6 / 8);
    expect(share(gpu!, 2)).toBeCloseTo(3 / 4);
    expect(share(cpu!, 0)).toBe(0);
  });
  it("are there only where resources were declared", () => {
    expect(stripsOf(model([{ started: 0, ended: 1 }]).calls)).toEqual([]);
    expect(heightOf([], true)).toBe(0);
    expect(heightOf(stripsOf(model(specs).calls), true)).toBeGreaterThan(heightOf(stripsOf(model(specs).calls), false));
  });
});

describe("a bar of a worker", () => {
  const bar = (there: [number, number]): [number, number] => {
    const call = model([{ started: 0, ended: 10, worker: "process 1", there }]).calls[0]!;
    return performed({ scale: new Scale(0, 10, 0, 100) } as Sheet, call, 0, 100);
  };
  it("is what it performed between the ways, where they can be seen", () => {
    expect(bar([2, 9])).toEqual([20, 90]);
    expect(bar([0.05, 9.95])).toEqual([0, 100]);
    expect(bar([5, 5])).toEqual([50, 51.5]);
    expect(bar([10, 10])).toEqual([98.5, 100]);
  });
});

describe("folding", () => {
  const numbers = (calls: readonly Call[]): number[] => calls.map((call) => call.number);
  it("makes one node of a place, and none is lost", () => {
    const { calls } = model(many(900));
    const folded = fold(calls, new Set());
    expect(folded.nodes.map((node) => node.label)).toEqual(["ask × 300", "ask × 300", "ask × 300"]);
    expect(folded.nodes.flatMap((node) => numbers(node.calls)).sort((a, b) => a - b)).toEqual(numbers(calls));
  });
  it("shows a small run call by call", () => {
    expect(fold(model(many(20)).calls, new Set()).nodes).toHaveLength(20);
    const site = model(many(20)).calls[0]!.site;
    expect(fold(model(many(20)).calls, new Set(), new Set([site])).nodes).toHaveLength(14);
  });
  it("opens in steps, never too many nodes at once, and everything can be reached", () => {
    const { calls } = model(many(10_000, 1));
    const opened = new Set<string>();
    const reached = new Set<number>();
    for (let step = 0; step < 200; step++) {
      const folded = fold(calls, opened);
      expect(folded.nodes.length).toBeLessThanOrEqual(MOST + 200);
      for (const node of folded.nodes) if (node.calls.length === 1) reached.add(node.calls[0]!.number);
      const next = folded.nodes.find((node) => node.openable);
      if (next === undefined || folded.nodes.length > MOST) break;
      opened.add(next.id);
    }
    expect(reached.size).toBeGreaterThan(300);
    const pieces = fold(calls, new Set([calls[0]!.site])).nodes;
    for (const piece of pieces) {
      const inside = fold(calls, new Set([calls[0]!.site, piece.id])).nodes.filter((node) => node.calls.length === 1);
      expect(numbers(inside.flatMap((node) => node.calls))).toEqual(numbers(piece.calls));
    }
  });
  it("counts edges between nodes, within nodes, and leaves limits out", () => {
    const specs: Spec[] = [
      ...Array.from({ length: 15 }, (): Spec => ({ line: 1, ended: 1 })),
      ...Array.from({ length: 15 }, (_, n): Spec => ({ line: 2, started: 1, ended: 2, edges: [[n + 1, "data"], [n === 0 ? 2 : n + 15, "limit"]] })),
      { line: 2, started: 2, ended: 3, edges: [[16, "branch"]] },
    ];
    const folded = fold(model(specs).calls, new Set());
    expect(folded.links.map(({ from, to, reason, count }) => [folded.nodes.findIndex((n) => n.id === from), folded.nodes.findIndex((n) => n.id === to), reason, count])).toEqual([[0, 1, "data", 15]]);
    expect([...folded.loops.values()]).toEqual([1]);
  });
  it("knows how far a node is", () => {
    const node = fold(model([...many(30, 1), { line: 1, outcome: "error", ended: 2 }, { line: 1 }]).calls, new Set()).nodes[0]!;
    expect(progress(node)).toEqual({ all: 32, over: 31, failed: 1, flying: 1 });
  });
});

describe("the graph's layout", () => {
  it("puts causes to the left of what waited for them, without overlaps", () => {
    const specs: Spec[] = [{ ended: 1 }, { ended: 1, line: 2 }, { line: 3, started: 1, ended: 2, edges: [[1, "data"], [2, "branch"]] }, { line: 4, started: 2, ended: 3, edges: [[3, "order"]] }];
    const folded = fold(model(specs).calls, new Set());
    const laid = layout(folded);
    const at = (number: number): { x: number; y: number; width: number; height: number } => laid.nodes.get(folded.of.get(number)!)!;
    expect(at(1).x).toBeLessThan(at(3).x);
    expect(at(2).x).toBeLessThan(at(3).x);
    expect(at(3).x).toBeLessThan(at(4).x);
    expect(laid.links.size).toBe(3);
    const boxes = [...laid.nodes.values()];
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(index + 1)) {
        const apart = Math.abs(a.x - b.x) >= (a.width + b.width) / 2 - 0.5 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2 - 0.5;
        expect(apart).toBe(true);
      }
    }
  });
  it("survives circles and nothing at all", () => {
    const circle: Spec[] = [{ ended: 1, edges: [[2, "data"]] }, { ended: 1, line: 2, edges: [[1, "data"]] }];
    expect(layout(fold(model(circle).calls, new Set())).nodes.size).toBe(2);
    expect(layout(fold([], new Set())).nodes.size).toBe(0);
  });
});
