import type { Option, Part } from "./contract.gen.js";
import { h } from "./dom.js";

/** Parts of a page: headings, paragraphs, lists and tables. */
export function parts(shown: readonly Part[]): HTMLElement[] {
  return shown.map((part) => h("div", { class: "cn-part" }, ...inside(part)));
}

function inside(part: Part): HTMLElement[] {
  const made: HTMLElement[] = [];
  if (part.heading) made.push(h("h5", {}, part.heading));
  made.push(...part.paragraphs.map((text) => h("p", { dir: "auto" }, text)));
  if (part.items.length) made.push(list(part.items));
  if (part.rows.length) made.push(grid(part.columns, part.rows, part.heading));
  return made;
}

export function list(items: readonly string[]): HTMLElement {
  return h("ul", {}, ...items.map((item) => h("li", { dir: "auto" }, item)));
}

/** A table that becomes a list of its rows where there is no room. */
function grid(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  name: string,
): HTMLElement {
  const cell = (text: string, i: number): HTMLElement =>
    h(
      i === 0 ? "th" : "td",
      {
        role: i === 0 ? "rowheader" : "cell",
        "data-column": columns.length > 2 ? (columns[i] ?? "") : "",
        dir: "auto",
      },
      text,
    );
  const line = (cells: HTMLElement[]): HTMLElement => h("tr", { role: "row" }, ...cells);
  const head = columns.map((c) => h("th", { role: "columnheader" }, c));
  return h(
    "table",
    { class: "cn-grid", role: "table", "aria-label": name || null },
    h("thead", { role: "rowgroup" }, line(head)),
    h("tbody", { role: "rowgroup" }, ...rows.map((row) => line(row.map(cell)))),
  );
}

/** Pages behind their names. What is in one is asked for when it is opened. */
export class Pages {
  readonly node = h("div", { class: "cn-pages" });
  private readonly shown = new Map<string, Disclosure>();

  constructor(private readonly ask: (page: string) => void) {}

  /** Offer these pages. One that stays open is asked for again, or is closed on a new scene. */
  offer(pages: readonly Option[], anew: boolean): void {
    const offered = new Set(pages.map((page) => page.value));
    for (const [name, page] of this.shown)
      if (!offered.has(name)) {
        page.node.remove();
        this.shown.delete(name);
      }
    for (const { value, label } of pages) {
      const page = this.shown.get(value) ?? new Disclosure(label);
      if (!this.shown.has(value)) {
        page.node.addEventListener("toggle", () => {
          if (page.node.open) this.ask(value);
        });
        this.shown.set(value, page);
      } else if (anew) page.node.open = false;
      else if (page.node.open) this.ask(value);
      this.node.append(page.node);
    }
  }

  fill(name: string, ...content: (Node | string)[]): void {
    this.shown.get(name)?.body.replaceChildren(...content);
  }

  open(name: string): void {
    const page = this.shown.get(name);
    if (!page) return;
    page.node.open = true;
    page.summary.focus();
  }
}

/** Something behind its name, which a click, Space or Enter opens and closes. */
export class Disclosure {
  readonly summary: HTMLElement;
  readonly body = h("div", { class: "cn-behind" });
  readonly node: HTMLDetailsElement;

  constructor(label: string) {
    this.summary = h("summary", {}, label);
    this.node = h("details", {}, this.summary, this.body);
  }
}
