import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CriteriaBuilder } from "../src/criteria_builder.js";
import { clause, documentOf, FakeModel, field, menuOf } from "./fake.js";

let model: FakeModel;
let el: HTMLElement;
let view: CriteriaBuilder;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  el = document.body.appendChild(document.createElement("div"));
  view = new CriteriaBuilder(model, el);
  view.open();
  model.event(menuOf());
  model.event(documentOf());
});

afterEach(() => {
  view.close();
  el.remove();
  vi.useRealTimers();
});

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as querySelector's own
const one = <E extends Element = HTMLElement>(selector: string): E => {
  const found = el.querySelector<E>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
};
const headline = (revision: number, sentence: string): void => {
  model.event({ kind: "headline", revision, sentence, undecided: "", caution: "" });
};
const boxes = (): HTMLInputElement[] => [
  ...el.querySelectorAll<HTMLInputElement>(".cn-clause input[type=checkbox]"),
];
const press = (target: Element, key: string, more: KeyboardEventInit = {}): boolean =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
  );

test("a view that opens asks for everything", () => {
  expect(model.sent[0]?.kind).toBe("ready");
});

test("every command has an id of its own", () => {
  boxes()[0]?.click();
  boxes()[1]?.click();
  expect(new Set(model.sent.map((command) => command.id)).size).toBe(3);
});

test("a clause goes off at once, before the kernel answers", () => {
  boxes()[0]?.click();
  expect(model.last()).toMatchObject({ kind: "toggle", clause: 1, on: false });
  expect(one(".cn-clause").classList).toContain("cn-off");
});

test("an answer to an older rule is dropped", () => {
  headline(3, "new");
  headline(2, "old");
  expect(one(".cn-sentence").textContent).toBe("new");
});

test.each([null, 7, "x", {}, { kind: "eval", revision: 9 }, { kind: "headline" }])(
  "a malformed message changes nothing: %j",
  (message) => {
    headline(1, "before");
    model.says(message);
    expect(one(".cn-sentence").textContent).toBe("before");
  },
);

test("a message that cannot be shown says so and the widget lives on", () => {
  model.says({ kind: "document", revision: 2 });
  expect(one(".cn-alert").hidden).toBe(false);
  headline(3, "after");
  expect(one(".cn-sentence").textContent).toBe("after");
});

test("a rule that lacks safeguards says that it is not fit for use, and what to do", () => {
  expect(one(".cn-unfit").hidden).toBe(true);
  model.event(
    documentOf({
      revision: 2,
      unfit: "Not fit for use: 1 is missing.",
      lacking: ["Way back: ..."],
    }),
  );
  expect(one(".cn-unfit").hidden).toBe(false);
  expect(one(".cn-unfit summary").textContent).toContain("Not fit for use");
  expect(one(".cn-unfit li").textContent).toBe("Way back: ...");
});

test("text of any kind is shown as text", () => {
  const name = `<img src=x onerror=alert(1)> "q" \u202eabc \u{1f600}${"x".repeat(10_000)}`;
  model.event(documentOf({ clauses: [clause({ label: name, words: name })] }));
  expect(el.querySelector("img")).toBeNull();
  expect(one(".cn-label").textContent).toBe(name);
});

test("a number is sent after a pause, and once", () => {
  const input = one<HTMLInputElement>(".cn-clause .cn-number");
  input.value = "5";
  input.dispatchEvent(new Event("input"));
  expect(model.last()?.kind).toBe("ready");
  vi.advanceTimersByTime(300);
  input.dispatchEvent(new Event("change"));
  expect(model.sent.filter((command) => command.kind === "change")).toHaveLength(1);
  expect(model.last()).toMatchObject({ clause: 1, field: "value", value: "5" });
});

test("arrow keys step a number and commit at once", () => {
  press(one(".cn-clause .cn-number"), "ArrowUp");
  expect(model.last()).toMatchObject({ kind: "change", value: "4" });
});

test("a refused value stays with its message beneath", () => {
  const input = one<HTMLInputElement>(".cn-clause .cn-number");
  input.focus();
  input.value = "many";
  press(input, "Enter");
  const answers = model.last()?.id ?? "";
  model.event({ kind: "failed", revision: 1, answers, message: "A number is needed here." });
  expect(input.value).toBe("many");
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(one(".cn-clause .cn-problem").textContent).toContain("number");
});

test("a rule that cannot be replayed says why, and what is shown is marked as earlier", () => {
  headline(1, "About 240 clients.");
  model.event({
    kind: "failed",
    revision: 2,
    answers: "",
    message: "Needs contacts: pass contacts=.",
  });
  expect(one(".cn-alert").textContent).toContain("contacts=");
  expect(one(".cn").dataset.previous).toBe("true");
  headline(3, "About 200 clients.");
  expect(one(".cn").dataset.previous).toBeUndefined();
});

test("a duration is a number and a unit; without one it is the whole episode", () => {
  const within = field({
    name: "within",
    label: "Within",
    control: "duration",
    value: "90d",
    optional: true,
  });
  model.event(documentOf({ clauses: [clause({ id: 9, fields: [within] })] }));
  const unit = one<HTMLSelectElement>(".cn-clause .cn-select");
  unit.value = "w";
  unit.dispatchEvent(new Event("change"));
  expect(model.last()).toMatchObject({ field: "within", value: "90w" });
  unit.value = "";
  unit.dispatchEvent(new Event("change"));
  expect(model.last()).toMatchObject({ field: "within", value: "" });
});

test.each([
  ["ArrowUp", "up"],
  ["ArrowDown", "down"],
  ["ArrowRight", "in"],
  ["ArrowLeft", "out"],
])("Alt+%s moves a clause %s", (key, way) => {
  const box = boxes()[1];
  if (box) press(box, key, { altKey: true });
  expect(model.last()).toMatchObject({ kind: "move", clause: 2, way });
});

test("focus stays on a clause that moves, and goes to the next when one is removed", () => {
  boxes()[0]?.focus();
  model.event(documentOf({ revision: 2, clauses: [clause({ id: 2 }), clause()] }));
  expect(document.activeElement).toBe(boxes()[1]);
  model.event(documentOf({ revision: 3, clauses: [clause({ id: 2 })] }));
  expect(document.activeElement).toBe(boxes()[0]);
});

test("a clause that is removed can be brought back where it was", () => {
  const box = boxes()[0];
  if (box) press(box, "Delete");
  expect(model.last()).toMatchObject({ kind: "remove", clause: 1 });
  const left = [clause({ id: 2 })];
  model.event(documentOf({ revision: 2, answers: model.last()?.id ?? "", clauses: left }));
  expect(one(".cn-toast").hidden).toBe(false);
  one(".cn-toast button").focus();
  one<HTMLButtonElement>(".cn-toast button").click();
  expect(model.last()?.kind).toBe("undo");
  model.event(documentOf({ revision: 3, clauses: [clause(), clause({ id: 2 })] }));
  expect(one(".cn-toast").hidden).toBe(true);
  expect(document.activeElement).toBe(boxes()[0]);
});

test("Ctrl+Z undoes in the widget and goes no further", () => {
  const outside = vi.fn();
  el.addEventListener("keydown", outside);
  const box = boxes()[0];
  if (box) press(box, "z", { ctrlKey: true });
  expect(model.last()?.kind).toBe("undo");
  expect(outside).not.toHaveBeenCalled();
});

test("the slash opens the menu; a clause without data cannot be chosen and says why", () => {
  const box = boxes()[0];
  if (box) press(box, "/");
  expect(one(".cn-choices").hidden).toBe(false);
  const [first, second] = el.querySelectorAll<HTMLButtonElement>(".cn-choice");
  expect(second?.textContent).toContain("contacts=");
  second?.click();
  expect(model.last()?.kind).toBe("ready");
  first?.click();
  expect(model.last()).toMatchObject({ kind: "add", choice: "a", group: 0 });
});

test("what takes long is dimmed, then shows progress and can be cancelled", () => {
  boxes()[0]?.click();
  vi.advanceTimersByTime(160);
  expect(one(".cn").dataset.busy).toBe("true");
  vi.advanceTimersByTime(1000);
  expect(one(".cn-progress").hidden).toBe(false);
  one<HTMLButtonElement>(".cn-progress button").click();
  expect(model.last()?.kind).toBe("cancel");
  model.event({ kind: "settled", revision: 2, cancelled: true });
  expect(one(".cn").dataset.busy).toBeUndefined();
  vi.advanceTimersByTime(600);
  expect(one(".cn-status").textContent).toContain("Cancelled");
});

test("what settled is announced once", () => {
  headline(2, "About 240 clients.");
  model.event({ kind: "settled", revision: 2, cancelled: false });
  vi.advanceTimersByTime(600);
  expect(one(".cn-status").textContent).toBe("About 240 clients.");
});

test("a lost kernel leaves the rule as text to copy, until the kernel speaks again", () => {
  model.says(undefined, "comm_live_update");
  expect(one(".cn-offline").hidden).toBe(false);
  expect(one(".cn-offline").textContent).toContain("Disconnected");
  expect(one(".cn-code").hidden).toBe(false);
  expect(boxes().every((box) => box.disabled)).toBe(true);
  model.event(documentOf({ revision: 2 }));
  expect(one(".cn-offline").hidden).toBe(true);
  expect(boxes().some((box) => box.disabled)).toBe(false);
});

test("two views of one model show the same rule", () => {
  const other = document.body.appendChild(document.createElement("div"));
  const second = new CriteriaBuilder(model, other);
  model.event(documentOf({ revision: 2, name: "changed" }));
  const names = [el, other].map((e) => e.querySelector<HTMLInputElement>(".cn-rule-name")?.value);
  expect(names).toEqual(["changed", "changed"]);
  second.close();
  expect(document.documentElement.getAttribute("data-cn-live")).toBe("abc");
});

test("hidden counts read Hidden, in the chart and in the table", () => {
  const table = {
    caption: "Clients",
    columns: ["Clause", "Clients"],
    rows: [["Missed", "Hidden"]],
    note: "",
  };
  const bars = [{ label: "Missed", count: null, alone: null, said: "Hidden", said_alone: "" }];
  model.event({
    kind: "bars",
    revision: 2,
    tab: "clauses",
    title: "t",
    bars,
    largest: 100,
    note: "",
    table,
  });
  expect(one(".cn-panel").textContent).toContain("Hidden");
  expect(one(".cn-hatched")).toBeTruthy();
  one<HTMLButtonElement>(".cn-toggle").click();
  expect(one(".cn-panel table").textContent).toContain("Hidden");
});

test("closing takes everything away", () => {
  view.close();
  expect(el.children).toHaveLength(0);
  expect(document.documentElement.getAttribute("data-cn-live")).toBe("");
  view = new CriteriaBuilder(model, el);
});
