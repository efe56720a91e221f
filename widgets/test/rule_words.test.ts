import { expect, test } from "vitest";
import { refusal, ruleInWords } from "../src/plugin/rule_words.js";

test("a rule is shown as text, whatever its name holds", () => {
  const rule = {
    name: "<b>x</b>",
    lead: "when",
    clauses: ["a", "b"],
    note: "n",
    source: "",
    safeguards: ["s"],
    hash: "abc",
  };
  const page = document.createElement("div");
  page.append(...ruleInWords(rule));
  expect(page.querySelector("h1")?.textContent).toBe("<b>x</b>");
  expect(page.querySelectorAll("ol li")).toHaveLength(2);
  expect(page.querySelectorAll("ul li")).toHaveLength(1);
  expect(page.querySelector("code")?.textContent).toBe("abc");
});

test("an answer without what it should hold shows nothing wrong", () => {
  expect(
    ruleInWords(null)
      .map((element) => element.textContent)
      .join(""),
  ).not.toContain("undefined");
});

test("a refusal says why", () => {
  const page = document.createElement("div");
  page.append(...refusal(new Error("when: unknown form")));
  expect(page.querySelector("[role=alert]")?.textContent).toBe("when: unknown form");
});
