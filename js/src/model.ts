/* What the view knows of a run: calls, their edges, the text; filled by messages from the kernel or by a saved page.
 *
 * A message is a *full* state or a *delta*: rows to add or to replace, new strings at the end of the table. Rows are whole,
 * so that applying one twice changes nothing, and a delta that is missed is repaired by the next full state. Times are
 * integers of 10 µs since the run began, the differences issued → ready → started → ended; null is "not yet".
 *
 * Everything that comes from the user's program is a string of the table and is only ever shown as text. */

import type { Opened } from "./whatif";

export const OUTCOMES = ["waiting", "running", "ok", "error", "cancelled", "abandoned", "unsent", "streaming", "retrying"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const REASONS = ["start", "data", "branch", "order", "unknown", "commit", "limit", "window", "rate"] as const;
export type Reason = (typeof REASONS)[number];

export interface Edge {
  cause: number;
  reason: Reason;
  line: number;
  words: string;
  through: string;
}

export interface Call {
  number: number;
  callee: string;
  file: number; // index into `sources`, or -1
  line: number;
  where: string; // `line 3`, `In [2], line 9`
  within: string; // `summarise ▸ refine`
  turn: number; // the how many-th call of its place
  host: string;
  effect: string;
  issued: number; // seconds
  ready: number | null;
  started: number | null;
  ended: number | null;
  outcome: Outcome;
  edges: Edge[];
  slack: number | null;
  attempts: number;
  error: string;
  invocation: string; // of the function around it: `summarise 3`
  model: string;
  tokens: [sent: number, received: number] | null;
  exactly: string; // the call itself, if it stands in a helper: `client.chat.completions.create (In [1], line 20)`
  tries: Try[]; // its attempts, if there were several
  pieces: number; // of a stream
  chunks: number[]; // when they were there, in seconds; of very many some
  worker: string; // who performed it in another process, and from when to when: the rest was its way
  there: [begin: number, end: number] | null;
  occupies: { name: string; units: number; capacity: number }[]; // declared resources while it was out
  site: string; // calls of one site belong together
}

export interface Try {
  begin: number; // seconds
  end: number | null; // null: as the call's own
  why: string;
}

export interface Source {
  title: string;
  lines: string[];
}

export type EdgeRow = [cause: number, reason: number, line: number, words: number, through: number];
export type Row = [
  number: number, callee: number, file: number, line: number, where: number, within: number, turn: number, host: number,
  effect: number, issued: number, ready: number | null, started: number | null, ended: number | null, outcome: number,
  edges: EdgeRow[], slack: number | null, attempts: number, error: number, exactly: number,
  invocation?: number, model?: number, sent?: number, received?: number, // left out where there is nothing to say
  tries?: [begin: number, length: number | null, why: number][] | -1, chunks?: [pieces: number, ...times: number[]] | -1,
  worker?: number, began?: number, performed?: number, occupies?: number[] | -1, // name, units, capacity, name, …
];

export interface Message {
  t: "full" | "delta" | "values" | "bundle" | "page" | "whatif" | "predicted" | "curve";
  v?: number;
  run?: string;
  seq?: number;
  now?: number; // seconds since the run began
  strings?: string[];
  rows?: Row[];
  sources?: [title: string, text: string][];
  title?: string;
  ended?: number | null; // seconds; null while it runs
  limit?: number | null;
  path?: number[];
  pathLength?: number;
  sequential?: number;
  summary?: string;
  error?: string;
  stop?: "live" | "kernel" | "";
  static?: string; // mark of the static picture that stands for this view in the saved notebook
  number?: number;
  values?: Record<string, [string, string]>;
  costs?: Record<string, string>;
  cost?: string; // of the whole run, as far as it is known
  peak?: number; // most calls at once
  overhead?: number; // seconds of Python, at most
  text?: string; // a page to be saved, and its file name
  name?: string;
  whatif?: Opened; // of a page without a kernel
  foretold?: { makespan: number; measured: number; error: number; words: string };
}

export const VERSION = 1;
const UNIT = 1e-5;

export class Model {
  calls: Call[] = []; // by number - 1, without holes in a valid stream
  sources: Source[] = [];
  run = "";
  title = "";
  ended: number | null = null;
  limit: number | null = null;
  path: number[] = [];
  pathLength = 0;
  sequential = 0;
  summary = "";
  error = "";
  stop: "live" | "kernel" | "" = "";
  values = new Map<number, [string, string]>();
  costs = new Map<number, string>();
  cost = "";
  peak = 0;
  overhead = 0;
  whatif: Opened | null = null;
  foretold = "";
  problem = "";
  readonly workers = new Set<string>();
  version = 0; // grows with every change
  private readonly sites = new Map<string, number>();
  private strings: string[] = [];
  private seq = -1;
  private offset = Infinity; // the page's clock minus the run's
  private readonly clock: () => number;

  constructor(clock: () => number = () => performance.now() / 1000) {
    this.clock = clock;
  }

  /* Takes in a message; false if it could not be (a delta was missed before it): wait for the next full state. */
  apply(message: Message): boolean {
    if (message.t === "values") {
      this.take(message);
      this.version++;
      return true;
    }
    if (message.t === "full") {
      if ((message.v ?? 1) > VERSION) {
        this.problem = "This run was recorded by a newer version of poppy_ipython than this view can show.";
        this.version++;
        return true;
      }
      if (this.ended !== null && message.ended === null) return true; // an old one that was under way
      this.strings = [];
      this.calls = [];
      this.sites.clear();
      this.workers.clear();
      this.seq = message.seq ?? 0;
      this.sources = (message.sources ?? []).map(([title, text]) => ({ title, lines: lines(text) }));
    } else {
      if (message.seq !== this.seq + 1) return message.seq !== undefined && message.seq <= this.seq;
      this.seq = message.seq;
    }
    this.strings.push(...(message.strings ?? []));
    for (const row of message.rows ?? []) {
      const call = this.call(row);
      if (this.calls[call.number - 1] === undefined) this.sites.set(call.site, (this.sites.get(call.site) ?? 0) + 1);
      if (call.worker) this.workers.add(call.worker);
      this.calls[call.number - 1] = call;
    }
    if (message.now !== undefined) this.offset = Math.min(this.offset, this.clock() - message.now);
    for (const key of ["run", "title", "limit", "path", "pathLength", "sequential", "summary", "error", "stop", "cost", "peak", "overhead"] as const) {
      if (message[key] !== undefined) (this as Record<string, unknown>)[key] = message[key];
    }
    if (message.ended !== undefined) this.ended = message.ended;
    if (message.whatif !== undefined) this.whatif = message.whatif;
    if (message.foretold !== undefined) this.foretold = message.foretold.words;
    this.take(message);
    this.version++;
    return true;
  }

  private take(message: Message): void {
    for (const [number, texts] of Object.entries(message.values ?? {})) this.values.set(Number(number), texts);
    for (const [number, text] of Object.entries(message.costs ?? {})) this.costs.set(Number(number), text);
  }

  /* Seconds since the run began: the end of a finished run, else the kernel's clock as far as it is known here. */
  get now(): number {
    if (this.ended !== null) return this.ended;
    return this.offset === Infinity ? 0 : Math.max(0, this.clock() - this.offset);
  }

  get running(): boolean {
    return this.ended === null;
  }

  /* A call's name with the how many-th of its place it is, if the place makes several. */
  name(call: Call): string {
    return (this.sites.get(call.site) ?? 0) > 1 ? `${call.callee} ${call.turn}` : call.callee;
  }

  byNumber(number: number): Call | undefined {
    return this.calls[number - 1];
  }

  private tries(rows: Row[23], zero: number): Try[] {
    if (!Array.isArray(rows)) return [];
    return rows.map(([begin, length, why]) => ({ begin: zero + begin * UNIT, end: length === null ? null : zero + (begin + length) * UNIT, why: this.text(why) }));
  }

  private occupies(row: Row[28]): Call["occupies"] {
    const found: Call["occupies"] = [];
    if (Array.isArray(row)) for (let at = 0; at + 2 < row.length; at += 3) found.push({ name: this.text(row[at]!), units: row[at + 1]!, capacity: row[at + 2]! });
    return found;
  }

  private text(index: number): string {
    return index < 0 ? "" : (this.strings[index] ?? "");
  }

  private call(row: Row): Call {
    const [number, callee, file, line, where, within, turn, host, effect, issued, ready, started, ended, outcome] = row;
    const begin = issued * UNIT;
    const readyAt = ready === null ? null : begin + ready * UNIT;
    const startedAt = started === null ? null : (readyAt ?? begin) + started * UNIT;
    const endedAt = ended === null ? null : (startedAt ?? readyAt ?? begin) + ended * UNIT;
    return {
      number, file, line, turn,
      callee: this.text(callee),
      where: this.text(where),
      within: this.text(within),
      host: this.text(host),
      effect: this.text(effect),
      issued: begin, ready: readyAt, started: startedAt, ended: endedAt,
      outcome: OUTCOMES[outcome] ?? "running",
      edges: row[14].map(([cause, reason, at, words, through]) => ({
        cause,
        reason: REASONS[reason] ?? "data",
        line: at,
        words: this.text(words),
        through: this.text(through),
      })),
      slack: row[15] === null ? null : row[15] * UNIT,
      attempts: row[16],
      error: this.text(row[17]),
      exactly: this.text(row[18]),
      invocation: this.text(row[19] ?? -1),
      model: this.text(row[20] ?? -1),
      tokens: row[21] === undefined || row[21] < 0 ? null : [row[21], row[22] ?? 0],
      tries: this.tries(row[23], startedAt ?? begin),
      pieces: Array.isArray(row[24]) ? row[24][0] : 0,
      chunks: Array.isArray(row[24]) ? sums(row[24].slice(1), startedAt ?? begin) : [],
      worker: this.text(row[25] ?? -1),
      there: there(row, startedAt ?? begin),
      occupies: this.occupies(row[28]),
      site: `${callee}|${file}|${line}|${where}|${within}`,
    };
  }
}

function there(row: Row, sent: number): Call["there"] {
  const [began, performed] = [row[26] ?? -1, row[27] ?? -1];
  return began < 0 || performed < 0 ? null : [sent + began * UNIT, sent + (began + performed) * UNIT];
}

/* How long it was on its way to its worker (and waited there), and its answer on the way back; null if nobody else did it. */
export function ways(call: Call): [there: number, back: number] | null {
  if (call.there === null || call.started === null || call.ended === null) return null;
  if (call.outcome === "cancelled" || call.outcome === "abandoned") return null;
  const sent = call.tries.at(-1)?.begin ?? call.started;
  return [Math.max(0, call.there[0] - sent), Math.max(0, call.ended - call.there[1])];
}

/* When `call` could go on, which waited for `cause`: at its end, or of a stream that goes on at the piece before. */
export function served(cause: Call, call: Call): number | null {
  const at = call.ready ?? call.issued;
  if (cause.chunks.length === 0 || (cause.ended !== null && cause.ended <= at)) return cause.ended;
  let found: number | null = null;
  for (const time of cause.chunks) if (time <= at + UNIT) found = time;
  return found ?? cause.ended;
}

/* When a bar ends: known, or as long as the run has lasted. */
export function endOf(call: Call, now: number): number {
  return call.ended ?? Math.max(call.started ?? call.issued, now);
}

export function isOver(call: Call): boolean {
  return call.outcome !== "waiting" && call.outcome !== "running" && call.outcome !== "streaming" && call.outcome !== "retrying";
}

/* The colour of waiting: what the call waited for last. */
export function waitedFor(call: Call): Reason {
  let last: Edge | undefined;
  for (const edge of call.edges) if (edge.reason !== "limit" && edge.reason !== "rate") last = edge;
  return last?.reason ?? "start";
}

function sums(differences: number[], from: number): number[] {
  let at = from;
  return differences.map((difference) => (at += difference * UNIT));
}

function lines(text: string): string[] {
  const found = text.split("\n");
  if (found.length > 1 && found[found.length - 1] === "") found.pop();
  return found;
}
