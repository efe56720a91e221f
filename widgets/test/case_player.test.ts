import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CasePlayer } from "../src/case_player.js";
import type { CaseScene, Part } from "../src/contract.gen.js";
import { FakeModel } from "./fake.js";

let model: FakeModel;
let el: HTMLElement;
let view: CasePlayer;

const part = (given: Partial<Part> = {}): Part => ({
  heading: "",
  paragraphs: [],
  items: [],
  columns: [],
  rows: [],
  ...given,
});

const sceneOf = (given: Partial<CaseScene> = {}): CaseScene => ({
  kind: "scene",
  revision: 1,
  answers: "",
  case: "A case",
  about: "About it.",
  scene: "start",
  title: "The list",
  when: "Monday",
  paragraphs: ["It begins."],
  meant: [],
  rules: [],
  record: part({ columns: ["When", "What"], rows: [["Monday", "care begins"]] }),
  ask: "What do you do?",
  choices: [
    { value: "ring", label: "Ring.", why: "" },
    { value: "sign", label: "Sign.", why: "" },
  ],
  closed: [],
  ending: "",
  reason: "",
  way: [],
  pages: [],
  ...given,
});
const next = (given: Partial<CaseScene> = {}): CaseScene =>
  sceneOf({
    revision: 2,
    scene: "called",
    title: "The call",
    way: [{ scene: "The list", choice: "Ring.", reason: "Ask first." }],
    ...given,
  });

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  el = document.body.appendChild(document.createElement("div"));
  view = new CasePlayer(model, el);
  view.open();
  model.event(sceneOf());
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
const pick = (value: string): void => {
  one<HTMLInputElement>(`input[value=${value}]`).click();
};
const reason = (): HTMLTextAreaElement => one<HTMLTextAreaElement>(".cn-decision textarea");

test("a scene that opens takes no focus", () => {
  expect(one(".cn-scene-title").textContent).toBe("The list");
  expect(document.activeElement).toBe(document.body);
});

test("choosing asks once, and the answer takes the focus to the new scene's heading", () => {
  pick("ring");
  reason().value = "Ask first.";
  one<HTMLButtonElement>(".cn-go").click();
  one<HTMLButtonElement>(".cn-go").click();
  const asked = model.sent.filter((command) => command.kind === "choose");
  expect(asked).toMatchObject([{ scene: "start", choice: "ring", reason: "Ask first." }]);
  model.event(next({ answers: model.last()?.id ?? "" }));
  expect(document.activeElement).toBe(one(".cn-scene-title"));
  expect(reason().value).toBe("");
});

test("what is not a new scene leaves the choice and the reason as they are", () => {
  pick("sign");
  reason().value = "half a sent";
  model.event(sceneOf({ revision: 2, pages: [{ value: "other", label: "Compare" }] }));
  expect(reason().value).toBe("half a sent");
  expect(one<HTMLInputElement>("input[value=sign]").checked).toBe(true);
});

test("a refused choice says why and can be made again", () => {
  pick("ring");
  one<HTMLButtonElement>(".cn-go").click();
  const answers = model.last()?.id ?? "";
  model.event({ kind: "failed", revision: 1, answers, message: "Not here." });
  expect(one(".cn-problem").textContent).toBe("Not here.");
  one<HTMLButtonElement>(".cn-go").click();
  expect(model.sent.filter((command) => command.kind === "choose")).toHaveLength(2);
});

test("a page is asked for when it is opened, and closed by a new scene", () => {
  model.event(next({ pages: [{ value: "debrief", label: "Debrief" }] }));
  const page = one<HTMLDetailsElement>(".cn-pages details");
  page.open = true;
  page.dispatchEvent(new Event("toggle"));
  expect(model.last()).toMatchObject({ kind: "turn", page: "debrief" });
  model.event({
    kind: "page",
    revision: 2,
    page: "debrief",
    lead: "",
    parts: [part({ heading: "Codes", items: ["<b>one</b>"] })],
  });
  expect(page.querySelector("li")?.textContent).toBe("<b>one</b>");
  model.event(next({ revision: 3, scene: "end", pages: [{ value: "debrief", label: "Debrief" }] }));
  expect(page.open).toBe(false);
});

test("an ending has nothing to choose, and a way back", () => {
  model.event(next({ ending: "Silence", choices: [] }));
  expect(one(".cn-decision").hidden).toBe(true);
  expect(one(".cn-ending").textContent).toContain("Silence");
  one<HTMLButtonElement>(".cn-case-top button").click();
  expect(model.last()).toMatchObject({ kind: "back", steps: 0 });
});

test("keys do not reach JupyterLab, and Ctrl+Enter goes on without running the cell", () => {
  const heard: string[] = [];
  const listen = (event: KeyboardEvent): void => {
    heard.push(event.key);
  };
  document.addEventListener("keydown", listen);
  pick("ring");
  for (const [key, ctrlKey] of [
    ["d", false],
    ["ArrowDown", false],
    ["Enter", true],
  ] as const)
    reason().dispatchEvent(
      new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true }),
    );
  document.removeEventListener("keydown", listen);
  expect(heard).toEqual([]);
  expect(model.last()).toMatchObject({ kind: "choose", choice: "ring" });
});

test("a lost kernel leaves the way as text, to be copied", () => {
  model.event(next());
  model.says({}, "comm_live_update");
  expect(one(".cn-offline").textContent).toContain("Disconnected.");
  expect(one(".cn-ways").textContent).toContain("Ask first.");
  expect(one<HTMLButtonElement>(".cn-offline button").disabled).toBe(false);
  expect(one<HTMLButtonElement>(".cn-go").disabled).toBe(true);
});
