import type { Change, Clause, Field } from "./contract.gen.js";
import type { Asked } from "./base.js";
import { Control } from "./control.js";
import { h, uniqueId } from "./dom.js";

type Send = (asked: Asked) => string;
const WAYS = [
  ["up", "Move up", "Alt+\u2191"],
  ["down", "Move down", "Alt+\u2193"],
  ["in", "Put into a group", "Alt+\u2192"],
  ["out", "Take out of its group", "Alt+\u2190"],
] as const;

/** The clauses as rows. A row stays the same element as long as its clause is there. */
export class ClauseList {
  readonly node = h("ul", { class: "cn-clauses", "aria-label": "Clauses" });
  private readonly rows = new Map<number, Row>();

  constructor(
    private readonly send: Send,
    private readonly leave: () => void,
  ) {}

  show(clauses: readonly Clause[]): void {
    const focused = document.activeElement;
    const place = [...this.node.children].findIndex((row) => row.contains(focused));
    const field = [...this.rows.values()].map((row) => row.field(focused)).find(Boolean);
    const left = new Set(this.rows.keys());
    for (const clause of clauses) {
      left.delete(clause.id);
      let row = this.rows.get(clause.id);
      if (!row?.fits(clause)) {
        row?.node.remove();
        row = new Row(clause, this.send);
        this.rows.set(clause.id, row);
      }
      row.show(clause);
    }
    for (const id of left) {
      this.rows.get(id)?.node.remove();
      this.rows.delete(id);
    }
    const nodes = clauses.map((clause) => this.rows.get(clause.id)?.node).filter((n) => n != null);
    if (nodes.some((node, i) => this.node.children[i] !== node))
      this.node.replaceChildren(...nodes);
    if (place >= 0) this.restore(focused, clauses[Math.min(place, clauses.length - 1)], field);
  }

  /** Focus a clause; if it is not there, what follows the list. */
  focus(id: number, field?: string): void {
    const row = this.rows.get(id);
    if (row) row.focus(field);
    else this.leave();
  }

  /** Say under a field what is wrong with it; false if no field sent that. */
  refused(id: string, message: string): boolean {
    return [...this.rows.values()].some((row) => row.refused(id, message));
  }

  /** Focus never gets lost: it stays, or goes to the clause that took the place. */
  private restore(
    focused: Element | null,
    next: Clause | undefined,
    field: string | undefined,
  ): void {
    if (document.activeElement === focused) return;
    if (focused instanceof HTMLElement && this.node.contains(focused)) focused.focus();
    else if (next) this.focus(next.id, field);
    else this.leave();
  }
}

class Row {
  readonly node: HTMLLIElement;
  private readonly on: HTMLInputElement;
  private readonly label = h("span", { class: "cn-label" });
  private readonly problem = h("p", { class: "cn-problem", hidden: true, id: uniqueId("problem") });
  private readonly controls: Control[];
  private asked = new Map<string, Control>();

  constructor(
    private clause: Clause,
    private readonly send: Send,
  ) {
    this.on = h("input", { type: "checkbox" });
    this.on.addEventListener("change", () => {
      this.node.classList.toggle("cn-off", !this.on.checked);
      send({ kind: "toggle", clause: clause.id, on: this.on.checked });
    });
    this.controls = clause.fields.map(
      (field) =>
        new Control(field, (value) => {
          this.change(field.name, value);
        }),
    );
    const name = h("label", { class: "cn-name" }, this.on, this.label);
    const fields = h("div", { class: "cn-fields" }, ...this.controls.map((c) => c.node));
    this.node = h(
      "li",
      { class: "cn-clause" },
      h("div", { class: "cn-top" }, name, this.more()),
      fields,
      this.problem,
    );
    this.node.addEventListener("keydown", (event) => {
      this.key(event);
    });
  }

  /** Whether this row can show a clause without being made anew. */
  fits(clause: Clause): boolean {
    const same = (a: Field, b: Field | undefined): boolean =>
      a.name === b?.name && a.control === b.control;
    return (
      clause.fields.length === this.clause.fields.length &&
      clause.fields.every((field, i) => same(field, this.clause.fields[i]))
    );
  }

  show(clause: Clause): void {
    this.clause = clause;
    this.on.checked = clause.on;
    this.label.textContent = clause.label;
    this.node.title = clause.words;
    this.node.style.setProperty("--cn-depth", String(clause.depth));
    this.node.classList.toggle("cn-off", !clause.counted);
    this.node.classList.toggle("cn-group", clause.group);
    clause.fields.forEach((field, i) => this.controls[i]?.show(field, clause.label));
    this.problem.hidden = true;
  }

  refused(id: string, message: string): boolean {
    const control = this.asked.get(id);
    if (!control) return false;
    control.invalid(this.problem.id);
    this.problem.textContent = message;
    this.problem.hidden = false;
    return true;
  }

  /** The name of the field that an element is in. */
  field(element: Element | null): string | undefined {
    return this.controls.find((control) => control.node.contains(element))?.name;
  }

  focus(field?: string): void {
    (this.controls.find((control) => control.name === field) ?? this.on).focus();
  }

  private change(field: string, value: string): void {
    const asked: Omit<Change, "id"> = { kind: "change", clause: this.clause.id, field, value };
    const control = this.controls.find((c) => c.name === field);
    if (control) this.asked = new Map([[this.send(asked), control]]);
  }

  private more(): HTMLElement {
    const menu = h("div", { class: "cn-menu", role: "menu", hidden: true });
    const open = h(
      "button",
      {
        type: "button",
        class: "cn-more",
        "aria-haspopup": "menu",
        "aria-label": "More about this clause",
      },
      "\u22ef",
    );
    const close = (): void => {
      menu.hidden = true;
      open.focus();
    };
    const item = (label: string, key: string, run: () => void): HTMLElement =>
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          onclick: () => {
            close();
            run();
          },
        },
        label,
        h("kbd", {}, key),
      );
    for (const [way, label, key] of WAYS)
      menu.append(item(label, key, () => this.send({ kind: "move", clause: this.clause.id, way })));
    menu.append(
      item("Remove", "Delete", () => this.send({ kind: "remove", clause: this.clause.id })),
    );
    open.addEventListener("click", () => {
      menu.hidden = !menu.hidden;
      if (!menu.hidden) menu.querySelector("button")?.focus();
    });
    menu.addEventListener("keydown", (event) => {
      const items = [...menu.querySelectorAll("button")];
      const at = items.findIndex((i) => i === document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
      if (to !== undefined) items.at(to % items.length)?.focus();
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    menu.addEventListener("focusout", (event) => {
      const to = event.relatedTarget as Node | null;
      if (to !== open && !menu.contains(to)) menu.hidden = true;
    });
    return h("div", { class: "cn-popup" }, open, menu);
  }

  private key(event: KeyboardEvent): void {
    const way = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" }[event.key];
    const id = this.clause.id;
    if (event.altKey && way) this.send({ kind: "move", clause: id, way: way as "up" });
    else if (event.key === "Delete" && event.target === this.on)
      this.send({ kind: "remove", clause: id });
    else if (event.key === "Enter" && event.target === this.on) this.controls[0]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
