// What it costs to tell the kernel: a full sync against one change, counted and timed, for every mode and size.
import { METRICS, type MetricName } from "../../measure/metrics.js";
import { badge, metricHead, metricMarkup } from "../badge.js";
import { bestCases } from "../best.js";
import { type DumbbellRow, dumbbellHeight, dumbbellSvg } from "../charts/dumbbell.js";
import { figureMarkup } from "../figure.js";
import { type Grid, largestSizeWith, metricNamesIn, metricOf, metricValue } from "../grid.js";
import { joinMarkup, type Markup, markup } from "../markup.js";
import { countText, quantityText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { type TableRow, tableMarkup } from "../table.js";
import { KERNEL_SECTION_ID } from "./kernel.js";
import { loadTimeTable } from "./kernel/programming.js";

const COLUMNS: readonly MetricName[] = [
  "sync.full.rules",
  "sync.partial.rules",
  "sync.full.bytes",
  "sync.partial.bytes",
  "sync.full.compile_ns",
  "sync.partial.compile_ns",
];
/** [one change, full sync] pairs that are drawn. */
const PAIRS: readonly (readonly [MetricName, MetricName, string])[] = [
  ["sync.partial.rules", "sync.full.rules", "Rules and elements written"],
  ["sync.partial.compile_ns", "sync.full.compile_ns", "Time to compile"],
];

export function syncSection(view: ReportView): Section | null {
  const parts = view.grids.map((grid) => gridSync(view, grid)).filter((part) => part !== null);
  if (parts.length === 0) return null;
  const loads = kernelLoads(view);
  const body = markup`<h2>What a sync costs</h2>
<p class="note">Full: everything is written again. One change: one Service's endpoints changed, and the mode writes what it must. Compile time is ours, from objects to text; the kernel's time to take it is not in it${loads === null ? "" : "; that stands below"}.</p>
${joinMarkup(parts)}${loads}`;
  return { id: "sync", label: "Sync", body };
}

/** Load times as a verification measured them, on its own clusters; null when it did not. */
function kernelLoads({ record: { kernelVerification } }: ReportView): Markup | null {
  if (kernelVerification === undefined || kernelVerification.programming.length === 0) return null;
  const { programming, host } = kernelVerification;
  return markup`<h3>Loading rules into Linux ${host.kernel}</h3>${loadTimeTable(programming)}
<p class="note">Of the clusters that the <a href="#${KERNEL_SECTION_ID}">kernel verification</a> loads, not of this run's.</p>`;
}

function gridSync(view: ReportView, grid: Grid): Markup | null {
  const columns = COLUMNS.filter((name) => metricNamesIn(grid.cases).includes(name));
  if (columns.length === 0) return null;
  const figures = PAIRS.map(([small, large, title]) => pairFigure(view, grid, small, large, title)).filter(
    (one) => one !== null,
  );
  const heading = grid.title === "" ? null : markup`<h3>${grid.title}</h3>`;
  const rows = grid.sizes.flatMap((size) => sizeRows(view, grid, size, columns));
  const table = tableMarkup({
    caption: "Sync cost by size and mode",
    hideCaption: true,
    className: "grouped",
    head: [grid.sizeNoun === "" ? "Mode" : `${grid.sizeNoun}, mode`, ...columns.map(metricHead)],
    rows,
  });
  return markup`${heading}<div class="figures">${figures}</div>${table}`;
}

function sizeRows(
  view: ReportView,
  grid: Grid,
  size: number,
  columns: readonly MetricName[],
): readonly TableRow[] {
  const cases = grid.modes.flatMap((mode) => grid.at(mode, size) ?? []);
  const best = new Map(columns.map((name) => [name, bestCases(cases, name)]));
  return grid.modes.flatMap((mode, index): TableRow[] => {
    const one = grid.at(mode, size);
    if (one === undefined) return [];
    const repeated = index > 0 ? " repeated" : "";
    const label =
      grid.sizeNoun === "" ? null : markup`<span class="size${repeated}">${countText(size)}</span> `;
    const cells = columns.map((name) => {
      const metric = metricOf(one, name);
      if (!metric) return { content: one.status === "ok" ? "–" : one.status, className: "missing" };
      const isBest = best.get(name)?.has(one) === true;
      return {
        content: metricMarkup(metric, { best: isBest }),
        className: isBest ? "best" : "",
      };
    });
    return [{ head: markup`${label}${modeMarkup(view, mode)}`, cells }];
  });
}

function pairFigure(
  view: ReportView,
  grid: Grid,
  small: MetricName,
  large: MetricName,
  title: string,
): Markup | null {
  const size = largestSizeWith(grid, large);
  if (size === null) return null;
  const rows = grid.modes.flatMap((mode): DumbbellRow[] => {
    const [low, high] = [metricValue(grid.at(mode, size), small), metricValue(grid.at(mode, size), large)];
    const style = view.styles.get(mode);
    return low && high && style ? [{ name: mode, style, small: low, large: high }] : [];
  });
  if (rows.length === 0) return null;
  const absent = grid.modes.filter((mode) =>
    [small, large].some((name) => metricValue(grid.at(mode, size), name) === 0),
  );
  const { unit, provenance } = METRICS[large];
  const where = grid.sizeNoun === "" ? "" : ` at ${countText(size)} ${grid.sizeNoun}`;
  const words = rows.map(
    (row) => `${row.name} ${quantityText(row.small, unit, 3)} against ${quantityText(row.large, unit, 3)}`,
  );
  const chart = {
    title: `${title}${where}`,
    description: `One change against a full sync: ${words.join("; ")}.`,
    rows,
    unit,
  };
  const xName = `${unit === "ns" ? "time" : "rules and elements"} (${provenance})`;
  return figureMarkup({
    id: `sync-${large.replace(/[._]/g, "-")}${grid.title === "" ? "" : `-${view.grids.indexOf(grid)}`}`,
    title: `${title}${where}`,
    provenances: [provenance],
    caption: `Hollow: one change. Filled: full sync. Logarithmic.${absent.length === 0 ? "" : ` Zero, so not drawn: ${absent.join(", ")}.`}`,
    height: dumbbellHeight(rows.length),
    draw: (drawing) => dumbbellSvg({ ...chart, xName }, drawing),
    table: pairTable(view, grid, size, small, large),
  });
}

function pairTable(view: ReportView, grid: Grid, size: number, small: MetricName, large: MetricName): Markup {
  const rows = grid.modes.flatMap((mode): TableRow[] => {
    const [low, high] = [metricOf(grid.at(mode, size), small), metricOf(grid.at(mode, size), large)];
    if (!low || !high) return [];
    return [
      {
        head: modeMarkup(view, mode),
        cells: [{ content: metricMarkup(low) }, { content: metricMarkup(high) }],
      },
    ];
  });
  const { title, provenance } = METRICS[large];
  const head = ["Mode", markup`One change ${badge(provenance)}`, markup`Full sync ${badge(provenance)}`];
  return tableMarkup({ caption: title, hideCaption: true, head, rows });
}
