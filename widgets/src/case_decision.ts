import type { CaseChoice, CaseScene } from "./contract.gen.js";
import { type Child, h, option, uniqueId } from "./dom.js";

const LONGEST = 4000;
const PICK = "Choose one of these first.";

/** The choices of a scene, and the reason for the one that is made. */
export class Decision {
  readonly node: HTMLFormElement;
  private readonly ask = h("legend", {});
  private readonly choices = h("div", { class: "cn-options" });
  private readonly closed = h("div", { class: "cn-closed" });
  private readonly problem = h("p", { class: "cn-problem", role: "alert", hidden: true });
  private readonly reason: HTMLTextAreaElement;
  private readonly go = h("button", { type: "submit", class: "cn-button cn-go" }, "Choose");
  private asked = "";

  constructor(private readonly choose: (choice: string, reason: string) => string) {
    const hint = uniqueId("hint");
    this.reason = h("textarea", {
      class: "cn-reason",
      rows: 3,
      maxlength: LONGEST,
      dir: "auto",
      "aria-describedby": hint,
    });
    this.node = h(
      "form",
      { class: "cn-decision", novalidate: true },
      h("fieldset", {}, this.ask, this.choices, this.problem),
      this.closed,
      h("label", { class: "cn-why" }, h("span", {}, "Why? One or two sentences."), this.reason),
      h("p", { class: "cn-note", id: hint }, "Kept in memory only. You can leave it empty."),
      this.go,
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  show(event: CaseScene): void {
    this.node.hidden = event.ending !== "";
    this.ask.textContent = event.ask;
    this.problem.hidden = true;
    this.reason.value = event.reason;
    this.asked = "";
    const name = uniqueId("choice");
    this.choices.replaceChildren(
      ...event.choices.map((choice) => option("radio", name, choice.value, ...told(choice))),
    );
    const shut = event.closed.length > 0;
    this.closed.hidden = !shut;
    this.closed.replaceChildren(
      ...(shut
        ? [
            h("p", { class: "cn-note" }, "Not open to you now:"),
            h("ul", {}, ...event.closed.map((choice) => h("li", { dir: "auto" }, ...told(choice)))),
          ]
        : []),
    );
  }

  submit(): void {
    if (this.go.disabled || this.asked) return;
    const picked = this.choices.querySelector<HTMLInputElement>("input:checked");
    if (picked) this.asked = this.choose(picked.value, this.reason.value);
    else {
      this.say(PICK);
      this.choices.querySelector("input")?.focus();
    }
  }

  refused(id: string, message: string): boolean {
    if (!id || id !== this.asked) return false;
    this.asked = "";
    this.say(message);
    return true;
  }

  private say(message: string): void {
    this.problem.textContent = message;
    this.problem.hidden = false;
  }
}

/** The words of a choice, and what opens or shuts it. */
function told(choice: CaseChoice): Child[] {
  return [
    choice.label,
    choice.why ? h("span", { class: "cn-because" }, `Because ${choice.why}.`) : null,
  ];
}
