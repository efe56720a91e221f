import type { Bar, Bars, Interval, Intervals, Table } from "./contract.gen.js";
import { h } from "./dom.js";

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** A table of text. */
export function table(shown: Table): HTMLElement {
  const head = h("tr", {}, ...shown.columns.map((c) => h("th", { scope: "col" }, c)));
  const rows = shown.rows.map(([first = "", ...rest]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", dir: "auto" }, first),
      ...rest.map((cell) => h("td", {}, cell)),
    ),
  );
  return h(
    "div",
    { class: "cn-table", role: "region", tabindex: 0, "aria-label": shown.caption },
    h("table", {}, h("caption", {}, shown.caption), h("thead", {}, head), h("tbody", {}, ...rows)),
    h("p", { class: "cn-note" }, shown.note),
  );
}

/** Horizontal bars that read as a list: label, bar, count. */
export function rows(shown: Bars): HTMLElement {
  const list = h("ul", { class: "cn-bars", "aria-label": shown.title });
  list.append(...shown.bars.map((bar) => row(bar, shown.largest)));
  return h("div", {}, list, h("p", { class: "cn-note" }, shown.note));
}

function row(bar: Bar, largest: number): HTMLElement {
  const track = h("span", { class: "cn-track", "aria-hidden": "true" });
  track.append(
    bar.count === null
      ? h("span", { class: "cn-hatched" })
      : h("span", { class: "cn-bar", style: `width:${percent(bar.count / largest)}` }),
  );
  if (bar.alone !== null)
    track.append(h("span", { class: "cn-tick", style: `left:${percent(bar.alone / largest)}` }));
  const alone = bar.said_alone
    ? h("span", { class: "cn-sr" }, `, by itself ${bar.said_alone}`)
    : null;
  return h("li", {}, named(bar.label), track, h("span", { class: "cn-figure" }, bar.said, alone));
}

/** A label of any length and direction: what does not fit is in its title and in the table. */
function named(label: string): HTMLElement {
  return h("span", { class: "cn-bar-label", dir: "auto", title: label }, label);
}

/** Columns over time, with every column's count in its name. */
export function columns(shown: Bars): HTMLElement {
  if (shown.bars.length === 0) return h("p", {}, "None was put up for review.");
  const plot = h("div", { class: "cn-columns", role: "img", "aria-label": described(shown) });
  for (const bar of shown.bars) {
    const height = bar.count === null ? "18px" : percent(bar.count / shown.largest);
    const kind = bar.count === null ? "cn-hatched" : "cn-bar";
    plot.append(
      h(
        "span",
        { class: "cn-column", title: `${bar.label}: ${bar.said}` },
        h("span", { class: kind, style: `height:${height}` }),
      ),
    );
  }
  const first = shown.bars[0]?.label ?? "";
  const last = shown.bars.at(-1)?.label ?? "";
  const axis = h(
    "p",
    { class: "cn-axis" },
    h("span", {}, first),
    h("span", {}, `most: ${shown.largest.toLocaleString("en")}`),
    h("span", {}, last),
  );
  return h("div", {}, h("p", { class: "cn-title" }, shown.title), plot, axis);
}

function described(shown: Bars): string {
  const hidden = shown.bars.filter((bar) => bar.count === null).length;
  const most = shown.bars.find((bar) => bar.count === shown.largest);
  const peak = most ? `Most in ${most.label}: ${most.said}. ` : "";
  return `${shown.title}. ${peak}${hidden} of ${shown.bars.length} months hidden. The table has each.`;
}

/** A dot and an interval a group, with a line of reference. */
export function intervals(shown: Intervals): HTMLElement {
  const highest = Math.max(shown.reference ?? 0, ...shown.rows.map((r) => r.high ?? 0)) || 1;
  const list = h("ul", { class: "cn-bars cn-intervals", "aria-label": shown.title });
  list.append(...shown.rows.map((r) => dot(r, shown.reference, highest)));
  return h(
    "div",
    {},
    h("p", { class: "cn-title" }, shown.title),
    list,
    h("p", { class: "cn-note" }, shown.note),
  );
}

function dot(shown: Interval, reference: number | null, highest: number): HTMLElement {
  const track = h("span", { class: "cn-track", "aria-hidden": "true" });
  const at = (share: number): string => percent(share / highest);
  if (reference !== null)
    track.append(h("span", { class: "cn-reference", style: `left:${at(reference)}` }));
  if (shown.estimate === null || shown.low === null || shown.high === null) {
    track.append(h("span", { class: "cn-hatched" }));
  } else {
    const width = at(shown.high - shown.low);
    track.append(
      h("span", { class: "cn-whisker", style: `left:${at(shown.low)};width:${width}` }),
      h("span", { class: "cn-dot", style: `left:${at(shown.estimate)}` }),
    );
  }
  return h("li", {}, named(shown.label), track, h("span", { class: "cn-figure" }, shown.said));
}
