// What the run means at its largest size: one row per mode, the best marked, then ratios and crossovers in words.
import { METRICS, type MetricName } from "../../measure/metrics.js";
import { MODELLED_ERROR_SHARE } from "../../measure/modelled-error.js";
import { crossoverStatements, ratioStatements } from "../answer.js";
import type { CaseRecord } from "../../measure/run-record.js";
import { badge, metricHead, metricMarkup, prettyUnits } from "../badge.js";
import { bestCases } from "../best.js";
import { type Grid, largestSizeWith, metricNamesIn, metricOf, metricValue } from "../grid.js";
import { type Markup, joinMarkup, markup } from "../markup.js";
import { packetKindOf } from "../packet-kinds.js";
import { countText, percentText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { type TableCell, tableMarkup } from "../table.js";

const COLUMNS: readonly MetricName[] = [
  "first.kernel_ns",
  "first.rules_evaluated",
  "first.lookups",
  "first.core_ns",
  "established.kernel_ns",
  "established.core_ns",
  "mixed.rules_evaluated",
  "mixed.kernel_ns",
  "mixed.core_ns",
];

export function answerSection(view: ReportView): Section | null {
  const parts = view.grids.map((grid) => gridAnswer(view, grid)).filter((part) => part !== null);
  if (parts.length === 0) return null;
  return { id: "answer", label: "Answer", body: joinMarkup(parts) };
}

function gridAnswer(view: ReportView, grid: Grid): Markup | null {
  const columns = COLUMNS.filter((name) => metricNamesIn(grid.cases).includes(name));
  const size = columns.map((name) => largestSizeWith(grid, name)).find((found) => found !== null) ?? null;
  if (size === null) return null;
  const where = grid.sizeNoun === "" ? "Modes side by side" : `At ${countText(size)} ${grid.sizeNoun}`;
  const heading = grid.title === "" ? where : `${where} (${grid.title})`;
  return markup`<h2>${heading}</h2>
${answerTable(view, grid, size, columns)}
<p class="note">First packet: opens a connection. Established: any later packet of it. ${bestNote(columns)}</p>
${statements(grid)}`;
}

function answerTable(view: ReportView, grid: Grid, size: number, columns: readonly MetricName[]): Markup {
  const barColumn = packetKindOf(grid)?.times[0];
  const lengthOf = (one: CaseRecord | undefined) =>
    barColumn === undefined ? 0 : (metricValue(one, barColumn) ?? 0);
  const cases = grid.modes.map((mode) => grid.at(mode, size));
  const present = cases.filter((one) => one !== undefined);
  const best = new Map(columns.map((name) => [name, bestCases(present, name)]));
  const longest = Math.max(0, ...present.map(lengthOf));
  return tableMarkup({
    caption: `What one packet costs under each mode at ${countText(size)} ${grid.sizeNoun}`,
    hideCaption: true,
    className: "answer",
    head: ["Mode", ...columns.map(metricHead)],
    rows: grid.modes.map((mode, index) => {
      const one = cases[index];
      const head = one
        ? markup`<a href="#${view.anchors.get(one)}">${modeMarkup(view, mode)}</a>`
        : modeMarkup(view, mode);
      const cells = columns.map((name): TableCell => {
        const metric = metricOf(one, name);
        if (!metric) return { content: one && one.status !== "ok" ? one.status : "–", className: "missing" };
        const isBest = one !== undefined && best.get(name)?.has(one) === true;
        const content = metricMarkup(metric, { best: isBest });
        const bar =
          name === barColumn && longest > 0
            ? ({
                share: metric.summary.median / longest,
                barToken: view.styles.get(mode)?.token ?? "accent",
              } as const)
            : {};
        return { content, className: isBest ? "best" : "", ...bar };
      });
      return { head, cells };
    }),
  });
}

function bestNote(columns: readonly MetricName[]): string {
  const measured = columns.some((name) => name.endsWith("core_ns"));
  const modelled = columns.some((name) => METRICS[name].provenance === "modelled");
  const shared = [
    ...(measured ? ["where 95% intervals overlap"] : []),
    ...(modelled
      ? [`where modelled times are within ${percentText(MODELLED_ERROR_SHARE)}, the model's error`]
      : []),
  ];
  return `★ best of its column${shared.length === 0 ? "" : `; several are ${shared.join(", and ")}`}.`;
}

function statements(grid: Grid): Markup | null {
  const ratios = ratioStatements(grid).map((text) => markup`<li>${prettyUnits(text)}</li>`);
  const kind = packetKindOf(grid);
  const crossings = kind === null ? [] : crossoverStatements(grid, kind.times[0]);
  const provenance = crossings[0]?.provenance;
  const crossingList =
    provenance === undefined
      ? null
      : markup`<h3>Where curves cross, per ${kind?.subject ?? "packet"} ${badge(provenance)}</h3>
<ul class="statements">${crossings.map((one) => markup`<li>${one.text}</li>`)}</ul>`;
  if (ratios.length === 0 && crossingList === null) return null;
  return markup`<ul class="statements">${ratios}</ul>${crossingList}`;
}
