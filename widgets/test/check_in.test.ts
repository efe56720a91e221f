import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CheckIn } from "../src/check_in.js";
import type { Survey } from "../src/contract.gen.js";
import { FakeModel } from "./fake.js";

const WORDS = "my mother hears every call";

let model: FakeModel;
let el: HTMLElement;
let view: CheckIn;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  el = document.body.appendChild(document.createElement("div"));
  view = new CheckIn(model, el);
  view.open();
  model.event(survey());
});

afterEach(() => {
  view.close();
  el.remove();
  vi.useRealTimers();
});

function survey(given: Partial<Survey> = {}): Survey {
  const unsaid = { value: "", label: "I would rather not say" };
  return {
    kind: "survey",
    revision: 1,
    answers: "",
    state: "open",
    title: "How is it going?",
    lead: "Skip any of them.",
    danger: "In danger now?",
    in_danger: "Ring <b>112</b> now.",
    about: ["Your therapist sees your answers."],
    obstacles: {
      question: "What got in the way?",
      hint: "Tick all that fit.",
      options: [
        { value: "cost", label: "Money was short" },
        { value: "stuck", label: "I felt stuck" },
        { value: "", label: "Nothing got in the way" },
      ],
    },
    progress: {
      question: "How far?",
      hint: "0: not at all.",
      options: [{ value: "0", label: "0" }, { value: "7", label: "7" }, unsaid],
    },
    go_on: {
      question: "Go on?",
      hint: "",
      options: [
        { value: "no", label: "No, not now" },
        { value: "unsaid", label: "I would rather not say" },
      ],
    },
    words: "Anything else?",
    words_kept: "What you write here is kept.",
    longest: 2000,
    ...given,
  };
}

const choose = (label: string): void => {
  const found = [...el.querySelectorAll("label")].find((l) => l.textContent === label);
  if (!found) throw new Error(`no ${label}`);
  found.click();
};
const press = (label: string): void => {
  const found = [...el.querySelectorAll("button")].find((b) => b.textContent === label);
  if (!found) throw new Error(`no ${label}`);
  found.click();
};
const typed = (): HTMLTextAreaElement => {
  const found = el.querySelector("textarea");
  if (!found) throw new Error("no textarea");
  return found;
};
const heading = (): string => el.querySelector("h3")?.textContent ?? "";
const alerts = (): string[] =>
  [...el.querySelectorAll<HTMLElement>("[role=alert]")]
    .filter((e) => !e.hidden)
    .map((e) => e.textContent);

test("what is not chosen is sent as not said", () => {
  press("Send my answers");
  expect(model.last()).toMatchObject({
    kind: "answer",
    obstacles: [],
    nothing: false,
    progress: null,
    go_on: "unsaid",
    words: "",
  });
});

test("what is chosen is sent, a progress of 0 too", () => {
  choose("I felt stuck");
  choose("Nothing got in the way");
  choose("0");
  choose("No, not now");
  typed().value = WORDS;
  press("Send my answers");
  expect(model.last()).toMatchObject({
    obstacles: ["stuck"],
    nothing: true,
    progress: 0,
    go_on: "no",
    words: WORDS,
  });
});

test("while it is sent it is not sent again", () => {
  press("Send my answers");
  const sent = model.sent.length;
  press("Sending\u2026");
  expect(model.sent.length).toBe(sent);
});

test("once it is saved the page holds no answer, and still says whom to ring", () => {
  choose("I felt stuck");
  typed().value = WORDS;
  press("Send my answers");
  model.event(survey({ revision: 2, state: "saved" }));
  expect(heading()).toBe("Thank you. Your answers are saved.");
  expect(document.activeElement).toBe(el.querySelector("h3"));
  expect(el.querySelectorAll("input:checked").length).toBe(0);
  expect(typed().value).toBe("");
  expect(el.querySelector(".cn-danger")?.textContent).toContain("Ring <b>112</b> now.");
});

test("to leave the whole out tells the kernel nothing, and the questions come back empty", () => {
  choose("Money was short");
  const sent = model.sent.length;
  press("Not now");
  expect(heading()).toBe("That is fine. Nothing was kept.");
  expect(model.sent.length).toBe(sent);
  press("Back to the questions");
  expect(heading()).toBe("How is it going?");
  expect(el.querySelectorAll("input:checked").length).toBe(0);
});

test("what could not be saved stays on the page with the reason, and can be sent again", () => {
  choose("I felt stuck");
  press("Send my answers");
  const id = model.last()?.id ?? "";
  model.event({ kind: "failed", revision: 2, answers: id, message: "Not saved yet." });
  expect(alerts()).toEqual(["Not saved yet."]);
  expect(el.querySelectorAll("input:checked").length).toBe(1);
  press("Send my answers");
  expect(model.last()?.id).not.toBe(id);
});

test("a lost kernel is told: what was not sent, and that what was sent is safe", () => {
  model.says(undefined, "comm_live_update");
  expect(alerts()[0]).toContain("Your answers were not sent");
  expect([...el.querySelectorAll("input")].every((input) => input.disabled)).toBe(true);
  model.event(survey({ revision: 2, state: "saved" }));
  expect(alerts()).toEqual([]);
  model.says(undefined, "comm_live_update");
  expect(alerts()[0]).toContain("What you sent before is not lost");
});

test("two views never share a group of round buttons", () => {
  const other = document.body.appendChild(document.createElement("div"));
  const second = new CheckIn(model, other);
  model.event(survey());
  const names = (of: HTMLElement): string[] => [
    ...new Set([...of.querySelectorAll<HTMLInputElement>("[type=radio]")].map((i) => i.name)),
  ];
  expect(names(el).filter((n) => names(other).includes(n))).toEqual([]);
  second.close();
  other.remove();
});
