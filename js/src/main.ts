/* The bundle's face, one for all hosts: a widget in a notebook, a page of its own.
 *
 * It is loaded once a page and keeps the runs that it has seen. When a run is over, the kernel replaces the widget in the
 * notebook by a static picture (that is what gets saved); this watches for the picture, which carries the run's mark, and
 * puts the interactive view in its place for as long as the page lives. A page that never loaded the bundle, a file opened
 * without a kernel, GitHub: they show the picture. */

import { el } from "./dom";
import { Model, type Message } from "./model";
import { type Host, View } from "./view";

const SHOWN = "img, svg, .poppy-page"; // what a notebook file keeps in a view's place
const HERE = Symbol.for("poppy_ipython.page");

interface Known {
  model: Model;
  host: Host;
}

export class Page {
  private readonly runs = new Map<string, Known>();
  private readonly views = new Map<Model, Set<View>>();
  private readonly shown = new Map<Element, () => void>();
  private watching = false;

  /* The model of a run, made when it is first asked for. */
  model(run: string, host: Host): Model {
    let known = this.runs.get(run);
    if (known === undefined) {
      known = { model: new Model(), host };
      this.runs.set(run, known);
    }
    known.host = host;
    this.watch();
    this.look(document.body); // the picture may have been quicker
    return known.model;
  }

  apply(run: string, message: Message): boolean {
    const known = this.runs.get(run);
    if (known === undefined) return false;
    if (message.t === "page") return download(message.text ?? "", message.name ?? "run.html");
    const views = this.views.get(known.model) ?? new Set();
    if (message.t === "whatif" || message.t === "predicted" || message.t === "curve") {
      for (const view of views) view.answered(message);
      return true;
    }
    const applied = known.model.apply(message);
    for (const view of views) view.changed();
    return applied;
  }

  /* Shows a run in an element; gives back how to end that. */
  mount(run: string, element: HTMLElement): () => void {
    const known = this.runs.get(run);
    if (known === undefined) return () => undefined;
    const { save, whatif } = known.host;
    const view = new View(known.model, {
      stop: () => known.host.stop(),
      values: (number) => known.host.values(number),
      ...(save && { save: () => known.host.save?.() }),
      ...(whatif && { whatif: (content: Record<string, unknown>) => known.host.whatif?.(content) }),
    });
    const views = this.views.get(known.model) ?? new Set();
    this.views.set(known.model, views.add(view));
    element.append(view.element);
    (view.element as unknown as { poppy: View }).poppy = view;
    const stop = view.start();
    return () => {
      stop();
      views.delete(view);
      view.element.remove();
    };
  }

  has(run: string): boolean {
    return this.runs.has(run);
  }

  /* A run whose data stands in the page: its picture becomes a view. */
  open(data: Message): void {
    const nothing = (): undefined => undefined;
    this.model(data.run ?? "page", { stop: nothing, values: nothing }).apply(data);
  }

  /* A page of its own: the data stands in it. */
  page(data: Message, element: HTMLElement): View {
    const run = data.run ?? "page";
    this.open({ ...data, run });
    this.mount(run, element);
    return [...this.views.get(this.runs.get(run)!.model)!][0]!;
  }

  /* Looks for pictures of known runs among what comes into the document, and for those that leave it: front ends take cells
   * out of the page while they are scrolled out of sight, and put the same elements back. */
  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    new MutationObserver((records) => {
      for (const record of records) {
        for (const node of record.addedNodes) if (node instanceof Element) this.look(node);
        if (record.type === "attributes" && record.target instanceof Element) this.look(record.target);
      }
      for (const [picture, end] of this.shown) {
        if (picture.isConnected) continue;
        this.shown.delete(picture);
        end();
      }
    }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] });
  }

  private look(root: Element): void {
    for (const picture of root.matches(SHOWN) ? [root] : root.querySelectorAll(SHOWN)) this.replace(picture);
  }

  private replace(picture: Element): void {
    const text = picture instanceof HTMLImageElement ? picture.src : (picture.getAttribute("class") ?? "");
    if (text.length > 400_000 || this.shown.has(picture)) return;
    const run = /poppy-run-([0-9a-f]{8,32})/.exec(text)?.[1];
    if (run === undefined || !this.runs.has(run) || picture.parentElement === null) return;
    const place = el("div");
    picture.parentElement.insertBefore(place, picture);
    const before = (picture as HTMLElement).style.display;
    (picture as HTMLElement).style.display = "none";
    const end = this.mount(run, place);
    this.shown.set(picture, () => {
      end();
      place.remove();
      (picture as HTMLElement).style.display = before;
    });
  }
}

function download(text: string, name: string): boolean {
  const url = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}

export const page = new Page();
(globalThis as unknown as Record<symbol, Page>)[HERE] = page;
