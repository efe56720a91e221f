import { type Model, View } from "./base.js";
import { ClauseList } from "./clause_list.js";
import { ClauseMenu } from "./clause_menu.js";
import { Control } from "./control.js";
import type { Document, Event as KernelEvent, Headline, Menu } from "./contract.gen.js";
import { button, h, Pause } from "./dom.js";
import { Disclosure, list } from "./pages.js";
import { Tabs } from "./tabs.js";

const DISCONNECTED = "Disconnected. Your rule is safe below as text; run the cell to continue.";
const LONGEST_NAME = 10_000;

/** A rule that is built, understood and changed by hand. */
export class CriteriaBuilder extends View {
  private readonly name = h("input", {
    class: "cn-rule-name",
    type: "text",
    dir: "auto",
    maxlength: LONGEST_NAME,
    "aria-label": "Name of the rule",
  });
  private readonly undo = button("Undo", () => this.send({ kind: "undo" }));
  private readonly redo = button("Redo", () => this.send({ kind: "redo" }));
  private readonly showCode = button("Code", () => {
    this.toggleCode();
  });
  private readonly chip = h("span", {
    class: "cn-chip",
    title: "Smaller counts are hidden, and so are differences that would tell of them.",
  });
  private readonly sentence = h("p", { class: "cn-sentence" });
  private readonly undecided = h("p", { class: "cn-undecided" });
  private readonly caution = h("p", { class: "cn-caution" });
  private readonly problem = h("p", { class: "cn-problem", role: "alert", hidden: true });
  private readonly match = h("span", { class: "cn-fields" });
  private matching: Control[] = [];
  private readonly clauses = new ClauseList(
    (asked) => {
      const id = this.send(asked);
      if (asked.kind === "remove") this.removal = { id, clause: asked.clause };
      return id;
    },
    () => {
      this.addClause.focus();
    },
  );
  private removal = { id: "", clause: 0 };
  private readonly toast = h(
    "p",
    { class: "cn-toast", role: "status", hidden: true },
    "Clause removed.",
    button("Undo the removal", () => this.send({ kind: "undo" })),
  );
  private readonly menu = new ClauseMenu((choice) => {
    this.send({ kind: "add", choice, group: this.root_id });
  });
  private readonly addClause = button("+ Clause", () => {
    this.menu.toggle(this.addClause);
  });
  private readonly presets = h("select", {
    class: "cn-select",
    "aria-label": "Start from a published rule",
  });
  private readonly tabs = new Tabs((tab, by) => this.send({ kind: "look", tab, by }));
  private readonly words = h("div", { class: "cn-words" });
  private readonly code = h("pre", {
    class: "cn-code",
    tabindex: 0,
    hidden: true,
    "aria-label": "The rule as Python",
    role: "region",
  });
  private readonly unfit = new Disclosure("");
  private readonly offline = h("div", { class: "cn-offline", role: "alert", hidden: true });
  private readonly rename = new Pause(500);
  private root_id = 0;

  constructor(model: Model, el: HTMLElement) {
    super(model, el, "criteria-builder");
    this.unfit.node.classList.add("cn-unfit");
    this.unfit.node.hidden = true;
    this.addClause.setAttribute("aria-expanded", "false");
    this.showCode.setAttribute("aria-expanded", "false");
    const addGroup = button("+ Group", () =>
      this.send({ kind: "add", choice: "group", group: this.root_id }),
    );
    const title = h("label", { class: "cn-heading" }, h("span", {}, "Review rule:"), this.name);
    const bar = h(
      "div",
      { class: "cn-bar-top" },
      title,
      this.undo,
      this.redo,
      this.showCode,
      this.chip,
    );
    const matching = h("p", { class: "cn-matching" }, "Match", this.match, "of these");
    const adding = h("div", { class: "cn-adding" }, this.addClause, addGroup, this.presets);
    const left = h(
      "div",
      { class: "cn-left" },
      matching,
      this.clauses.node,
      this.toast,
      adding,
      this.menu.node,
    );
    const said = h(
      "div",
      { class: "cn-said" },
      this.sentence,
      this.undecided,
      this.caution,
      this.problem,
    );
    this.content.append(
      this.offline,
      bar,
      said,
      h("div", { class: "cn-body" }, left, this.tabs.node),
      h(
        "div",
        { class: "cn-in-words" },
        h("p", { class: "cn-section" }, "In words"),
        this.words,
        this.unfit.node,
        this.code,
      ),
      h("p", { class: "cn-end" }, "This list ends in a review. It never discharges anyone."),
    );
    this.listen();
  }

  protected override show(event: KernelEvent): void {
    if (event.kind === "document") this.showDocument(event);
    else if (event.kind === "headline") this.showHeadline(event);
    else if (event.kind === "menu") this.showMenu(event);
    else if (event.kind === "bars" || event.kind === "intervals" || event.kind === "notice")
      this.tabs.show(event);
  }

  protected override refused(id: string, message: string): boolean {
    return this.clauses.refused(id, message);
  }

  protected override announcement(): string {
    return [this.sentence.textContent, this.undecided.textContent].filter(Boolean).join(" ");
  }

  protected override disconnected(lost: boolean): void {
    const focused = this.content.contains(document.activeElement);
    for (const control of this.content.querySelectorAll<HTMLButtonElement>("button, input, select"))
      control.disabled = lost;
    if (!lost) {
      this.hide(this.offline);
      return;
    }
    const copy = button(
      "Copy rule",
      () => void navigator.clipboard.writeText(this.code.textContent),
    );
    this.offline.replaceChildren(h("span", {}, DISCONNECTED), copy);
    this.offline.hidden = false;
    this.code.hidden = false;
    if (focused) copy.focus();
  }

  protected override key(event: KeyboardEvent): boolean {
    const command = event.ctrlKey || event.metaKey;
    const pressed = event.key.toLowerCase();
    if (command && pressed === "z") this.send({ kind: event.shiftKey ? "redo" : "undo" });
    else if (command && pressed === "y") this.send({ kind: "redo" });
    else if (
      event.key === "/" &&
      !(event.target instanceof HTMLInputElement && event.target.type !== "checkbox")
    )
      this.menu.toggle(this.addClause);
    else return false;
    return true;
  }

  private listen(): void {
    const rename = (): void => {
      this.rename.stop();
      this.send({ kind: "rename", name: this.name.value });
    };
    this.name.addEventListener("input", () => {
      this.rename.then(rename);
    });
    this.name.addEventListener("change", rename);
    this.presets.addEventListener("change", () => {
      if (this.presets.value) this.send({ kind: "start", preset: this.presets.value });
      this.presets.value = "";
    });
  }

  private showMenu(event: Menu): void {
    this.chip.textContent = `${event.label} hidden`;
    this.menu.offer(event.choices);
    this.tabs.offer(event.groupings);
    const first = h("option", { value: "" }, "Start from\u2026");
    this.presets.replaceChildren(
      first,
      ...event.presets.map((p) => h("option", { value: p.value }, p.label)),
    );
  }

  private showDocument(event: Document): void {
    this.root_id = event.root;
    if (document.activeElement !== this.name) this.name.value = event.name;
    this.showHistory(event);
    this.showMatch(event);
    this.clauses.show(event.clauses);
    this.showToast(event.answers === this.removal.id);
    this.words.replaceChildren(...event.words.map((line) => h("p", {}, line.trim())));
    this.unfit.node.hidden = !event.unfit;
    this.unfit.summary.textContent = event.unfit;
    this.unfit.body.replaceChildren(list(event.lacking));
    this.code.textContent = event.code;
    this.problem.textContent = event.problem;
    if (event.problem) this.previous(true);
    this.problem.hidden = !event.problem;
  }

  /** One of the two may go; the focus then moves to the other. */
  private showHistory(event: Document): void {
    const focused = document.activeElement;
    this.undo.disabled = !event.can_undo;
    this.redo.disabled = !event.can_redo;
    if (focused === this.undo && !event.can_undo) this.redo.focus();
    if (focused === this.redo && !event.can_redo) this.undo.focus();
  }

  /** A removal can be undone until the next change; the focus then goes to what came back. */
  private showToast(removed: boolean): void {
    if (removed) this.toast.hidden = false;
    else
      this.hide(this.toast, () => {
        this.clauses.focus(this.removal.clause);
      });
  }

  private showMatch(event: Document): void {
    const focused = this.matching.find((c) => c.node.contains(document.activeElement));
    const names = event.match.map((field) => field.name).join();
    if (names !== this.matching.map((control) => control.name).join()) {
      this.matching = event.match.map((field) => {
        const change = (value: string): void => {
          this.send({ kind: "change", clause: this.root_id, field: field.name, value });
        };
        return new Control(field, change);
      });
      this.match.replaceChildren(...this.matching.map((control) => control.node));
      this.matching.find((control) => control.name === focused?.name)?.focus();
    }
    event.match.forEach((field, i) => this.matching[i]?.show(field, "the rule"));
  }

  private showHeadline(event: Headline): void {
    this.sentence.textContent = event.sentence;
    this.undecided.textContent = event.undecided;
    this.caution.textContent = event.caution;
    this.root.dataset.shown = String(event.revision);
    this.previous(false);
  }

  private toggleCode(): void {
    this.code.hidden = !this.code.hidden;
    this.showCode.setAttribute("aria-expanded", String(!this.code.hidden));
  }
}
