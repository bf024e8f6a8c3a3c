/* Elements from text: there is no way here to make HTML out of a string. */

export type Child = Node | string | null | undefined | false;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...(children.filter((child) => child !== null && child !== undefined && child !== false) as (Node | string)[]));
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number> = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...(children.filter(Boolean) as (Node | string)[]));
  return element;
}

/* One line that cannot turn the text around it: names may run from right to left, hold controls or be megabytes long. */
export function plain(text: string, width = 120): string {
  const short = text.length > width ? `${text.slice(0, Math.ceil(width * 0.6))}…${text.slice(-Math.floor(width * 0.35))}` : text;
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ");
}
