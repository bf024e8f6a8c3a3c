/* What would have been: the levers, what they are set to, and the kernel's prediction for that. No element is made here.
 *
 *     change(lever, value) ─▶ {ask: "whatif", id, set} ─▶ kernel ─▶ {t: "predicted", id, …} ─▶ take ─▶ changed
 *
 * One prediction is under way at a time; while it is, the newest setting waits. Curves come after predictions. Without a kernel (a page of its own) there are
 * predictions of every single lever at some values: then one lever is set at a time, and its value is one of those. */

export type Value = number | string | boolean;

export interface Prediction {
  makespan: number;
  path: number;
  recorded: number;
  saved: number;
  cost: [now: number, then: number, unit: string] | null;
  energy: [now: number, then: number, unit: string] | null;
  critical: number[];
  where: [name: string, seconds: number][];
  times?: number[]; // start and end of each call, in ticks of 10 µs; -1: not sent
  of?: number[]; // which recorded call each stands for
  snippet: string;
  notes: string[];
  reliable: boolean;
}

export interface Lever {
  key: string;
  kind: string;
  callee: string;
  label: string;
  words: string;
  calls: number;
  share: number;
  lines: [where: string, file: number, line: number][];
  control: "slider" | "menu" | "switch";
  value: Value;
  min?: number;
  max?: number;
  scale?: "log" | "linear";
  integer?: boolean;
  unit?: string;
  stops?: number[];
  options?: { value: string; label: string; risk?: string }[];
  snippet: string;
}

export interface Advice {
  title: string;
  saves: number;
  makespan: number;
  evidence: string;
  risk: string;
  code: string;
  where: [where: string, file: number, line: number] | null;
  set: Record<string, Value>;
}

export interface Opened {
  recorded: Prediction;
  levers: Lever[];
  advice: Advice[];
  sequential: number;
  unlimited: number;
  reliable: boolean;
  why: string;
  sweeps: Record<string, { values: Value[]; predictions: Prediction[] }>;
}

export type Answer = { t: string; id?: number; problem?: string; prediction?: Prediction; key?: string; points?: [Value, number][]; limitBy?: string } & Partial<Opened>;

export interface Curve {
  key: string;
  points: [Value, number][];
  limitBy: string;
}

const PATIENCE = 8000; // milliseconds until a kernel that is silent is called that
const STEPS = 1000; // of a slider

let last = Math.floor(Math.random() * 1e9); // other pages may ask the same kernel

export class WhatIf {
  opened: Opened | null = null;
  prediction: Prediction | null = null;
  curve: Curve | null = null;
  focus = ""; // the lever whose curve is shown
  problem = "";
  readonly set = new Map<string, Value>();
  private asked = new Map<"open" | "predict" | "curve", number>(); // what is under way, and its number
  private curveOf = "";
  private stale = false; // settings have changed since the question under way was asked
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: ((content: Record<string, unknown>) => void) | null,
    private readonly changed: () => void,
  ) {}

  get alone(): boolean {
    return this.send === null;
  }

  get busy(): boolean {
    return this.asked.size > 0;
  }

  /* Begins, from what stands in the page or by asking the kernel. */
  open(saved: Opened | null): void {
    if (this.opened !== null || this.asked.has("open")) return;
    if (saved !== null) this.begin(saved);
    else this.ask("open", { ask: "whatif" });
  }

  lever(key: string): Lever | undefined {
    return this.opened?.levers.find((lever) => lever.key === key);
  }

  value(lever: Lever): Value {
    return this.set.get(lever.key) ?? lever.value;
  }

  change(key: string, value: Value): void {
    if (!this.put(key, value)) return;
    if (this.focus !== key) this.curve = null;
    this.focus = key;
    this.predict();
  }

  /* Shows the curve of a lever. */
  look(key: string): void {
    if (this.focus === key && this.curve !== null) return;
    if (this.focus !== key) this.curve = null;
    this.focus = key;
    if (this.alone) this.known();
    else this.askCurve();
    this.changed();
  }

  apply(settings: Record<string, Value>): void {
    this.set.clear();
    const known = Object.entries(settings).filter(([key]) => this.lever(key) !== undefined);
    for (const [key, value] of this.alone ? known.slice(0, 1) : known) this.put(key, value);
    if (known[0]) this.focus = known[0][0];
    this.predict();
  }

  private put(key: string, value: Value): boolean {
    const lever = this.lever(key);
    if (lever === undefined) return false;
    if (this.alone) {
      this.set.clear(); // one at a time: only that is known
      value = nearest(this.opened!.sweeps[key]?.values ?? [lever.value], value);
    }
    if (value === lever.value) this.set.delete(key);
    else this.set.set(key, value);
    return true;
  }

  reset(): void {
    this.set.clear();
    this.predict();
  }

  /* What the kernel says; true if it was for us. */
  take(answer: Answer): boolean {
    const kind = answer.t === "whatif" ? "open" : answer.t === "predicted" ? "predict" : "curve";
    if (answer.id === undefined || this.asked.get(kind) !== answer.id) return false;
    this.asked.delete(kind);
    clearTimeout(this.timer);
    this.problem = answer.problem ?? "";
    if (!answer.problem) {
      if (kind === "open") this.begin(answer as unknown as Opened);
      else if (kind === "predict" && answer.prediction) this.prediction = answer.prediction;
      else if (kind === "curve" && answer.key === this.focus) this.curve = { key: answer.key, points: answer.points ?? [], limitBy: answer.limitBy ?? "" };
    }
    if (kind === "predict" && this.stale) this.predict();
    else if (kind === "predict" && !answer.problem) this.askCurve();
    else if (kind === "curve" && this.curveOf !== this.focus) this.askCurve(); // somebody looks at another one by now
    this.changed();
    return true;
  }

  private begin(opened: Opened): void {
    this.opened = opened;
    this.prediction = opened.recorded;
    const first = opened.levers.find((lever) => lever.control === "slider");
    if (first) this.look(first.key);
    this.changed();
  }

  private predict(): void {
    if (this.opened === null) return;
    if (this.alone) {
      this.known();
      this.changed();
      return;
    }
    this.stale = this.asked.has("predict");
    if (!this.stale) this.ask("predict", { ask: "whatif", set: Object.fromEntries(this.set), times: true });
    this.changed();
  }

  private askCurve(): void {
    const lever = this.lever(this.focus);
    if (lever === undefined || lever.control !== "slider" || this.busy) return; // after a prediction it is asked for anyway
    this.curveOf = lever.key;
    this.ask("curve", { ask: "whatif-curve", key: lever.key, set: Object.fromEntries(this.set) });
  }

  private ask(kind: "open" | "predict" | "curve", content: Record<string, unknown>): void {
    this.stale = false;
    this.asked.set(kind, ++last);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.asked.clear();
      this.problem = "The kernel does not answer: it is busy, or gone.";
      this.changed();
    }, PATIENCE);
    this.send!({ ...content, id: last });
  }

  /* Prediction and curve from what stands in the page. */
  private known(): void {
    const [key, value] = [...this.set][0] ?? ["", ""];
    const sweep = this.opened!.sweeps[key];
    this.prediction = sweep?.predictions[sweep.values.indexOf(value)] ?? this.opened!.recorded;
    const shown = this.opened!.sweeps[this.focus];
    this.curve = shown ? { key: this.focus, points: shown.values.map((at, index) => [at, shown.predictions[index]!.makespan]), limitBy: "" } : null;
  }

  /* Where a lever can stand: of a page without a kernel only where something is known. */
  stops(lever: Lever): Value[] | null {
    return this.alone ? (this.opened?.sweeps[lever.key]?.values ?? []) : null;
  }
}

export function nearest(values: readonly Value[], value: Value): Value {
  if (typeof value !== "number") return values.includes(value) ? value : (values[0] ?? value);
  const numbers = values.filter((at): at is number => typeof at === "number");
  return numbers.reduce((best, at) => (Math.abs(at - value) < Math.abs(best - value) ? at : best), numbers[0] ?? value);
}

/* A slider's positions, 0 to STEPS, and the values that they stand for. */
export function positionOf(lever: Lever, value: number): number {
  const [a, b] = ends(lever);
  const share = b > a ? (bend(lever, value) - a) / (b - a) : 0;
  return Math.round(STEPS * Math.min(1, Math.max(0, share)));
}

export function valueAt(lever: Lever, position: number): number {
  const [a, b] = ends(lever);
  const exact = unbend(lever, a + ((b - a) * position) / STEPS);
  const stop = (lever.stops ?? []).concat(typeof lever.value === "number" ? [lever.value] : []).find((at) => Math.abs(positionOf(lever, at) - position) <= 12);
  if (stop !== undefined) return stop;
  return lever.integer ? Math.round(exact) : Number(exact.toPrecision(3));
}

function ends(lever: Lever): [number, number] {
  return [bend(lever, lever.min ?? 0), bend(lever, lever.max ?? 1)];
}

function bend(lever: Lever, value: number): number {
  if (lever.scale !== "log") return value;
  return (lever.min ?? 0) > 0 ? Math.log(Math.max(value, 1e-9)) : Math.log1p(Math.max(0, value));
}

function unbend(lever: Lever, at: number): number {
  if (lever.scale !== "log") return at;
  return (lever.min ?? 0) > 0 ? Math.exp(at) : Math.expm1(at);
}

/* A setting in words: `2×`, `25 %`, `none`. */
export function said(lever: Lever, value: Value): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return lever.options?.find((option) => option.value === value)?.label ?? value;
  if (value === 0 && (lever.kind === "limit" || lever.kind === "rate")) return "none";
  if (lever.kind === "cached") return `${Math.round(100 * value)} %`;
  const number = Number(value.toPrecision(3)).toLocaleString("en");
  return lever.unit ? (lever.unit === "×" ? `${number}×` : `${number} ${lever.unit}`) : number;
}
