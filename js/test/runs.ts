/* Runs for tests: rows as the kernel sends them, from a few words per call. */

import { type Message, Model, OUTCOMES, REASONS, type Row } from "../src/model";

export interface Spec {
  callee?: string;
  line?: number;
  within?: string;
  issued?: number;
  ready?: number | null;
  started?: number | null;
  ended?: number | null;
  outcome?: (typeof OUTCOMES)[number];
  edges?: [cause: number, reason: (typeof REASONS)[number], line?: number, words?: string][];
  turn?: number;
  invocation?: string;
  worker?: string; // performed from `there[0]` to `there[1]`
  there?: [number, number];
  occupies?: [name: string, units: number, capacity: number][];
}


export class Texts {
  readonly all: string[] = [];
  index(text: string): number {
    const at = this.all.indexOf(text);
    return at >= 0 ? at : this.all.push(text) - 1;
  }
}

export function rows(specs: Spec[], texts: Texts, first = 1): Row[] {
  const unit = (a: number | null | undefined, b: number): number | null => (a === null || a === undefined ? null : Math.round((a - b) * 1e5));
  return specs.map((spec, index) => {
    const issued = spec.issued ?? 0;
    const started = spec.started === undefined ? issued : spec.started;
    const ready = spec.ready === undefined ? started : spec.ready;
    const there = spec.worker && spec.there && started !== null ? [texts.index(spec.worker), unit(spec.there[0], started), unit(spec.there[1], spec.there[0])] : [-1, -1, -1];
    return [
      first + index, texts.index(spec.callee ?? "ask"), 0, spec.line ?? 1, texts.index(`line ${spec.line ?? 1}`), spec.within ? texts.index(spec.within) : -1,
      spec.turn ?? 0, -1, texts.index("unordered"), Math.round(issued * 1e5), unit(ready, issued), unit(started, ready ?? issued),
      unit(spec.ended, started ?? ready ?? issued), OUTCOMES.indexOf(spec.outcome ?? (spec.ended == null ? "running" : "ok")),
      (spec.edges ?? []).map(([cause, reason, line, words]) => [cause, REASONS.indexOf(reason), line ?? 0, texts.index(words ?? "its answer was needed"), -1]),
      null, 1, -1, -1, spec.invocation ? texts.index(spec.invocation) : -1,
      ...(spec.worker || spec.occupies ? [-1, -1, -1, -1, -1, ...there, (spec.occupies ?? []).flatMap(([name, units, capacity]) => [texts.index(name), units, capacity])] : []),
    ] as unknown as Row;
  });
}

export function full(specs: Spec[], more: Partial<Message> = {}): Message {
  const texts = new Texts();
  const made = rows(specs, texts);
  return { t: "full", v: 1, run: "0", seq: 0, now: 0, strings: texts.all, rows: made, sources: [["cell", "a\nb\nc\n"]], ended: null, ...more };
}

export function model(specs: Spec[], more: Partial<Message> = {}): Model {
  let time = 100;
  const made = new Model(() => time);
  made.apply(full(specs, more));
  (made as unknown as { tick: (seconds: number) => void }).tick = (seconds) => (time += seconds);
  return made;
}

