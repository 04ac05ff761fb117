// What the modes hold and keep: rules and elements, connections, affinity, and how evenly endpoints are chosen.
import type { MetricName } from "../../measure/metrics.js";
import type { CaseRecord } from "../../measure/run-record.js";
import { metricHead, metricMarkup } from "../badge.js";
import { largestSizeWith, metricNamesIn, metricOf, metricValue, nounOf, pairsByName } from "../grid.js";
import { type Fillable, type Markup, markup } from "../markup.js";
import { countText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { tableMarkup } from "../table.js";

const GROUPS: readonly { readonly title: string; readonly prefix: string; readonly note: string }[] = [
  {
    title: "Rules held",
    prefix: "state.",
    note: "After a full sync, at the largest size; other sizes are in the scoreboard.",
  },
  { title: "Connections", prefix: "conntrack.", note: "A full table drops the packets of new connections." },
  {
    title: "Session affinity",
    prefix: "affinity.",
    note: "Clients that come back within the timeout should meet the same endpoint: the share that did not should be 0.",
  },
  {
    title: "Even spread",
    prefix: "fairness.",
    note: "Chi-square test of connections per endpoint. A small p-value says that the spread is not even; a large one, that this many connections show no difference.",
  },
];
/** Below this p-value the spread is called uneven. With many cases a few fall below 0.01 by chance. */
const UNEVEN_P = 0.001;

export function stateSection(view: ReportView): Section | null {
  const held = metricNamesIn(view.record.cases);
  const tables = GROUPS.map((group) =>
    groupTable(
      view,
      group,
      held.filter((name) => name.startsWith(group.prefix)),
    ),
  ).filter((table) => table !== null);
  if (tables.length === 0) return null;
  return {
    id: "state",
    label: "State",
    body: markup`<h2>What is held</h2><div class="figures">${tables}</div>`,
  };
}

function groupTable(
  view: ReportView,
  group: (typeof GROUPS)[number],
  names: readonly MetricName[],
): Markup | null {
  const cases = casesWith(view, names, group.prefix === "state.");
  if (cases.length === 0) return null;
  const table = tableMarkup({
    caption: group.title,
    hideCaption: true,
    head: ["Case", ...names.map(metricHead)],
    rows: cases.map((one) => ({
      head: caseMarkup(view, one),
      cells: names.map((name) => {
        const metric = metricOf(one, name);
        return { content: metric ? markup`${metricMarkup(metric)}${inWords(one, name)}` : "–" };
      }),
    })),
  });
  return markup`<div class="figure"><h3>${group.title}</h3><p class="note">${group.note}</p>${table}</div>`;
}

function casesWith(
  view: ReportView,
  names: readonly MetricName[],
  largestOnly: boolean,
): readonly CaseRecord[] {
  if (!largestOnly) return view.record.cases.filter((one) => names.some((name) => metricOf(one, name)));
  return view.grids.flatMap((grid) => {
    const size = names.map((name) => largestSizeWith(grid, name)).find((found) => found !== null) ?? null;
    return size === null ? [] : grid.modes.flatMap((mode) => grid.at(mode, size) ?? []);
  });
}

function countNoun(label: string, value: number): string {
  return value === 1 ? nounOf(label).replace(/s$/, "") : nounOf(label);
}

function inWords(one: CaseRecord, name: MetricName): Fillable {
  if (name !== "fairness.chi_square_p") return null;
  const words = (metricValue(one, name) ?? 1) < UNEVEN_P ? "uneven" : "no unevenness found";
  return markup` <span class="interval">${words}</span>`;
}

/** Mode with its shape, then the other labels. */
export function caseMarkup(view: ReportView, one: CaseRecord): Markup {
  const others = pairsByName(one.labels)
    .filter(([label]) => label !== "mode")
    .map(([label, value]) =>
      typeof value === "number" ? `${countText(value)} ${countNoun(label, value)}` : `${label} ${value}`,
    );
  const mode = one.labels["mode"];
  if (mode === undefined) return markup`${others.length === 0 ? one.id : others.join(", ")}`;
  return markup`${modeMarkup(view, String(mode))} <span class="muted">${others.join(", ")}</span>`;
}
