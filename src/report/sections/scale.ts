// Cost against size: per packet kind a curve per mode, counted, modelled and measured one below the other.
// Charts of one row share their y axis, and all charts of time share one, so that heights may be compared.
import { METRICS, type MetricName } from "../../measure/metrics.js";
import { badge, metricMarkup, numberMarkup, prettyUnits } from "../badge.js";
import { type Curve, type CurveChart, curveDomain, curveSvg, type ReferencePoint } from "../charts/curves.js";
import type { LogDomain } from "../charts/log-axis.js";
import { figureMarkup } from "../figure.js";
import { type Grid, metricOf } from "../grid.js";
import { importedBeside } from "../imported.js";
import { type Fillable, type Markup, markup } from "../markup.js";
import { curveOf, modeCrossovers } from "../mode-crossovers.js";
import { observationsText } from "../observations.js";
import { countText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { type TableRow, tableMarkup } from "../table.js";

/** Rows of charts: a first packet's metric and an established packet's. */
const ROWS: readonly (readonly MetricName[])[] = [
  ["first.kernel_ns", "established.kernel_ns"],
  ["first.rules_evaluated", "established.rules_evaluated"],
  ["first.core_ns", "established.core_ns"],
  ["mixed.kernel_ns", "mixed.core_ns"],
];
/** A reference beyond our own sizes would stretch the axis for points that nothing stands beside. */
const REFERENCE_REACH = 1.05;

export function scaleSection(view: ReportView): Section | null {
  const figures = view.grids.filter((grid) => grid.sizes.length > 1).map((grid) => gridFigures(view, grid));
  if (figures.length === 0) return null;
  const body = markup`<h2>How cost grows</h2>
<p class="note">Both axes are logarithmic. Line: the value of the tables, per packet. Band: p1 to p99; short tick: p50. Charts of time share one scale.</p>
${figures}`;
  return { id: "scale", label: "Scale", body };
}

function gridFigures(view: ReportView, grid: Grid): Markup {
  const charts = ROWS.flatMap((row) => row.filter((name) => hasCurve(grid, name)));
  const timeDomain = domainOf(
    view,
    grid,
    charts.filter((name) => METRICS[name].unit === "ns"),
  );
  const heading = grid.title === "" ? null : markup`<h3>${grid.title}</h3>`;
  const drawn = ROWS.flatMap((row) => {
    const names = row.filter((name) => charts.includes(name));
    const domain = names.some((name) => METRICS[name].unit === "ns")
      ? timeDomain
      : domainOf(view, grid, names);
    return names.map((name) => curveFigure(view, grid, name, domain));
  });
  return markup`${heading}<div class="figures">${drawn}</div>`;
}

function hasCurve(grid: Grid, name: MetricName): boolean {
  return grid.modes.some((mode) => curveOf(grid, mode, name).filter((point) => point.value > 0).length > 1);
}

function domainOf(view: ReportView, grid: Grid, names: readonly MetricName[]): LogDomain {
  const curves = names.flatMap((name) => curvesOf(view, grid, name));
  return curveDomain(
    curves,
    names.flatMap((name) => referencesOf(view, grid, name)),
  );
}

function curveFigure(view: ReportView, grid: Grid, name: MetricName, yDomain: LogDomain): Markup {
  const row = METRICS[name];
  const curves = curvesOf(view, grid, name);
  const references = referencesOf(view, grid, name);
  const crossings = crossingsOf(grid, name);
  const chart: CurveChart = {
    title: `${row.title} against ${grid.sizeNoun}`,
    description: description(curves, grid),
    ...{ curves, references, crossings, yDomain, unit: row.unit, sizeNoun: grid.sizeNoun },
    yName: `${row.unit === "ns" ? "time per packet" : "rules per packet"} (${row.provenance})`,
  };
  return figureMarkup({
    id: `scale-${name.replace(/[._]/g, "-")}${grid.title === "" ? "" : `-${view.grids.indexOf(grid)}`}`,
    title: row.title,
    provenances: references.length > 0 ? [row.provenance, "imported"] : [row.provenance],
    caption: captionOf(grid, name, crossings, references),
    draw: (size) => curveSvg(chart, size),
    table: valueTable(view, grid, name, references),
  });
}

function curvesOf(view: ReportView, grid: Grid, name: MetricName): readonly Curve[] {
  return grid.modes.flatMap((mode): Curve[] => {
    const style = view.styles.get(mode);
    const points = curveOf(grid, mode, name).map(({ size, value }) => {
      const percentiles = metricOf(grid.at(mode, size), name)?.distribution?.percentiles;
      return {
        size,
        value,
        p1: percentiles?.p1 ?? null,
        p50: percentiles?.p50 ?? null,
        p99: percentiles?.p99 ?? null,
      };
    });
    return style && points.length > 0 ? [{ name: mode, style, points }] : [];
  });
}

function referencesOf(view: ReportView, grid: Grid, name: MetricName): readonly ReferencePoint[] {
  if (grid.sizeNoun !== "Services") return [];
  const largest = (grid.sizes[grid.sizes.length - 1] ?? 0) * REFERENCE_REACH;
  const points = importedBeside(name).flatMap((series) => series.points);
  return points.flatMap((point): ReferencePoint[] => {
    const style = view.styles.get(point.mode);
    if (style === undefined || !grid.modes.includes(point.mode) || point.services > largest) return [];
    return [
      {
        name: point.mode,
        style,
        size: point.services,
        value: point.p50,
        p1: point.p1,
        p50: point.p50,
        p99: point.p99,
      },
    ];
  });
}

interface NamedCrossing {
  readonly letter: string;
  readonly size: number;
  readonly value: number;
  readonly words: string;
}

function crossingsOf(grid: Grid, name: MetricName): readonly NamedCrossing[] {
  const found = grid.modes.flatMap((a, index) =>
    grid.modes.slice(index + 1).flatMap((b) => {
      const curve = curveOf(grid, a, name);
      const names = { a, b };
      return modeCrossovers(grid, name, a, b).map((one) => ({
        size: one.size,
        value: valueAt(curve, one.size),
        words: `${names[one.below]} costs less than ${names[one.above]} below about ${countText(Number((one.alike ? one.between[0] : one.size).toPrecision(2)))}`,
      }));
    }),
  );
  return found
    .sort((left, right) => left.size - right.size)
    .map((one, index) => ({ ...one, letter: String.fromCharCode(97 + (index % 26)) }));
}

/** A curve between its points, as the crossing was found: straight on logarithmic axes. */
function valueAt(curve: readonly { size: number; value: number }[], size: number): number {
  const after = curve.find((point) => point.size >= size);
  const before = curve.findLast((point) => point.size <= size);
  if (!after || !before || after === before) return (after ?? before)?.value ?? 1;
  const share = Math.log(size / before.size) / Math.log(after.size / before.size);
  return before.value * (after.value / before.value) ** share;
}

function description(curves: readonly Curve[], grid: Grid): string {
  const parts = curves.flatMap((curve) => {
    const first = curve.points[0];
    const last = curve.points[curve.points.length - 1];
    if (!first || !last) return [];
    const growth = first.value > 0 ? last.value / first.value : 1;
    const words = growth > 1.2 ? `grows ${growth.toPrecision(2)} times` : "stays about flat";
    return [`${curve.name} ${words}`];
  });
  return `From ${countText(grid.sizes[0] ?? 0)} to ${countText(grid.sizes[grid.sizes.length - 1] ?? 0)} ${grid.sizeNoun}: ${parts.join("; ")}.`;
}

function captionOf(
  grid: Grid,
  name: MetricName,
  crossings: readonly NamedCrossing[],
  references: readonly ReferencePoint[],
): Fillable {
  const parts: Fillable[] = [`${capitalised(METRICS[name].meaning)}. ${countsOf(grid, name)}`];
  for (const one of crossings) parts.push(markup` <b>${one.letter}</b> ${one.words}.`);
  const zero = grid.modes.filter((mode) => curveOf(grid, mode, name).some((point) => point.value === 0));
  if (zero.length > 0) parts.push(` Zero, so not on a logarithmic axis: ${zero.join(", ")}.`);
  if (references.length > 0) {
    const sources = importedBeside(name);
    parts.push(
      sources.map(
        (source) =>
          markup` Hollow marks, ${badge("imported")}: ${prettyUnits(source.what)} (${source.source}). Another machine and another kernel.`,
      ),
    );
  }
  return parts;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function countsOf(grid: Grid, name: MetricName): string {
  const metrics = grid.cases.flatMap((one) => metricOf(one, name) ?? []);
  const packets = Math.min(
    ...metrics.map((metric) => metric.distribution?.count ?? Number.POSITIVE_INFINITY),
  );
  const processes = Math.min(...metrics.map((metric) => metric.summary.n));
  const exact = METRICS[name].assume === "exact";
  const samples = exact
    ? "Exact under the seed"
    : `n = ${processes} processes a point, 95% intervals in the table`;
  return Number.isFinite(packets)
    ? `${samples}; spread over ${observationsText(name, packets)}.`
    : `${samples}.`;
}

function valueTable(
  view: ReportView,
  grid: Grid,
  name: MetricName,
  references: readonly ReferencePoint[],
): Markup {
  const { provenance, title } = METRICS[name];
  const rows = grid.modes.map(
    (mode): TableRow => ({
      head: modeMarkup(view, mode),
      cells: grid.sizes.map((size) => {
        const metric = metricOf(grid.at(mode, size), name);
        return { content: metric ? metricMarkup(metric) : "–" };
      }),
    }),
  );
  const imported = [...new Set(references.map((point) => point.name))].map(
    (mode): TableRow => ({
      head: markup`${modeMarkup(view, mode)} ${badge("imported")}`,
      cells: grid.sizes.map((size) => {
        const point = references.find((one) => one.name === mode && one.size === size);
        return { content: point ? numberMarkup(point.value, "ns", 2, "imported") : "–" };
      }),
    }),
  );
  return markup`<p class="table-head">${badge(provenance)} unless marked</p>${tableMarkup({
    caption: `${title} by mode and ${grid.sizeNoun}`,
    hideCaption: true,
    head: ["Mode", ...grid.sizes.map((size) => countText(size))],
    rows: [...rows, ...imported],
  })}`;
}
