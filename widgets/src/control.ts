import type { Field } from "./contract.gen.js";
import { h, Pause } from "./dom.js";

const COMMIT_AFTER = 250;
const UNITS = { m: "minutes", h: "hours", d: "days", w: "weeks" } as const;
const BARE = ["op", "value", "how"];

/** One field of a clause. Text commits after a pause, on Enter, on a step, and when it is left. */
export class Control {
  readonly node: HTMLElement;
  readonly name: string;
  private readonly pause = new Pause(COMMIT_AFTER);
  private readonly text: HTMLInputElement | null = null;
  private readonly select: HTMLSelectElement | null = null;
  private committed: string;

  constructor(
    private field: Field,
    private readonly commit: (value: string) => void,
  ) {
    this.name = field.name;
    this.committed = field.value;
    if (field.control !== "choice") {
      this.text = h("input", { type: "text", class: `cn-input cn-${field.control}` });
      if (field.control !== "text") this.text.inputMode = "decimal";
      this.text.addEventListener("input", () => {
        this.pause.then(() => {
          this.send();
        });
      });
      this.text.addEventListener("change", () => {
        this.send();
      });
      this.text.addEventListener("keydown", (event) => {
        this.key(event);
      });
    }
    if (field.control === "choice" || field.control === "duration") {
      this.select = h("select", { class: "cn-select" });
      for (const [value, label] of choices(field))
        this.select.append(h("option", { value }, label));
      this.select.addEventListener("change", () => {
        this.send();
      });
    }
    const said = BARE.includes(field.name) ? null : h("span", {}, field.label.toLowerCase());
    const unit = field.control === "percent" ? h("span", {}, "%") : null;
    this.node = h("span", { class: "cn-field" }, said, this.text, unit, this.select);
  }

  show(field: Field, clause: string): void {
    this.field = field;
    const [number, unit] = split(field);
    const waiting = this.text === document.activeElement && this.value() !== this.committed;
    if (this.text) {
      this.text.setAttribute("aria-label", `${field.label}, ${clause}`);
      this.text.removeAttribute("aria-invalid");
      this.text.hidden = field.control === "duration" && field.value === "";
      if (!waiting) this.text.value = number;
    }
    if (this.select) {
      const what = field.control === "duration" ? `${field.label}, unit` : field.label;
      this.select.setAttribute("aria-label", `${what}, ${clause}`);
      if (!waiting) this.select.value = unit;
    }
    if (!waiting) this.committed = field.value;
  }

  invalid(problem: string): void {
    const control = this.text ?? this.select;
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", problem);
  }

  focus(): void {
    (this.text?.hidden === false ? this.text : (this.select ?? this.text))?.focus();
  }

  private value(): string {
    const text = this.text?.value.trim() ?? "";
    if (this.field.control === "choice") return this.select?.value ?? "";
    if (this.field.control !== "duration") return text;
    const unit = this.select?.value ?? "";
    return unit === "" ? "" : `${text || "90"}${unit}`;
  }

  private send(): void {
    this.pause.stop();
    const value = this.value();
    if (value === this.committed) return;
    this.committed = value;
    this.commit(value);
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") this.send();
    else if (step && !event.altKey && this.text && this.field.control !== "text") {
      this.text.value = String(Math.max(0, (Number(this.text.value) || 0) + step));
      this.send();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function choices(field: Field): [string, string][] {
  if (field.control === "choice") return field.options.map((o) => [o.value, o.label]);
  const units: [string, string][] = Object.entries(UNITS);
  return field.optional ? [...units, ["", "since the episode began"]] : units;
}

function split(field: Field): [string, string] {
  if (field.control !== "duration") return [field.value, field.value];
  return [field.value.slice(0, -1), field.value.slice(-1)];
}
