import type { Way } from "./contract.gen.js";
import { button, h } from "./dom.js";
import { Disclosure } from "./pages.js";

const LONGEST = 4000;

/** The choices so far, each with its reason, which can be written anew, and a way back to it. */
export class Ways {
  readonly behind = new Disclosure("Your way so far");
  private readonly list = h("ol", { class: "cn-ways" });
  private way: readonly Way[] = [];
  private asked = { id: "", step: 0 };

  constructor(
    private readonly back: (steps: number) => void,
    private readonly justify: (step: number, reason: string) => string,
  ) {
    this.behind.body.append(this.list);
  }

  show(way: readonly Way[]): void {
    this.way = way;
    const none = way.length === 0;
    this.behind.node.hidden = none;
    const choices = way.length === 1 ? "1 choice" : `${way.length} choices`;
    this.behind.summary.textContent = `Your way so far (${choices})`;
    this.list.replaceChildren(...way.map((step, i) => this.step(step, i)));
  }

  /** Whether an answer is that to a reason written anew; the focus then goes back to it. */
  kept(answers: string): boolean {
    if (!answers || answers !== this.asked.id) return false;
    this.list.children[this.asked.step - 1]?.querySelector("button")?.focus();
    this.asked = { id: "", step: 0 };
    return true;
  }

  refused(id: string, message: string): boolean {
    if (!id || id !== this.asked.id) return false;
    const problem = this.list.children[this.asked.step - 1]?.querySelector(".cn-problem");
    if (!(problem instanceof HTMLElement)) return false;
    problem.textContent = message;
    problem.hidden = false;
    return true;
  }

  /** The way as text, to be copied. */
  text(): string {
    return this.way
      .map((step, i) => `${i + 1}. ${step.scene}\n${step.choice}\nBecause: ${step.reason || "-"}`)
      .join("\n\n");
  }

  private step(step: Way, i: number): HTMLElement {
    const reason = h(
      "p",
      { dir: "auto" },
      step.reason ? `Because: ${step.reason}` : "No reason written.",
    );
    const change = button("Change the reason", () => {
      editor.replaceChildren(...this.editor(step, i, shut));
      editor.hidden = false;
      editor.querySelector("textarea")?.focus();
    });
    const editor = h("div", { hidden: true });
    const shut = (): void => {
      editor.hidden = true;
      change.focus();
    };
    change.setAttribute("aria-label", `Change the reason, ${step.scene}`);
    const back = button("Go back to here", () => {
      this.back(i);
    });
    back.setAttribute("aria-label", `Go back to here, ${step.scene}`);
    const buttons = h("div", { class: "cn-adding" }, change, back);
    const head = h("p", { class: "cn-section" }, step.scene);
    return h("li", {}, head, h("p", { dir: "auto" }, step.choice), reason, buttons, editor);
  }

  private editor(step: Way, i: number, shut: () => void): HTMLElement[] {
    const text = h("textarea", { class: "cn-reason", rows: 3, maxlength: LONGEST, dir: "auto" });
    text.value = step.reason;
    const keep = button("Keep it", () => {
      this.asked = { id: this.justify(i + 1, text.value), step: i + 1 };
    });
    return [
      h("label", { class: "cn-why" }, h("span", {}, `Why? ${step.scene}`), text),
      h("p", { class: "cn-problem", role: "alert", hidden: true }),
      h("div", { class: "cn-adding" }, keep, button("Leave it as it was", shut)),
    ];
  }
}
