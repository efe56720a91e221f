import type { Choice } from "./contract.gen.js";
import { h } from "./dom.js";

/** The searchable menu of clauses, grouped by the question they answer. */
export class ClauseMenu {
  readonly node = h("div", {
    class: "cn-choices",
    role: "dialog",
    "aria-label": "Add a clause",
    hidden: true,
  });
  private readonly search = h("input", {
    type: "search",
    class: "cn-input",
    placeholder: "Search clauses",
    "aria-label": "Search clauses",
  });
  private readonly list = h("div", { class: "cn-choice-list" });
  private choices: readonly Choice[] = [];
  private back: HTMLElement | null = null;

  constructor(private readonly add: (choice: string) => void) {
    this.node.append(this.search, this.list);
    this.search.addEventListener("input", () => {
      this.fill();
    });
    this.node.addEventListener("keydown", (event) => {
      this.key(event);
    });
  }

  offer(choices: readonly Choice[]): void {
    this.choices = choices;
    this.fill();
  }

  toggle(back: HTMLElement): void {
    this.back = back;
    if (!this.node.hidden) {
      this.close();
      return;
    }
    this.node.hidden = false;
    back.setAttribute("aria-expanded", "true");
    this.search.value = "";
    this.fill();
    this.search.focus();
  }

  private close(): void {
    this.node.hidden = true;
    this.back?.setAttribute("aria-expanded", "false");
    this.back?.focus();
  }

  private fill(): void {
    const sought = this.search.value.trim().toLowerCase();
    const found = this.choices.filter((c) =>
      `${c.section} ${c.label}`.toLowerCase().includes(sought),
    );
    const sections = [...new Set(found.map((c) => c.section))];
    this.list.replaceChildren(
      ...sections.map((section) =>
        h(
          "div",
          { role: "group", "aria-label": section },
          h("p", { class: "cn-section" }, section),
          ...found.filter((c) => c.section === section).map((c) => this.choice(c)),
        ),
      ),
    );
    if (found.length === 0) this.list.append(h("p", {}, "No clause of that name."));
  }

  private choice(choice: Choice): HTMLElement {
    const pick = (): void => {
      if (choice.needs) return;
      this.close();
      this.add(choice.value);
    };
    const needs = choice.needs ? h("span", { class: "cn-needs" }, choice.needs) : null;
    return h(
      "button",
      {
        type: "button",
        class: "cn-choice",
        "aria-disabled": choice.needs ? "true" : null,
        onclick: pick,
      },
      choice.label,
      needs,
    );
  }

  private key(event: KeyboardEvent): void {
    const items = [...this.list.querySelectorAll("button")];
    const at = items.findIndex((item) => item === document.activeElement);
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") items[Math.min(at + 1, items.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? items[at - 1] : this.search)?.focus();
    else if (event.key === "Enter" && event.target === this.search) items[0]?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
