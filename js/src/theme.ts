/* Light or dark, by what is really behind the view: JupyterLab, Notebook, VS Code, Colab and a plain page each have their
 * own switch, but every one of them paints a background. Colours are Okabe and Ito's, which the colour-blind can tell
 * apart; none carries a meaning alone (failed bars end in a stop, cancelled ones are hollow, waiting is thin, transfer is low). */

import type { Reason } from "./model";

export interface Palette {
  panel: string;
  raised: string;
  edge: string;
  ink: string;
  faint: string;
  grid: string;
  run: string;
  on: string;
  fail: string;
  retry: string;
  stream: string;
  carry: string; // to a worker and back
  path: string;
  focus: string;
  shade: string;
  reasons: Record<Reason, string>;
}

const LIGHT: Palette = {
  panel: "#ffffff", raised: "#f6f8fa", edge: "#d0d7de", ink: "#1f2328", faint: "#57606a", grid: "#e9ecef",
  run: "#0072b2", on: "#ffffff", fail: "#b54700", retry: "#aa4a85", stream: "#00795a", carry: "#87919c", path: "#1f2328", focus: "#0969da", shade: "#0072b214",
  reasons: {
    start: "#c9d1d9", data: "#a9d0e6", branch: "#8fcbb5", order: "#c5b4e3", unknown: "#dfa27a",
    commit: "#b9bfc7", limit: "#edcf6b", window: "#c9d1d9", rate: "#e6a817",
  },
};
const DARK: Palette = {
  panel: "#161a20", raised: "#1f252d", edge: "#3a414a", ink: "#e8edf2", faint: "#a3adb8", grid: "#2a313a",
  run: "#56b4e9", on: "#06202f", fail: "#f0854a", retry: "#e08fc0", stream: "#2fc79a", carry: "#6f7b88", path: "#ffffff", focus: "#79b8ff", shade: "#56b4e91f",
  reasons: {
    start: "#49525d", data: "#2a5a78", branch: "#23614f", order: "#574a7a", unknown: "#7a4a2c",
    commit: "#4b535d", limit: "#77632a", window: "#49525d", rate: "#94701a",
  },
};

export function palette(dark: boolean): Palette {
  return dark ? DARK : LIGHT;
}

/* Whether what shines through under `element` is dark. */
export function isDark(element: Element): boolean {
  for (let at: Element | null = element; at !== null; at = parentOf(at)) {
    const found = /rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[, /]+([\d.]+%?))?\)/.exec(getComputedStyle(at).backgroundColor);
    if (found === null || (found[4] !== undefined && Number.parseFloat(found[4]) < 0.5)) continue;
    return 0.299 * Number(found[1]) + 0.587 * Number(found[2]) + 0.114 * Number(found[3]) < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function parentOf(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/* Calls `changed` when the host may have changed its theme; gives back how to stop. Hosts say so first and load the
 * colours afterwards, so it is called some more times. */
export function onTheme(changed: () => void): () => void {
  let timers: number[] = [];
  const soon = (): void => {
    timers.forEach(clearTimeout);
    timers = [0, 150, 600, 2000].map((delay) => window.setTimeout(changed, delay));
  };
  const observer = new MutationObserver(soon);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "theme"] });
  }
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", soon);
  return () => {
    timers.forEach(clearTimeout);
    observer.disconnect();
    query.removeEventListener("change", soon);
  };
}

export const REASON_NAMES: Record<Reason, string> = {
  start: "waiting",
  data: "an answer",
  branch: "a decision",
  order: "the order of a resource",
  unknown: "an undeclared function",
  commit: "what comes before",
  limit: "a free place",
  window: "the window",
  rate: "the rate limit",
};
