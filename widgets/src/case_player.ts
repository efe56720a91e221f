import { type Model, View } from "./base.js";
import type { CaseFile, CaseRead, CaseScene, Event as KernelEvent } from "./contract.gen.js";
import { button, h, uniqueId } from "./dom.js";
import { Decision } from "./case_decision.js";
import { Ways } from "./case_ways.js";
import { Disclosure, list, Pages, parts } from "./pages.js";

const DISCONNECTED =
  "Disconnected. Your way so far stands below as text; run the cell to play the case again.";
const AFTER_ENDING = "This way ends here. Go back and choose otherwise, or open what stands below.";

/** A case study that is played, gone back in, justified and talked over. */
export class CasePlayer extends View {
  private readonly title = h("h3", { class: "cn-case-title" });
  private readonly about = h("p", { class: "cn-note" });
  private readonly back = button("Go back", () => {
    this.move(this.send({ kind: "back", steps: this.steps - 1 }));
  });
  private readonly scene = h("h4", {
    class: "cn-scene-title",
    tabindex: -1,
    id: uniqueId("scene"),
  });
  private readonly when = h("p", { class: "cn-note" });
  private readonly meant = h("div", { class: "cn-meant" });
  private readonly text = h("div", { class: "cn-story" });
  private readonly rules = h("div", { class: "cn-rules" });
  private readonly ending = h("div", { class: "cn-ending" });
  private readonly decision = new Decision((choice, reason) => {
    this.move(this.send({ kind: "choose", scene: this.name, choice, reason }));
    return this.moving;
  });
  private readonly record = new Disclosure("The record so far");
  private readonly ways = new Ways(
    (steps) => {
      this.move(this.send({ kind: "back", steps }));
    },
    (step, reason) => this.send({ kind: "justify", step, reason }),
  );
  private readonly pages = new Pages((page) => this.send({ kind: "turn", page }));
  private readonly hand = new Disclosure("Hand in, or compare");
  private readonly offline = h("div", { class: "cn-offline", role: "alert", hidden: true });
  private name = "";
  private shown = "";
  private steps = 0;
  private moving = "";
  private bringing = "";
  private said = "";

  constructor(model: Model, el: HTMLElement) {
    super(model, el, "case-player");
    const top = h("div", { class: "cn-case-top" }, this.title, this.back);
    const article = h(
      "article",
      { "aria-labelledby": this.scene.id },
      this.scene,
      this.when,
      this.meant,
      this.text,
      this.rules,
      this.decision.node,
      this.ending,
    );
    this.hand.body.append(...this.handing());
    const below = h(
      "div",
      { class: "cn-below" },
      this.record.node,
      this.ways.behind.node,
      this.pages.node,
      this.hand.node,
    );
    this.record.node.open = true;
    this.content.append(this.offline, top, this.about, article, below);
  }

  protected override show(event: KernelEvent): void {
    if (event.kind === "scene") this.showScene(event);
    else if (event.kind === "page")
      this.pages.fill(
        event.page,
        ...(event.lead ? [h("p", { class: "cn-note" }, event.lead)] : []),
        ...parts(event.parts),
      );
    else if (event.kind === "file") this.keep(event);
  }

  protected override refused(id: string, message: string): boolean {
    return this.decision.refused(id, message) || this.ways.refused(id, message);
  }

  /** The focus tells of a new scene; only what moves no focus is said. */
  protected override announcement(): string {
    const said = this.said;
    this.said = "";
    return said;
  }

  protected override disconnected(lost: boolean): void {
    const focused = this.content.contains(document.activeElement);
    for (const control of this.content.querySelectorAll<HTMLButtonElement>("button, input"))
      control.disabled = lost;
    if (!lost) {
      this.hide(this.offline);
      this.back.disabled = this.steps === 0;
      return;
    }
    const copy = button("Copy my way", () => void navigator.clipboard.writeText(this.ways.text()));
    this.offline.replaceChildren(h("span", {}, DISCONNECTED), copy);
    this.offline.hidden = false;
    this.ways.behind.node.open = true;
    if (focused) copy.focus();
  }

  /** Ctrl+Enter goes on. It does not run the cell, which would begin the case anew. */
  protected override key(event: KeyboardEvent): boolean {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return false;
    if (event.shiftKey) return false;
    if (this.decision.node.contains(event.target as Node)) this.decision.submit();
    return true;
  }

  private showScene(event: CaseScene): void {
    const key = JSON.stringify([event.scene, event.way.map((w) => [w.scene, w.choice])]);
    const anew = key !== this.shown;
    const inside = this.content.contains(document.activeElement);
    this.shown = key;
    this.name = event.scene;
    this.steps = event.way.length;
    this.title.textContent = event.case;
    this.about.textContent = event.about;
    this.about.hidden = this.steps > 0;
    this.back.disabled = this.steps === 0;
    if (anew) this.tell(event);
    this.ways.show(event.way);
    this.pages.offer(event.pages, anew);
    if (event.answers && event.answers === this.moving) this.scene.focus();
    else if (inside && !this.content.contains(document.activeElement)) this.scene.focus();
    if (event.answers && event.answers === this.bringing) this.pages.open("other");
    if (this.ways.kept(event.answers)) this.said = "Your reason is kept.";
  }

  /** A new scene, from its heading to the choices that it leaves. */
  private tell(event: CaseScene): void {
    this.scene.textContent = event.title;
    this.when.textContent = event.when;
    const meaning = h("h5", {}, "What your choice meant");
    this.meant.replaceChildren(...(event.meant.length ? [meaning, ...parts(event.meant)] : []));
    this.text.replaceChildren(...event.paragraphs.map((p) => h("p", {}, p)));
    const heading = h("h5", {}, "The rules now");
    this.rules.replaceChildren(...(event.rules.length ? [heading, read(event.rules)] : []));
    this.ending.hidden = !event.ending;
    this.ending.replaceChildren(h("h5", {}, `Ending: ${event.ending}`), h("p", {}, AFTER_ENDING));
    this.decision.show(event);
    this.record.body.replaceChildren(...parts([{ ...event.record, heading: "" }]));
  }

  private move(id: string): void {
    this.moving = id;
  }

  /** The way as a file, and another's way as one. */
  private handing(): HTMLElement[] {
    const kinds = [
      ["json", "To load again (.json)"],
      ["csv", "As a table (.csv)"],
      ["html", "To print (.html)"],
    ] as const;
    const buttons = kinds.map(([format, label]) =>
      button(label, () => this.send({ kind: "export", format })),
    );
    const id = uniqueId("bring");
    const file = h("input", { type: "file", accept: ".json,application/json", id });
    file.addEventListener("change", () => {
      void file.files?.[0]?.text().then((text) => {
        file.value = "";
        this.bringing = this.send({ kind: "bring", text });
      });
    });
    return [
      h(
        "p",
        {},
        "Nothing that you choose or write is saved in the notebook. To keep it, or to hand it in, save a file.",
      ),
      h("div", { class: "cn-adding" }, ...buttons),
      h("p", {}, h("label", { for: id }, "Another\u2019s way to compare with (.json) "), file),
    ];
  }

  private keep(event: CaseFile): void {
    const address = URL.createObjectURL(new Blob([event.text], { type: event.media }));
    h("a", { href: address, download: event.name }).click();
    URL.revokeObjectURL(address);
    this.said = `${event.name} was given to your browser to save.`;
  }
}

/** What rules say, what of it is new, and clause by clause why. */
function read(rules: readonly CaseRead[]): HTMLElement {
  const said = (rule: CaseRead): HTMLElement =>
    h(
      "li",
      {},
      rule.changed ? h("strong", {}, "Changed: ") : null,
      rule.sentence,
      list(rule.clauses),
    );
  return h("ul", {}, ...rules.map(said));
}
