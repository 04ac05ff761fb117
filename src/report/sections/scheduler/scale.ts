// What more nodes cost: Pods per second and the time of one Pod's cycle against nodes, for workloads that ran at several
// numbers of nodes and are alike in everything else.
import { METRICS, type MetricName } from "../../../measure/metrics.js";
import type { CaseRecord } from "../../../measure/run-record.js";
import { badge, metricHead, metricMarkup, numberMarkup } from "../../badge.js";
import {
  type Curve,
  type CurveChart,
  curveDomain,
  curveSvg,
  type ReferencePoint,
} from "../../charts/curves.js";
import { figureMarkup } from "../../figure.js";
import { metricOf } from "../../grid.js";
import { type Fillable, type Markup, markup } from "../../markup.js";
import { type SeriesStyle, partStyles } from "../../palette.js";
import { countText, timesText } from "../../quantity.js";
import { type TableCell, tableMarkup } from "../../table.js";
import { rateFloor } from "./rate-floor.js";
import { type ScheduledCase, testCaseOf } from "./scheduled-cases.js";

/** Name of our own curve: the title names the workload. */
const OURS = "ours";
const RATE: MetricName = "sched.pods_per_second";
const COST: MetricName = "sched.cycle_ns";
const COLUMNS: readonly MetricName[] = [
  RATE,
  COST,
  "sched.nodes_evaluated_per_pod",
  "sched.nodes_scored_per_pod",
];

/** Cases with a rate that differ in the number of nodes only, rising. */
interface Curved {
  readonly workload: string;
  readonly title: string;
  readonly points: readonly Point[];
}

interface Point {
  readonly nodes: number;
  readonly scheduled: ScheduledCase;
}

/** Null when no workload ran at two numbers of nodes. */
export function scaleMarkup(cases: readonly ScheduledCase[]): Markup | null {
  const curves = curvesOf(cases);
  if (curves.length === 0) return null;
  const parts = curves.map((curved, index) => {
    const id = `scheduler-scale-${index + 1}`;
    return markup`<h3>${curved.title}</h3><p>${growthWords(curved)} ${badge("measured-core")} ${badge("counted")}</p>
<div class="figures">${rateFigure(curved, floorsBeside(curved, cases), `${id}-rate`)}${costFigure(curved, `${id}-cost`)}</div>`;
  });
  return markup`<h2>How cost grows with nodes</h2>${parts}`;
}

function curvesOf(cases: readonly ScheduledCase[]): readonly Curved[] {
  const groups = new Map<string, Curved & { points: Point[] }>();
  for (const scheduled of cases) {
    const { workload, variant, nodes } = scheduled.row;
    if (nodes === null || metricOf(scheduled.one, RATE) === undefined) continue;
    const title = [workload, variant].filter(Boolean).join(", ");
    const group = groups.get(title) ?? { workload, title, points: [] };
    group.points.push({ nodes, scheduled });
    groups.set(title, group);
  }
  return [...groups.values()]
    .filter(({ points }) => new Set(points.map(({ nodes }) => nodes)).size > 1)
    .map((group) => ({ ...group, points: group.points.sort((a, b) => a.nodes - b.nodes) }));
}

/** Floors of cases of the same test case: of other sizes too, each at its own number of nodes. */
function floorsBeside(curved: Curved, cases: readonly ScheduledCase[]): readonly ReferencePoint[] {
  const own = testCaseOf(curved);
  const style = styleOf("floor");
  return cases.flatMap(({ row }): readonly ReferencePoint[] => {
    const floor = rateFloor(row.floor);
    if (floor === null || row.nodes === null || testCaseOf(row) !== own) return [];
    const place = { size: row.nodes, value: floor.value, p1: null, p50: null, p99: null };
    return [{ name: `floor of ${row.workload}`, style, ...place }];
  });
}

function styleOf(name: typeof OURS | "floor"): SeriesStyle {
  return partStyles([OURS, "floor"]).get(name) as SeriesStyle;
}

function rateFigure(curved: Curved, floors: readonly ReferencePoint[], id: string): Markup {
  const beside =
    floors.length === 0
      ? null
      : markup` Hollow, ${badge("imported")}: ${floorWords(floors)}, on another machine with an API server and etcd.`;
  const caption = markup`Both axes are logarithmic. ${processWords(curved, RATE)}${beside}`;
  return curveFigure(curved, { id, floors, caption, metric: RATE, title: "Pods per second" });
}

function costFigure(curved: Curved, id: string): Markup | null {
  if (curved.points.every(({ scheduled }) => metricOf(scheduled.one, COST) === undefined)) return null;
  const caption = `The cycle that places a Pod. Line: median over processes. Band: p1 to p99 of Pods; short tick: p50. ${processWords(curved, COST)}`;
  return curveFigure(curved, { id, caption, floors: [], metric: COST, title: "Cost per Pod" });
}

interface CurveParts {
  readonly id: string;
  readonly title: string;
  readonly metric: MetricName;
  readonly floors: readonly ReferencePoint[];
  readonly caption: Fillable;
}

function curveFigure(curved: Curved, { id, title, metric, floors, caption }: CurveParts): Markup {
  const curves = [curveOf(curved, metric)];
  const { unit } = METRICS[metric];
  const chart: CurveChart = {
    title: `${title} against nodes, ${curved.title}`,
    description: growthWords(curved),
    ...{ curves, references: floors, crossings: [], unit, sizeNoun: "nodes" },
    yName: `${unit === "ns" ? "time per Pod" : "Pods per second"} (measured-core)`,
    yDomain: curveDomain(curves, floors),
  };
  return figureMarkup({
    ...{ id, title, caption },
    provenances: floors.length > 0 ? ["measured-core", "imported"] : ["measured-core"],
    draw: (size) => curveSvg(chart, size),
    table: valueTable(curved),
  });
}

function curveOf({ points }: Curved, name: MetricName): Curve {
  return {
    ...{ name: OURS, style: styleOf(OURS) },
    points: points.flatMap(({ nodes, scheduled }) => {
      const metric = metricOf(scheduled.one, name);
      if (metric === undefined) return [];
      const percentiles = metric.distribution?.percentiles;
      const { p1 = null, p50 = null, p99 = null } = percentiles ?? {};
      return [{ size: nodes, value: metric.summary.median, p1, p50, p99 }];
    }),
  };
}

/** "From 100 to 15,000 nodes, 150 times as many, a Pod costs 1.8 times as much: …" */
function growthWords({ points }: Curved): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  const ratio = (name: MetricName) => ratioOf(first.scheduled.one, last.scheduled.one, name);
  const span = `From ${countText(first.nodes)} to ${countText(last.nodes)} nodes, ${timesText(last.nodes / first.nodes)} as many`;
  const parts = [
    costWords(ratio(COST), "a Pod's cycle takes", "as long"),
    costWords(ratio("sched.nodes_evaluated_per_pod"), "it filters", "as many nodes"),
    costWords(ratio(RATE), "Pods per second are", "as many"),
  ].filter((part) => part !== null);
  return parts.length === 0 ? `${span}.` : `${span}: ${parts.join("; ")}.`;
}

function costWords(ratio: number | null, lead: string, end: string): string | null {
  return ratio === null ? null : `${lead} ${timesText(ratio)} ${end}`;
}

function ratioOf(before: CaseRecord, after: CaseRecord, name: MetricName): number | null {
  const [from, to] = [metricOf(before, name)?.summary.median, metricOf(after, name)?.summary.median];
  return from === undefined || to === undefined || !(from > 0) ? null : to / from;
}

function processWords({ points }: Curved, name: MetricName): string {
  const metrics = points.flatMap(({ scheduled }) => metricOf(scheduled.one, name) ?? []);
  const count = Math.min(...metrics.map(({ summary }) => summary.n));
  const hasIntervals = metrics.every(({ summary }) => summary.ci95 !== null);
  const intervals = hasIntervals ? "95% intervals in the table" : "too few for an interval";
  return `n = ${count} processes a point, ${intervals}.`;
}

function floorWords(floors: readonly ReferencePoint[]): string {
  return floors
    .map(({ name, size, value }) => `${name}, ${countText(value)} at ${countText(size)} nodes`)
    .join("; ");
}

function valueTable({ title, points }: Curved): Markup {
  const columns = COLUMNS.filter((name) => points.some(({ scheduled }) => metricOf(scheduled.one, name)));
  return tableMarkup({
    ...{ caption: `${title} by nodes`, hideCaption: true },
    head: [
      "Nodes",
      ...columns.map(metricHead),
      markup`${METRICS[COST].title}, p99 ${badge("measured-core")}`,
    ],
    rows: points.map(({ nodes, scheduled: { one } }) => ({
      head: countText(nodes),
      cells: [
        ...columns.map((name): TableCell => {
          const metric = metricOf(one, name);
          return { content: metric ? metricMarkup(metric) : "–" };
        }),
        p99Cell(one),
      ],
    })),
  });
}

function p99Cell(one: CaseRecord): TableCell {
  const p99 = metricOf(one, COST)?.distribution?.percentiles.p99 ?? null;
  return { content: p99 === null ? "too few" : numberMarkup(p99, "ns", 3, "measured-core") };
}
