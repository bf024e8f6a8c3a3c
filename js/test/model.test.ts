import { describe, expect, it } from "vitest";
import { type Call, type Message, Model, served, ways } from "../src/model";
import { chain, worst } from "../src/why";
import { full, model, rows, Texts } from "./runs";

describe("messages", () => {
  it("become calls with times in seconds", () => {
    const call = model([{ issued: 0.5, ready: 0.75, started: 1, ended: 2.5, line: 3 }]).calls[0]!;
    expect(call).toMatchObject({ number: 1, callee: "ask", where: "line 3", issued: 0.5, ready: 0.75, started: 1, ended: 2.5, outcome: "ok" });
  });

  it("as deltas add and replace rows", () => {
    const texts = new Texts();
    const first = rows([{ started: null, ready: null, outcome: "waiting" }], texts);
    const before = texts.all.length;
    const made = new Model(() => 0);
    made.apply({ t: "full", seq: 4, strings: [...texts.all], rows: first, ended: null });
    const second = rows([{ ended: 1 }, { callee: "tag", line: 2 }], texts);
    const delta: Message = { t: "delta", seq: 5, strings: texts.all.slice(before), rows: second };
    expect(made.apply(delta)).toBe(true);
    expect(made.calls.map((call) => [call.callee, call.outcome])).toEqual([["ask", "ok"], ["tag", "running"]]);
    expect(made.apply(delta)).toBe(true); // twice is once
    expect(made.calls).toHaveLength(2);
  });

  it("that were missed are noticed, and a full state repairs it", () => {
    const made = model([{}]);
    expect(made.apply({ t: "delta", seq: 3, rows: [] })).toBe(false);
    expect(made.apply(full([{}, {}], { seq: 3 }))).toBe(true);
    expect(made.apply({ t: "delta", seq: 4, rows: [] })).toBe(true);
    expect(made.calls).toHaveLength(2);
  });

  it("say when pieces of a stream came, and when attempts were out", () => {
    const texts = new Texts();
    const made = rows([{ started: 1, ended: 2 }, { started: 1, ended: 3 }], texts);
    made[0]!.push(-1, -1, -1, -1, [3, 30_000, 20_000, 50_000] as never);
    made[1]!.push(-1, -1, -1, [[0, 50_000, texts.index("Timeout")], [90_000, null, -1]] as never);
    const shown = new Model(() => 0);
    shown.apply({ t: "full", strings: texts.all, rows: made, ended: 3 });
    const [stream, again] = shown.calls as [Call, Call];
    expect([stream.pieces, ...stream.chunks.map((time) => Number(time.toFixed(5)))]).toEqual([3, 1.3, 1.5, 2]);
    expect(stream.tries).toEqual([]);
    expect(again.tries).toEqual([{ begin: 1, end: 1.5, why: "Timeout" }, { begin: 1.9, end: null, why: "" }]);
    expect(served(stream, { ...again, ready: 1.6 })).toBeCloseTo(1.5);
    expect(served(stream, { ...again, ready: 2.5 })).toBe(2);
  });

  it("say who performed a call elsewhere, and how long it was on its way", () => {
    const made = model([{ started: 1, ended: 3, worker: "process 1", there: [1.25, 2.5] }, { started: 1, ended: 2 }]);
    const [away, here] = made.calls as [Call, Call];
    expect([away.worker, away.there, ways(away)]).toEqual(["process 1", [1.25, 2.5], [0.25, 0.5]]);
    expect([here.worker, here.there, ways(here)]).toEqual(["", null, null]);
    expect(ways({ ...away, outcome: "cancelled" })).toBeNull();
    expect(ways({ ...away, tries: [{ begin: 1, end: 1.1, why: "" }, { begin: 1.2, end: null, why: "" }] })![0]).toBeCloseTo(0.05);
    made.apply(full([{}]));
    expect(made.workers.size).toBe(0);
  });

  it("of a newer version are refused in words", () => {
    const made = new Model(() => 0);
    expect(made.apply(full([{}], { v: 99 }))).toBe(true);
    expect(made.problem).toContain("newer version");
    expect(made.calls).toHaveLength(0);
  });

  it("that come late do not bring a finished run back", () => {
    const made = model([{ ended: 1 }], { ended: 1 });
    made.apply(full([{}], { ended: null }));
    expect(made.running).toBe(false);
    expect(made.calls[0]!.outcome).toBe("ok");
  });

  it("bring values on demand", () => {
    const made = model([{}]);
    made.apply({ t: "values", values: { "1": ["'q'", "'a'"] } });
    expect(made.values.get(1)).toEqual(["'q'", "'a'"]);
  });
});

describe("the clock", () => {
  it("goes on by the page's between messages, and stands when the run is over", () => {
    let time = 50;
    const made = new Model(() => time);
    made.apply(full([{}], { now: 2 }));
    time += 1.5;
    expect(made.now).toBeCloseTo(3.5);
    made.apply({ t: "delta", seq: 1, now: 3.4, rows: [] }); // arrived late: an earlier message was quicker
    expect(made.now).toBeCloseTo(3.5);
    made.apply(full([{ ended: 3 }], { ended: 3.6 }));
    time += 10;
    expect(made.now).toBe(3.6);
  });
});

describe("why not earlier", () => {
  const made = model([
    { started: 0, ended: 2 },
    { started: 0, ended: 1 },
    { started: 2, ended: 3, edges: [[1, "data"], [2, "data"]] },
    { started: 3, ended: 4, edges: [[3, "branch", 7, "line 7 had to know its answer"]] },
  ]);
  it("follows the last arrivals", () => {
    expect(chain(made, 4).map(({ call, cause }) => [call.number, cause.number])).toEqual([[4, 3], [3, 1]]);
    expect(chain(made, 1)).toEqual([]);
    expect(chain(made, 99)).toEqual([]);
  });
  it("names what cost most", () => {
    expect(worst(chain(made, 4))!.cause.number).toBe(1);
    expect(worst([])).toBeUndefined();
  });
  it("ends in a circle of instants", () => {
    const circle = model([{ started: 0, ended: 0, edges: [[2, "data"]] }, { started: 0, ended: 0, edges: [[1, "data"]] }]);
    expect(chain(circle, 1)).toHaveLength(1);
  });
});
