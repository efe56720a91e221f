/** Small help for making elements. */

export type Child = Node | string | null;
type Properties = Record<string, string | number | boolean | ((event: never) => void) | null>;

/** An element with attributes, `on...` listeners and children; null and false leave one out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      made.addEventListener(key.slice(2), value as (event: Event) => void);
    } else if (value !== null && value !== false) {
      made.setAttribute(key, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A button of the widgets' look. */
export function button(label: string, run: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "cn-button", onclick: run }, label);
}

/** One answer to a question: a box or a round button with its label. */
export function option(
  type: "checkbox" | "radio",
  name: string,
  value: string,
  ...label: Child[]
): HTMLLabelElement {
  return h(
    "label",
    { class: "cn-option" },
    h("input", { type, name, value }),
    h("span", { dir: "auto" }, ...label),
  );
}

let made = 0;

/** An id that no other element of the page has. */
export function uniqueId(what: string): string {
  made += 1;
  return `cn-${what}-${made}`;
}

/** Run after a pause; each call starts the pause anew. */
export class Pause {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly milliseconds: number) {}

  then(run: () => void): void {
    this.stop();
    this.timer = setTimeout(run, this.milliseconds);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
