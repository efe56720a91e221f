import { text, texts } from "./answers.js";

/** The elements that say what a rule is. */
export function ruleInWords(answer: unknown): HTMLElement[] {
  const safeguards = texts(answer, "safeguards");
  const source = text(answer, "source");
  const shown = [
    element("h1", text(answer, "name")),
    element("p", text(answer, "lead")),
    list("ol", texts(answer, "clauses")),
    element("p", text(answer, "note")),
  ];
  if (safeguards.length > 0) shown.push(element("h2", "Safeguards"), list("ul", safeguards));
  if (source) shown.push(element("h2", "Source"), element("p", source));
  const hash = element("p", "Hash of its meaning (SHA-256): ");
  hash.className = "cn-note";
  hash.append(element("code", text(answer, "hash")));
  return [...shown, hash];
}

/** The elements that say why a file is no rule. */
export function refusal(reason: unknown): HTMLElement[] {
  const said = element("p", reason instanceof Error ? reason.message : String(reason));
  said.setAttribute("role", "alert");
  return [element("h1", "This is not a rule that can be read"), said];
}

function element(name: string, content: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = content;
  return made;
}

function list(name: "ol" | "ul", items: string[]): HTMLElement {
  const made = document.createElement(name);
  made.append(...items.map((item) => element("li", item)));
  return made;
}
