/* From seconds to pixels and to words. The words are those of the Python side (`trace/units.py`), so that a figure reads
 * the same in the summary below the cell. */

const LONG = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400];

/* A window on the time axis, and where it is drawn. */
export class Scale {
  constructor(
    readonly begin: number,
    readonly end: number,
    readonly left: number,
    readonly right: number,
  ) {}

  x(seconds: number): number {
    const length = this.end - this.begin;
    return length > 0 ? this.left + ((seconds - this.begin) / length) * (this.right - this.left) : this.left;
  }

  seconds(x: number): number {
    const width = this.right - this.left;
    return width > 0 ? this.begin + ((x - this.left) / width) * (this.end - this.begin) : this.begin;
  }

  /* Zoomed by a factor around a pixel, kept within the whole run. */
  zoomed(factor: number, x: number, whole: number): Scale {
    const length = Math.max((this.end - this.begin) / factor, whole * 1e-5, 1e-6);
    if (length >= whole) return new Scale(0, whole, this.left, this.right);
    const at = this.seconds(x);
    const share = (at - this.begin) / (this.end - this.begin || 1);
    return this.at(at - share * length, length, whole);
  }

  /* Moved on by as many pixels: positive is later. */
  panned(pixels: number, whole: number): Scale {
    const length = this.end - this.begin;
    const width = this.right - this.left || 1;
    return this.at(this.begin + (pixels / width) * length, length, whole);
  }

  private at(begin: number, length: number, whole: number): Scale {
    const from = Math.min(Math.max(0, begin), Math.max(0, whole - length));
    return new Scale(from, from + length, this.left, this.right);
  }

  ticks(spacing = 90): { seconds: number; label: string }[] {
    const length = this.end - this.begin;
    const most = Math.max(1, Math.floor((this.right - this.left) / spacing));
    if (length <= 0) return [{ seconds: this.begin, label: "0" }];
    const step = stepOf(length / most);
    const found = [];
    for (let n = Math.ceil(this.begin / step - 1e-9); n * step <= this.end * (1 + 1e-12); n++) {
      found.push({ seconds: n * step, label: tickLabel(n * step, step) });
    }
    return found;
  }
}

function stepOf(least: number): number {
  if (least > 20) return LONG.find((step) => step >= least) ?? 86400 * Math.ceil(least / 86400);
  for (let power = -9; ; power++) {
    for (const factor of [1, 2, 5]) {
      const step = Number(`${factor}e${power}`);
      if (step >= least * (1 - 1e-9)) return step;
    }
  }
}

function tickLabel(seconds: number, step: number): string {
  if (Math.abs(seconds) < step / 2) return "0";
  const [name, unit] = step >= 3600 ? ["h", 3600] : step >= 60 ? ["min", 60] : step >= 0.1 ? ["s", 1] : step >= 1e-4 ? ["ms", 1e-3] : ["µs", 1e-6];
  return `${Number((seconds / (unit as number)).toPrecision(6))} ${name}`;
}

/* A length of time with its unit, two significant digits. */
export function duration(seconds: number): string {
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 0.5e-6) return "0 s";
  if (seconds < 0.9995e-3) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 9.95e-3) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 0.0995) return `${(seconds * 1e3).toFixed(0)} ms`;
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
