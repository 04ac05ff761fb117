// How fast and how well Pods are placed: the table that answers first, then growth, configurations, placement, and each
// workload by itself.
import { badge } from "../badge.js";
import { type Markup, markup } from "../markup.js";
import { rateText } from "../scheduling-rows.js";
import type { ReportView, Section } from "../report-view.js";
import { configurationsMarkup } from "./scheduler/configurations.js";
import { floorTable } from "./scheduler/floors.js";
import { latencyFigure, resultTable } from "./scheduler/latency.js";
import { measurementTable } from "./scheduler/measurements.js";
import { placementFigure, placementTable } from "./scheduler/placement.js";
import { pluginTable } from "./scheduler/plugins.js";
import { queueFigure } from "./scheduler/queues.js";
import { scaleMarkup } from "./scheduler/scale.js";
import { type ScheduledCase, scheduledCases } from "./scheduler/scheduled-cases.js";
import { slowestTable } from "./scheduler/slowest.js";
import { throughputFigure } from "./scheduler/throughput.js";
import { upstreamTables } from "./scheduler/upstream-metrics.js";

/** So many workloads are drawn one by one, which takes some 100 kB each; the tables hold all. */
const DRAWN_MAX = 24;
/** With so few, all are unfolded. */
const UNFOLDED_MAX = 2;

/** The numbers that are asked for first; null when no case schedules Pods. */
export function schedulingSection(view: ReportView): Section | null {
  const table = floorTable(view);
  if (table === null) return null;
  return {
    id: "scheduling",
    label: "Pods per second",
    body: markup`<h2>Pods per second, by workload</h2>${table}`,
  };
}

/** Where they come from; null when no case that schedules Pods was finished. */
export function schedulerSection(view: ReportView): Section | null {
  const cases = scheduledCases(view);
  if (cases.length === 0) return null;
  const drawn = cases.slice(0, DRAWN_MAX);
  const left = cases.length - drawn.length;
  const unfolded = drawn.find(({ record }) => record.floor !== null) ?? drawn[0];
  const body = markup`${scaleMarkup(cases)}${configurationsMarkup(view.record, cases)}
<h2>How Pods lie at the end</h2>
<p class="note">Exact under the seed, from a pass in simulated time. Imbalance: standard deviation over nodes of the share that is taken.</p>
${placementTable(cases)}
<h2>Workload by workload</h2>
${drawn.map((one) => workloadMarkup(one, cases.length <= UNFOLDED_MAX || one === unfolded))}
${left === 0 ? null : markup`<p class="note">${left} more are in the tables and in result.json.</p>`}
<h2>Every scheduling case and metric</h2>
<details><summary>Show the table</summary>${measurementTable(view)}</details>`;
  return { id: "scheduler", label: "Scheduler", body };
}

function workloadMarkup(scheduled: ScheduledCase, isOpen: boolean): Markup {
  const { row, name, anchor } = scheduled;
  const figures = [
    throughputFigure([scheduled], { id: `${anchor}-throughput`, names: ["ours"] }),
    latencyFigure(scheduled),
    queueFigure(scheduled),
    placementFigure(scheduled),
    resultTable(scheduled),
  ];
  const rate =
    row.podsPerSecond === null
      ? null
      : markup` <span class="muted">${rateText(row.podsPerSecond)} Pods/s</span> ${badge("measured-core")}`;
  return markup`<details class="workload"${isOpen ? OPEN : null}><summary><strong>${name}</strong>${rate}</summary>
<div id="${anchor}-detail"><div class="figures">${figures}</div>
${pluginTable(scheduled)}
${slowestTable(scheduled)}
${upstreamTables(scheduled)}</div></details>\n`;
}

const OPEN = markup` open`;
