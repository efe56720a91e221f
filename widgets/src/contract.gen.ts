// Written by `python -m carenotebook.widgets._typescript`; do not edit.

export const LONGEST = 10000;

export interface Choice {
  readonly value: string;
  readonly section: string;
  readonly label: string;
  readonly needs: string;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly control: "number" | "percent" | "duration" | "choice" | "text";
  readonly value: string;
  readonly options: readonly Option[];
  readonly optional: boolean;
}

export interface Clause {
  readonly id: number;
  readonly depth: number;
  readonly on: boolean;
  readonly counted: boolean;
  readonly group: boolean;
  readonly label: string;
  readonly words: string;
  readonly fields: readonly Field[];
}

export interface Bar {
  readonly label: string;
  readonly count: number | null;
  readonly alone: number | null;
  readonly said: string;
  readonly said_alone: string;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
}

export interface Interval {
  readonly label: string;
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly said: string;
}

export interface Part {
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly items: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface CaseRead {
  readonly sentence: string;
  readonly changed: boolean;
  readonly clauses: readonly string[];
}

export interface CaseChoice {
  readonly value: string;
  readonly label: string;
  readonly why: string;
}

export interface Way {
  readonly scene: string;
  readonly choice: string;
  readonly reason: string;
}

export interface Choices {
  readonly question: string;
  readonly hint: string;
  readonly options: readonly Option[];
}

export interface Ready {
  readonly kind: "ready";
  readonly id: string;
}

export interface Cancel {
  readonly kind: "cancel";
  readonly id: string;
}

export interface Toggle {
  readonly kind: "toggle";
  readonly id: string;
  readonly clause: number;
  readonly on: boolean;
}

export interface Change {
  readonly kind: "change";
  readonly id: string;
  readonly clause: number;
  readonly field: string;
  readonly value: string;
}

export interface Move {
  readonly kind: "move";
  readonly id: string;
  readonly clause: number;
  readonly way: "up" | "down" | "in" | "out";
}

export interface Remove {
  readonly kind: "remove";
  readonly id: string;
  readonly clause: number;
}

export interface Add {
  readonly kind: "add";
  readonly id: string;
  readonly choice: string;
  readonly group: number;
}

export interface Start {
  readonly kind: "start";
  readonly id: string;
  readonly preset: string;
}

export interface Rename {
  readonly kind: "rename";
  readonly id: string;
  readonly name: string;
}

export interface Undo {
  readonly kind: "undo";
  readonly id: string;
}

export interface Redo {
  readonly kind: "redo";
  readonly id: string;
}

export interface Look {
  readonly kind: "look";
  readonly id: string;
  readonly tab: "clauses" | "when" | "groups";
  readonly by: string;
}

export interface Choose {
  readonly kind: "choose";
  readonly id: string;
  readonly scene: string;
  readonly choice: string;
  readonly reason: string;
}

export interface Back {
  readonly kind: "back";
  readonly id: string;
  readonly steps: number;
}

export interface Justify {
  readonly kind: "justify";
  readonly id: string;
  readonly step: number;
  readonly reason: string;
}

export interface Bring {
  readonly kind: "bring";
  readonly id: string;
  readonly text: string;
}

export interface Turn {
  readonly kind: "turn";
  readonly id: string;
  readonly page: string;
}

export interface Export {
  readonly kind: "export";
  readonly id: string;
  readonly format: "json" | "csv" | "html";
}

export interface Answer {
  readonly kind: "answer";
  readonly id: string;
  readonly obstacles: readonly string[];
  readonly nothing: boolean;
  readonly progress: number | null;
  readonly go_on: "yes" | "unsure" | "no" | "unsaid";
  readonly words: string;
}

export interface Failed {
  readonly kind: "failed";
  readonly revision: number;
  readonly answers: string;
  readonly message: string;
}

export interface Progress {
  readonly kind: "progress";
  readonly revision: number;
  readonly done: number;
  readonly total: number;
}

export interface Settled {
  readonly kind: "settled";
  readonly revision: number;
  readonly cancelled: boolean;
}

export interface Menu {
  readonly kind: "menu";
  readonly revision: number;
  readonly choices: readonly Choice[];
  readonly presets: readonly Option[];
  readonly groupings: readonly Option[];
  readonly label: string;
}

export interface Document {
  readonly kind: "document";
  readonly revision: number;
  readonly answers: string;
  readonly name: string;
  readonly root: number;
  readonly match: readonly Field[];
  readonly clauses: readonly Clause[];
  readonly words: readonly string[];
  readonly code: string;
  readonly problem: string;
  readonly unfit: string;
  readonly lacking: readonly string[];
  readonly can_undo: boolean;
  readonly can_redo: boolean;
}

export interface Headline {
  readonly kind: "headline";
  readonly revision: number;
  readonly sentence: string;
  readonly undecided: string;
  readonly caution: string;
}

export interface Bars {
  readonly kind: "bars";
  readonly revision: number;
  readonly tab: "clauses" | "when";
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly largest: number;
  readonly note: string;
  readonly table: Table;
}

export interface Intervals {
  readonly kind: "intervals";
  readonly revision: number;
  readonly by: string;
  readonly title: string;
  readonly rows: readonly Interval[];
  readonly reference: number | null;
  readonly note: string;
  readonly table: Table;
}

export interface Notice {
  readonly kind: "notice";
  readonly revision: number;
  readonly tab: "clauses" | "when" | "groups";
  readonly message: string;
}

export interface CaseScene {
  readonly kind: "scene";
  readonly revision: number;
  readonly answers: string;
  readonly case: string;
  readonly about: string;
  readonly scene: string;
  readonly title: string;
  readonly when: string;
  readonly paragraphs: readonly string[];
  readonly meant: readonly Part[];
  readonly rules: readonly CaseRead[];
  readonly record: Part;
  readonly ask: string;
  readonly choices: readonly CaseChoice[];
  readonly closed: readonly CaseChoice[];
  readonly ending: string;
  readonly reason: string;
  readonly way: readonly Way[];
  readonly pages: readonly Option[];
}

export interface CasePage {
  readonly kind: "page";
  readonly revision: number;
  readonly page: string;
  readonly lead: string;
  readonly parts: readonly Part[];
}

export interface CaseFile {
  readonly kind: "file";
  readonly revision: number;
  readonly answers: string;
  readonly name: string;
  readonly media: string;
  readonly text: string;
}

export interface Survey {
  readonly kind: "survey";
  readonly revision: number;
  readonly answers: string;
  readonly state: "open" | "saved" | "tried";
  readonly title: string;
  readonly lead: string;
  readonly danger: string;
  readonly in_danger: string;
  readonly about: readonly string[];
  readonly obstacles: Choices;
  readonly progress: Choices;
  readonly go_on: Choices;
  readonly words: string;
  readonly words_kept: string;
  readonly longest: number;
}

export type Command = Ready | Cancel | Toggle | Change | Move | Remove | Add | Start | Rename | Undo | Redo | Look | Choose | Back | Justify | Bring | Turn | Export | Answer;

export type Event = Failed | Progress | Settled | Menu | Document | Headline | Bars | Intervals | Notice | CaseScene | CasePage | CaseFile | Survey;

export const EVENT_KINDS: readonly Event["kind"][] = ["failed", "progress", "settled", "menu", "document", "headline", "bars", "intervals", "notice", "scene", "page", "file", "survey"];
