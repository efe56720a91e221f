import { type Model, View } from "./base.js";
import type { Answer, Choices, Event as KernelEvent, Survey } from "./contract.gen.js";
import { button, h, option, uniqueId } from "./dom.js";

const SENDING = "Sending\u2026";
const SAVED = "Thank you. Your answers are saved.";
const TRIED = "Thank you. This was a try-out: nothing was saved.";
const DECLINED = "That is fine. Nothing was kept.";
const LOST =
  "Disconnected. Your answers were not sent, and nothing was kept. Please tell the person who gave you this.";
const LOST_AFTERWARDS = "Disconnected. What you sent before is not lost.";

/** Three questions, each of which can be left out; what is answered leaves by one message. */
export class CheckIn extends View {
  private readonly danger = h("p", { class: "cn-danger" });
  private readonly about = h("div", { class: "cn-about" });
  private readonly title = h("h3", { class: "cn-sentence", tabindex: -1 });
  private readonly questions = h("div", { class: "cn-questions" });
  private readonly problem = h("p", { class: "cn-problem", role: "alert", hidden: true });
  private readonly offline = h("p", { class: "cn-offline", role: "alert", hidden: true });
  private readonly words = h("textarea", { rows: 3, dir: "auto" });
  private readonly send_ = button("Send my answers", () => {
    this.answer();
  });
  private readonly decline = button("Not now", () => {
    this.leave();
  });
  private readonly buttons = h("div", { class: "cn-adding" }, this.send_, this.decline);
  private readonly back = button("Back to the questions", () => {
    this.reopen();
  });
  private readonly done = h("div", { class: "cn-done", hidden: true });
  private asked = "";
  private survey: Survey | null = null;

  constructor(model: Model, el: HTMLElement) {
    super(model, el, "check-in");
    this.content.append(
      this.offline,
      this.title,
      this.about,
      this.danger,
      this.questions,
      this.problem,
      this.buttons,
      this.done,
    );
    this.buttons.hidden = true;
  }

  protected override show(event: KernelEvent): void {
    if (event.kind !== "survey") return;
    if (this.survey === null) this.ask(event);
    this.survey = event;
    if (event.state !== "open") this.thank(event.state === "saved" ? SAVED : TRIED);
  }

  protected override refused(id: string, message: string): boolean {
    if (id !== this.asked) return false;
    this.problem.textContent = message;
    this.problem.hidden = false;
    this.wait(false);
    return true;
  }

  protected override announcement(): string {
    return this.done.hidden ? "" : this.title.textContent;
  }

  protected override disconnected(lost: boolean): void {
    this.offline.textContent = this.survey?.state === "open" ? LOST : LOST_AFTERWARDS;
    this.offline.hidden = !lost;
    for (const control of this.content.querySelectorAll<HTMLInputElement>(
      "button, input, textarea",
    ))
      control.disabled = lost;
    if (!lost) this.wait(false);
  }

  protected override key(): boolean {
    return false;
  }

  private ask(survey: Survey): void {
    this.title.textContent = survey.title;
    this.about.replaceChildren(...[survey.lead, ...survey.about].map((text) => h("p", {}, text)));
    this.danger.replaceChildren(h("strong", {}, survey.danger), ` ${survey.in_danger}`);
    this.words.maxLength = survey.longest;
    const hint = h("p", { id: uniqueId("hint"), class: "cn-note" }, survey.words_kept);
    this.words.setAttribute("aria-describedby", hint.id);
    this.questions.replaceChildren(
      asked(survey.obstacles, "checkbox", "obstacle"),
      asked(survey.progress, "radio", "progress"),
      asked(survey.go_on, "radio", "go_on"),
      h("label", { class: "cn-question" }, h("span", {}, survey.words), this.words),
      hint,
    );
    this.buttons.hidden = false;
  }

  private answer(): void {
    if (this.send_.getAttribute("aria-disabled") === "true") return;
    this.problem.hidden = true;
    this.wait(true);
    const named = this.chosen("obstacle");
    const [progress] = this.chosen("progress");
    const [wish] = this.chosen("go_on") as Answer["go_on"][];
    this.asked = this.send({
      kind: "answer",
      obstacles: named.filter(Boolean),
      nothing: named.includes(""),
      progress: progress ? Number(progress) : null,
      go_on: wish ?? "unsaid",
      words: this.words.value,
    });
  }

  /** What was typed leaves the page; the kernel is not told that somebody would rather not. */
  private leave(): void {
    this.clear();
    this.finish(DECLINED, this.back);
  }

  private thank(said: string): void {
    this.clear();
    this.finish(said);
  }

  private finish(said: string, more: HTMLElement | null = null): void {
    this.title.textContent = said;
    for (const part of [this.about, this.questions, this.buttons, this.problem]) part.hidden = true;
    this.done.replaceChildren(...(more ? [more] : []));
    this.done.hidden = false;
    this.title.focus();
  }

  private reopen(): void {
    for (const part of [this.about, this.questions, this.buttons]) part.hidden = false;
    this.done.hidden = true;
    this.title.textContent = this.survey?.title ?? "";
    this.title.focus();
  }

  private clear(): void {
    for (const input of this.questions.querySelectorAll("input")) input.checked = false;
    this.words.value = "";
    this.wait(false);
  }

  private chosen(of: string): string[] {
    const inputs = this.questions.querySelectorAll<HTMLInputElement>(`.cn-of-${of} input`);
    return [...inputs].filter((input) => input.checked).map((input) => input.value);
  }

  private wait(sending: boolean): void {
    this.send_.textContent = sending ? SENDING : "Send my answers";
    this.send_.setAttribute("aria-disabled", String(sending));
  }
}

/** A question with its choices; the last of them, to leave it out, stands apart. */
function asked(choices: Choices, type: "checkbox" | "radio", of: string): HTMLElement {
  const name = uniqueId(of);
  const options = choices.options.map((o) => option(type, name, o.value, o.label));
  const hint = choices.hint ? h("span", { class: "cn-note" }, ` ${choices.hint}`) : null;
  return h(
    "fieldset",
    { class: `cn-question cn-of-${of}` },
    h("legend", {}, h("span", {}, choices.question), hint),
    h("div", { class: "cn-options" }, ...options),
  );
}
