import { type Command, type Event as KernelEvent, EVENT_KINDS } from "./contract.gen.js";
import { h, Pause, uniqueId } from "./dom.js";

/** What a widget needs of its model; a fake one serves the tests. */
export interface Model {
  on(name: "msg:custom" | "comm_live_update", callback: (message: unknown) => void): void;
  off(name: "msg:custom" | "comm_live_update", callback: (message: unknown) => void): void;
  send(message: unknown): void;
  get(name: string): unknown;
}

type WithoutId<C> = C extends Command ? Omit<C, "id"> : never;
export type Asked = WithoutId<Command>;

const DIM_AFTER = 150;
const PROGRESS_AFTER = 1000;
const ANNOUNCE_AFTER = 500;

/**
 * Base of every widget's view: sends typed commands with ids, drops what is stale or malformed,
 * shows progress, errors and a lost kernel, and keeps keys to itself.
 */
export abstract class View {
  protected readonly root: HTMLElement;
  protected readonly content: HTMLElement;
  private readonly view = uniqueId("view");
  private readonly alert = h("div", { role: "alert", class: "cn-alert", hidden: true });
  private readonly status = h("div", { role: "status", class: "cn-status" });
  private readonly progress: HTMLElement;
  private readonly dim = new Pause(DIM_AFTER);
  private readonly slow = new Pause(PROGRESS_AFTER);
  private readonly settled = new Pause(ANNOUNCE_AFTER);
  private readonly unmark: () => void;
  private revision = -1;
  private sent = 0;
  private lost = false;

  constructor(
    private readonly model: Model,
    el: HTMLElement,
    name: string,
  ) {
    const cancel = h(
      "button",
      { type: "button", onclick: () => this.send({ kind: "cancel" }) },
      "Cancel",
    );
    this.progress = h(
      "div",
      { class: "cn-progress", hidden: true },
      h("progress", { "aria-label": "Progress" }),
      cancel,
    );
    this.content = h("div", { class: "cn-content" });
    this.root = h(
      "section",
      { class: `cn cn-${name}`, "data-lm-suppress-shortcuts": "true" },
      this.alert,
      this.content,
      this.progress,
      this.status,
    );
    this.root.addEventListener("keydown", (event) => {
      this.keydown(event);
    });
    this.unmark = markLive(model);
    model.on("msg:custom", this.receive);
    model.on("comm_live_update", this.connection);
    el.append(this.root);
  }

  /** Ask for everything; called once the view is made. */
  open(): void {
    this.send({ kind: "ready" });
  }

  close(): void {
    this.model.off("msg:custom", this.receive);
    this.model.off("comm_live_update", this.connection);
    for (const pause of [this.dim, this.slow, this.settled]) pause.stop();
    this.unmark();
    this.root.remove();
  }

  /** Show an event that is not stale. */
  protected abstract show(event: KernelEvent): void;
  /** A command was refused; true if the view said so where the command came from. */
  protected abstract refused(id: string, message: string): boolean;
  /** What a screen reader hears once everything is there. */
  protected abstract announcement(): string;
  /** The kernel is gone; the view shows how to go on. */
  protected abstract disconnected(lost: boolean): void;
  /** Keys of the widget; true if the key was one. */
  protected abstract key(event: KeyboardEvent): boolean;

  /** Send a command and return its id. */
  protected send(asked: Asked): string {
    this.sent += 1;
    const id = `${this.view}-${this.sent}`;
    this.model.send({ ...asked, id });
    if (asked.kind !== "cancel") {
      this.dim.then(() => {
        this.root.dataset.busy = "true";
      });
      this.slow.then(() => {
        this.progress.hidden = false;
      });
    }
    return id;
  }

  protected complain(message: string): void {
    const close = h(
      "button",
      {
        type: "button",
        onclick: () => {
          this.hide(this.alert);
        },
      },
      "Dismiss",
    );
    this.alert.replaceChildren(h("span", {}, message), close);
    this.alert.hidden = false;
  }

  /** Hide something; the focus, if it is in there, moves on and is never lost. */
  protected hide(node: HTMLElement, move = this.focusFirst): void {
    const focused = node.contains(document.activeElement);
    node.hidden = true;
    if (focused) move();
  }

  private readonly focusFirst = (): void => {
    const controls = this.content.querySelectorAll<HTMLElement>("button:enabled, input:enabled");
    [...controls].find((control) => !control.closest("[hidden]"))?.focus();
  };

  /** Mark what is shown as that of an earlier rule, in words. */
  protected previous(shown: boolean): void {
    if (shown) this.root.dataset.previous = "true";
    else delete this.root.dataset.previous;
  }

  private readonly receive = (message: unknown): void => {
    if (!isEvent(message) || message.revision < this.revision) return;
    this.revision = message.revision;
    this.connect(true);
    try {
      this.take(message);
    } catch {
      this.complain("What the kernel sent could not be shown. Run the cell again.");
    }
  };

  private take(event: KernelEvent): void {
    if (event.kind === "progress") {
      const bar = this.progress.querySelector("progress");
      bar?.setAttribute("max", String(event.total));
      bar?.setAttribute("value", String(event.done));
    } else if (event.kind === "settled") {
      this.calm();
      const said = event.cancelled ? "Cancelled. What is shown is from before." : "";
      this.settled.then(() => {
        this.status.textContent = said || this.announcement();
      });
    } else if (event.kind === "failed") {
      this.calm();
      if (this.refused(event.answers, event.message)) return;
      this.complain(event.message);
      this.previous(true);
    } else {
      if (event.kind === "document" || event.kind === "scene") this.hide(this.alert);
      this.show(event);
    }
  }

  private calm(): void {
    this.dim.stop();
    this.slow.stop();
    delete this.root.dataset.busy;
    this.hide(this.progress);
  }

  /** A model says this when its kernel restarts; it stays lost until the kernel speaks again. */
  private readonly connection = (): void => {
    this.connect(false);
  };

  private connect(live: boolean): void {
    if (live !== this.lost) return;
    this.lost = !live;
    this.calm();
    this.disconnected(this.lost);
  }

  /**
   * Keys stay in the widget, but for JupyterLab's own with Ctrl or Cmd, such as saving. Otherwise
   * an arrow in a list would move to another cell, and two letters would delete this one.
   */
  private keydown(event: KeyboardEvent): void {
    if (this.key(event)) event.preventDefault();
    else if ((event.ctrlKey || event.metaKey) && !isEditing(event)) {
      const copy = new KeyboardEvent(event.type, event);
      if (this.root.parentElement?.dispatchEvent(copy) === false) event.preventDefault();
    }
    event.stopPropagation();
  }
}

/** Keys that belong to a text field. */
function isEditing(event: KeyboardEvent): boolean {
  const text =
    event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  return text && "acvxz".includes(event.key.toLowerCase());
}

function isEvent(message: unknown): message is KernelEvent {
  if (typeof message !== "object" || message === null) return false;
  const { kind, revision } = message as Record<string, unknown>;
  return (EVENT_KINDS as readonly unknown[]).includes(kind) && typeof revision === "number";
}

const LIVE = "data-cn-live";

/**
 * The static fallback below the cell is for a notebook without its kernel. Its own style shows it
 * in place of the view unless its mark stands on the page, once for every view that lives.
 */
function markLive(model: Model): () => void {
  const mark = model.get("_mark");
  const page = document.documentElement;
  const marks = (): string[] => (page.getAttribute(LIVE) ?? "").split(" ").filter(Boolean);
  if (typeof mark !== "string") return () => undefined;
  page.setAttribute(LIVE, [...marks(), mark].join(" "));
  return () => {
    const left = marks();
    left.splice(left.indexOf(mark), 1);
    page.setAttribute(LIVE, left.join(" "));
  };
}
