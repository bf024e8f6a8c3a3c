import { afterEach, describe, expect, it, vi } from "vitest";
import { lanesOf } from "../src/lanes";
import { placed } from "../src/curve";
import { predicted } from "../src/twin";
import { type Lever, nearest, type Opened, positionOf, type Prediction, said, valueAt, WhatIf } from "../src/whatif";
import { model } from "./runs";

const prediction = (makespan: number, more: Partial<Prediction> = {}): Prediction => ({
  makespan, path: makespan, recorded: 5, saved: 5 - makespan, cost: null, energy: null, critical: [], where: [], snippet: "", notes: [], reliable: true, ...more,
});

const speed: Lever = {
  key: "speed|ask", kind: "speed", callee: "ask", label: "ask", words: "how fast `ask` answers", calls: 4, share: 0.8, lines: [],
  control: "slider", value: 1, min: 0.25, max: 16, scale: "log", unit: "×", stops: [0.25, 0.5, 1, 2, 4, 8, 16], snippet: "ask=faster({})",
};
const limit: Lever = { ...speed, key: "limit|", kind: "limit", callee: "", value: 0, min: 0, max: 64, scale: "log", integer: true, unit: "", stops: [0, 1, 8, 64] };
const effect: Lever = { ...speed, key: "effect|save", kind: "effect", control: "menu", value: "sequential", options: [{ value: "sequential", label: "in order" }, { value: "unordered", label: "unordered" }] };

const opened = (sweeps: Opened["sweeps"] = {}): Opened => ({
  recorded: prediction(5), levers: [speed, limit, effect], advice: [], sequential: 12, unlimited: 2, reliable: true, why: "", sweeps,
});

function kernel(): { state: WhatIf; sent: Record<string, any>[]; answer: (index: number, more?: object) => boolean } {
  const sent: Record<string, any>[] = [];
  const state = new WhatIf((content) => sent.push(content), () => undefined);
  const answer = (index: number, more: object = {}): boolean => {
    const { ask, id, set } = sent[index]!;
    const t = ask === "whatif-curve" ? "curve" : set === undefined ? "whatif" : "predicted";
    return state.take({ t, id, ...more } as never);
  };
  state.open(null);
  answer(0, opened());
  return { state, sent, answer };
}

afterEach(() => vi.useRealTimers());

describe("with a kernel", () => {
  it("asks for the levers, then for the curve of the first slider", () => {
    const { state, sent } = kernel();
    expect(sent.map(({ ask }) => ask)).toEqual(["whatif", "whatif-curve"]);
    expect(state.opened!.levers).toHaveLength(3);
    expect(state.prediction!.makespan).toBe(5);
  });

  it("asks one thing at a time, and the newest setting only", () => {
    const { state, sent, answer } = kernel();
    answer(1, { key: speed.key, points: [[1, 5]] });
    for (const value of [1.5, 2, 4]) state.change(speed.key, value);
    expect(sent.slice(2)).toMatchObject([{ ask: "whatif", set: { "speed|ask": 1.5 }, times: true }]);
    answer(2, { prediction: prediction(4) });
    expect(sent.slice(3)).toMatchObject([{ ask: "whatif", set: { "speed|ask": 4 } }]);
    answer(3, { prediction: prediction(2.5) });
    expect(state.prediction!.makespan).toBe(2.5);
    expect(sent[4]).toMatchObject({ ask: "whatif-curve", key: "speed|ask", set: { "speed|ask": 4 } });
    answer(4, { key: speed.key, points: [[1, 5], [4, 2.5]], limitBy: "the rest" });
    expect(state.curve).toEqual({ key: speed.key, points: [[1, 5], [4, 2.5]], limitBy: "the rest" });
    expect(state.busy).toBe(false);
  });

  it("takes no answer to a question of somebody else's", () => {
    const { state, sent } = kernel();
    expect(state.take({ t: "predicted", id: sent[0]!.id + 77, prediction: prediction(1) })).toBe(false);
    expect(state.prediction!.makespan).toBe(5);
  });

  it("leaves out what is as recorded, and combines the rest", () => {
    const { state, sent, answer } = kernel();
    answer(1, {});
    state.change(speed.key, 2);
    answer(2, { prediction: prediction(3) });
    answer(3, {});
    state.change(effect.key, "unordered");
    expect(sent[4]!.set).toEqual({ "speed|ask": 2, "effect|save": "unordered" });
    answer(4, { prediction: prediction(2) });
    state.change(speed.key, 1);
    expect(Object.fromEntries(state.set)).toEqual({ "effect|save": "unordered" });
    state.change("no such lever", 3);
    expect(state.set.size).toBe(1);
  });

  it("says what the kernel says went wrong, and goes on", () => {
    const { state, answer } = kernel();
    answer(1, {});
    state.change(speed.key, 2);
    answer(2, { problem: "this run has no such lever" });
    expect(state.problem).toContain("no such lever");
    state.change(speed.key, 4);
    answer(3, { prediction: prediction(2) });
    expect(state.problem).toBe("");
  });

  it("says when the kernel is silent", () => {
    vi.useFakeTimers();
    const { state, answer } = kernel();
    answer(1, {});
    state.change(speed.key, 2);
    vi.advanceTimersByTime(10_000);
    expect(state.problem).toContain("does not answer");
    expect(state.busy).toBe(false);
  });

  it("puts an advice's levers in place of what was set", () => {
    const { state, sent, answer } = kernel();
    answer(1, {});
    state.change(speed.key, 2);
    answer(2, { prediction: prediction(3) });
    state.apply({ "limit|": 8, unknown: 1 });
    expect(Object.fromEntries(state.set)).toEqual({ "limit|": 8 });
    expect(sent.at(-1)!.set).toEqual({ "limit|": 8 });
    answer(sent.length - 1, { prediction: prediction(3) });
    state.reset();
    expect(state.set.size).toBe(0);
  });
});

describe("in a page without a kernel", () => {
  const sweeps = {
    "speed|ask": { values: [0.5, 1, 2, 4], predictions: [9, 5, 3, 2].map((seconds) => prediction(seconds)) },
    "limit|": { values: [0, 1, 8], predictions: [5, 12, 6].map((seconds) => prediction(seconds)) },
  };
  const alone = (): WhatIf => {
    const state = new WhatIf(null, () => undefined);
    state.open(opened(sweeps));
    return state;
  };

  it("knows single levers at some values", () => {
    const state = alone();
    state.change(speed.key, 3.4);
    expect([state.value(speed), state.prediction!.makespan]).toEqual([4, 2]);
    expect(state.curve!.points).toEqual([[0.5, 9], [1, 5], [2, 3], [4, 2]]);
    state.change(limit.key, 1);
    expect(state.set.size).toBe(1);
    expect(state.prediction!.makespan).toBe(12);
    state.reset();
    expect(state.prediction!.makespan).toBe(5);
    expect(state.stops(speed)).toEqual([0.5, 1, 2, 4]);
  });

  it("leaves a lever alone of which nothing is known", () => {
    const state = alone();
    state.change(effect.key, "unordered");
    expect([state.set.size, state.prediction!.makespan]).toEqual([0, 5]);
  });
});

describe("a slider", () => {
  it("stands where its value is, over its whole range", () => {
    for (const lever of [speed, limit, { ...speed, scale: "linear", min: 0, max: 1, stops: [] } as Lever]) {
      expect([positionOf(lever, lever.min!), positionOf(lever, lever.max!)]).toEqual([0, 1000]);
      for (const stop of lever.stops!) expect(valueAt(lever, positionOf(lever, stop))).toBe(stop);
      for (let at = 0; at <= 1000; at += 7) expect(Math.abs(positionOf(lever, valueAt(lever, at)) - at)).toBeLessThan(lever.integer ? 100 : 14);
    }
    expect(positionOf({ ...speed, min: 1, max: 1 }, 1)).toBe(0);
  });
  it("says its value", () => {
    expect([said(speed, 2), said(limit, 0), said(limit, 12), said({ ...speed, kind: "cached" }, 0.25), said(effect, "sequential"), said(effect, true)]).toEqual(["2×", "none", "12", "25 %", "in order", "yes"]);
    expect([nearest([1, 2, 4], 3.4), nearest(["a", "b"], "c"), nearest([], 3)]).toEqual([4, "a", 3]);
  });
  it("has a curve within its box", () => {
    const points = placed(speed, [[0.25, 20], [1, 5], [16, 0]]);
    expect(points.map(({ x }) => x)).toEqual([...points.map(({ x }) => x)].sort((a, b) => a - b));
    for (const { x, y } of points) expect(x >= 40 && x <= 360 && y >= 0 && y <= 132).toBe(true);
    expect(placed(speed, [])).toEqual([]);
  });
});

describe("the predicted timeline", () => {
  it("is the recorded calls at other times", () => {
    const made = model([{ ended: 1, line: 3 }, { started: 1, ended: 2, line: 4 }]);
    const calls = predicted(made, prediction(1, { times: [0, 50_000, -1, -1] }));
    expect(calls.map(({ number, line, started, ended }) => [number, line, started, ended])).toEqual([[1, 3, 0, 0.5]]);
    expect(predicted(made, prediction(1))).toEqual([]);
  });
  it("has more calls than were recorded if the input is scaled", () => {
    const made = model([{ ended: 1, line: 3 }]);
    const calls = predicted(made, prediction(1, { times: [0, 100_000, 0, 100_000, 100_000, 200_000], of: [1, 1, 1] }));
    expect(calls.map(({ number, site }) => [number, site])).toEqual([1, 2, 3].map((n) => [n, made.calls[0]!.site]));
    expect(lanesOf(calls, 2, "place").lanes).toHaveLength(2);
  });
});
