import type { Bars, Intervals, Look, Notice, Option } from "./contract.gen.js";
import { h, uniqueId } from "./dom.js";
import { columns, intervals, rows, table } from "./figures.js";

type Tab = Look["tab"];
type Shown = Bars | Intervals | Notice;
const LABELS: readonly [Tab, string][] = [
  ["clauses", "Clauses"],
  ["when", "When"],
  ["groups", "Groups"],
];

/** The tabs beside the clauses, each as a chart or as a table. */
export class Tabs {
  readonly node: HTMLElement;
  private readonly buttons = new Map<Tab, HTMLButtonElement>();
  private readonly panel = h("div", { role: "tabpanel", class: "cn-panel", id: uniqueId("panel") });
  private readonly by = h("select", { class: "cn-select", "aria-label": "Group by" });
  private readonly asTable = h(
    "button",
    { type: "button", class: "cn-toggle", "aria-pressed": "false" },
    "Table",
  );
  private readonly shown = new Map<Tab, Shown>();
  private tab: Tab = "clauses";

  constructor(private readonly look: (tab: Tab, by: string) => void) {
    const list = h("div", {
      role: "tablist",
      class: "cn-tablist",
      "aria-label": "What the rule does",
    });
    for (const [tab, label] of LABELS) {
      const button = h(
        "button",
        { type: "button", role: "tab", id: uniqueId("tab"), "aria-controls": this.panel.id },
        label,
      );
      button.addEventListener("click", () => {
        this.open(tab);
      });
      this.buttons.set(tab, button);
      list.append(button);
    }
    list.addEventListener("keydown", (event) => {
      this.key(event);
    });
    this.by.addEventListener("change", () => {
      this.look("groups", this.by.value);
    });
    this.asTable.addEventListener("click", () => {
      const pressed = this.asTable.getAttribute("aria-pressed") !== "true";
      this.asTable.setAttribute("aria-pressed", String(pressed));
      this.draw();
    });
    this.node = h(
      "div",
      { class: "cn-tabs" },
      h("div", { class: "cn-tabbar" }, list, this.by, this.asTable),
      this.panel,
    );
    this.mark();
  }

  offer(groupings: readonly Option[]): void {
    this.by.replaceChildren(...groupings.map((o) => h("option", { value: o.value }, o.label)));
  }

  show(event: Shown): void {
    const tab = event.kind === "intervals" ? "groups" : event.tab;
    this.shown.set(tab, event);
    if (event.kind === "intervals") this.by.value = event.by;
    if (tab === this.tab) this.draw();
  }

  private open(tab: Tab): void {
    this.tab = tab;
    this.mark();
    this.draw();
    this.look(tab, this.by.value);
  }

  private mark(): void {
    for (const [tab, button] of this.buttons) {
      const chosen = tab === this.tab;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) this.panel.setAttribute("aria-labelledby", button.id);
    }
    this.by.hidden = this.tab !== "groups" || this.by.options.length === 0;
  }

  private draw(): void {
    this.mark();
    const shown = this.shown.get(this.tab);
    if (!shown) this.panel.replaceChildren(h("p", { class: "cn-note" }, "Working it out\u2026"));
    else if (shown.kind === "notice") this.panel.replaceChildren(h("p", {}, shown.message));
    else if (this.asTable.getAttribute("aria-pressed") === "true")
      this.panel.replaceChildren(table(shown.table));
    else if (shown.kind === "intervals") this.panel.replaceChildren(intervals(shown));
    else this.panel.replaceChildren(shown.tab === "when" ? columns(shown) : rows(shown));
  }

  private key(event: KeyboardEvent): void {
    const order = LABELS.map(([tab]) => tab);
    const at = order.indexOf(this.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const next = to === undefined ? undefined : order.at(to % order.length);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.open(next);
    this.buttons.get(next)?.focus();
  }
}
