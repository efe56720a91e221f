import type { Model } from "../src/base.js";
import type {
  Clause,
  Command,
  Document,
  Event as KernelEvent,
  Field,
  Menu,
} from "../src/contract.gen.js";

/** A model without a kernel: it keeps what was sent and says what the test tells it to. */
export class FakeModel implements Model {
  readonly sent: Command[] = [];
  private readonly listeners = new Map<string, Set<(message: unknown) => void>>();

  on(name: string, callback: (message: unknown) => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(callback));
  }

  off(name: string, callback: (message: unknown) => void): void {
    this.listeners.get(name)?.delete(callback);
  }

  send(message: unknown): void {
    this.sent.push(message as Command);
  }

  get(name: string): unknown {
    return name === "_mark" ? "abc" : undefined;
  }

  says(message: unknown, name = "msg:custom"): void {
    for (const listener of this.listeners.get(name) ?? []) listener(message);
  }

  event(event: KernelEvent): void {
    this.says(event);
  }

  last(): Command | undefined {
    return this.sent.at(-1);
  }
}

export function field(given: Partial<Field> = {}): Field {
  return {
    name: "value",
    label: "Threshold",
    control: "number",
    value: "3",
    options: [],
    optional: false,
    ...given,
  };
}

export function clause(given: Partial<Clause> = {}): Clause {
  const words = "missed appointments: 3 or more";
  return {
    id: 1,
    depth: 0,
    on: true,
    counted: true,
    group: false,
    label: "Missed appointments",
    words,
    fields: [field()],
    ...given,
  };
}

export function documentOf(given: Partial<Document> = {}): Document {
  const how = field({
    name: "how",
    label: "Match",
    control: "choice",
    value: "all",
    options: [
      { value: "all", label: "all" },
      { value: "any", label: "any" },
    ],
  });
  return {
    kind: "document",
    revision: 1,
    answers: "",
    name: "three misses",
    root: 0,
    match: [how],
    clauses: [clause(), clause({ id: 2, label: "Not heard from" })],
    words: ["three misses: a clinician reviews the client"],
    code: "rule = 1",
    problem: "",
    unfit: "",
    lacking: [],
    can_undo: true,
    can_redo: false,
    ...given,
  };
}

export function menuOf(given: Partial<Menu> = {}): Menu {
  const choices = [
    { value: "a", section: "Attendance", label: "Missed appointments", needs: "" },
    {
      value: "s",
      section: "Silence",
      label: "Not heard from",
      needs: "Needs contacts: pass contacts=.",
    },
  ];
  return {
    kind: "menu",
    revision: 1,
    choices,
    presets: [{ value: "ruh", label: "Ruh" }],
    groupings: [],
    label: "<11",
    ...given,
  };
}
