// What was promised and kept (thresholds), how the numbers were made, what words mean, and the data themselves.
import { canonicalJson } from "../../measure/canonical-json.js";
import { METRICS, PROVENANCES } from "../../measure/metrics.js";
import type { RunRecord, ThresholdRecord } from "../../measure/run-record.js";
import { badge, numberMarkup, prettyUnits } from "../badge.js";
import { metricNamesIn, pairsByName } from "../grid.js";
import { importedBeside } from "../imported.js";
import { type Fillable, type Markup, markup } from "../markup.js";
import type { ReportView, Section } from "../report-view.js";
import { schedulesPods, sendsPackets } from "../run-subject.js";
import { tableMarkup } from "../table.js";

/** Beyond this the resolved scenario is left to result.json, to keep the page small. */
const SCENARIO_CHARACTERS_MAX = 60_000;

type Entry = readonly [string, string];

const PACKET_WORDS: readonly Entry[] = [
  ["First packet", "the packet that opens a connection; nat rules see only this one"],
  ["Established", "a later packet of a connection that conntrack knows"],
  ["Rule", "one rule that the walk reaches, whether it matches or not"],
  ["Lookup", "a probe of a set, map, conntrack or IPVS table; its cost hardly depends on the size"],
  ["Core", "this program's packet evaluator, compiled to WebAssembly"],
  ["Full and partial sync", "kube-proxy writing all of its rules, or only those that a change touches"],
  [
    "Crossover",
    "the size where two modes cost the same, interpolated on logarithmic axes between measured sizes",
  ],
];
const SCHEDULING_WORDS: readonly Entry[] = [
  ["Workload", "what is created, and measured, in which order; upstream's scheduler_perf has named ones"],
  ["Window", "the time from the first measured Pod's creation to the end of the measurement"],
  ["Scheduled start", "when a Pod should have come: waiting for a late generator counts as waiting"],
  ["Floor", "the least that a workload's authors accept of a metric, in their set-up"],
  ["Extension point", "a step of the scheduling cycle at which plugins are asked"],
];
const SHARED_WORDS: readonly Entry[] = [
  [
    "p99",
    "the value that 99% of observations stay at or below; printed only with enough of them (299 for p99, 2,995 for p99.9)",
  ],
  ["95% interval", "bootstrap interval of the median over fresh processes"],
];

export function methodSection({ record }: ReportView): Section {
  const body = markup`${thresholdTable(record.thresholds)}
<h2>Method</h2>${methodText(record)}
<h2>Glossary</h2><dl class="pairs glossary">${glossary(record)}</dl>
<h2>Raw data</h2>${rawData(record)}`;
  return { id: "method", label: "Method", body };
}

function thresholdTable(thresholds: readonly ThresholdRecord[]): Markup | null {
  if (thresholds.length === 0) return null;
  const broken = thresholds.toSorted((a, b) => Number(a.ok === true) - Number(b.ok === true));
  const table = tableMarkup({
    caption: "Thresholds",
    hideCaption: true,
    className: "thresholds",
    head: ["Threshold", "Where", "Must be", "Got", "Because"],
    rows: broken.map((one) => {
      const { title, unit, provenance } = METRICS[one.metric];
      const got: Fillable =
        one.got === null ? "could not be evaluated" : numberMarkup(one.got, unit, "exact", provenance);
      const where = pairsByName(one.where)
        .map(([label, value]) => `${label}=${value}`)
        .join(" ");
      return {
        head: markup`${thresholdStatus(one.ok)} ${title} ${badge(provenance)}`,
        cells: [
          { content: where },
          { content: one.must },
          { content: got },
          { content: one.because, className: "words" },
        ],
      };
    }),
  });
  return markup`<h2>Thresholds</h2>${table}`;
}

function thresholdStatus(ok: boolean | null): Markup {
  if (ok === true)
    return markup`<span class="status status-pass"><span aria-hidden="true">✓</span> met</span>`;
  const word = ok === null ? "not judged" : "broken";
  return markup`<span class="status status-fail"><span aria-hidden="true">✗</span> ${word}</span>`;
}

function methodText({ run, scenario, cases, kernelVerification }: RunRecord): Markup {
  const sources = metricNamesIn(cases)
    .flatMap(importedBeside)
    .map((series) => markup`<li>${badge("imported")} ${series.source}: ${prettyUnits(series.what)}.</li>`);
  return markup`<ul class="method">
<li>${badge("counted")} metrics follow from the seed (${run.seed}) alone: one run is enough, and any difference is a difference.</li>
<li>${badge("measured-core")} metrics are one value per fresh process, processes of all cases interleaved in blocks of random order; the table shows their median. Outliers are kept.</li>
${sendsPackets(cases) ? MODELLED_ITEM : null}${kernelVerification === undefined ? null : KERNEL_ITEM}${schedulesPods(cases) ? SCHEDULING_ITEM : null}${goesThroughApi(cases) ? API_ITEM : null}<li>Percentiles come from merged histograms, never from averaged percentiles. Digits stop where the interval leaves the next one open.</li>
${sources}</ul>
<p class="muted">Scenario ${scenario.name}, digest <code>${scenario.digest.slice(0, 16)}</code>: runs with another digest are not comparable.</p>`;
}

const MODELLED_ITEM = markup`<li>${badge("modelled")} times are counts times calibrated costs of kernel primitives; they compare modes, and do not predict your kernel to the digit.</li>\n`;
const KERNEL_ITEM = markup`<li>${badge("measured-kernel")} times are of packets in a real kernel, whole paths: the 25th percentile over chunks, rulesets interleaved in random order, rounds whose controls are off left out.</li>\n`;
const SCHEDULING_ITEM = markup`<li>Each scheduling sample runs its workload twice in a fresh process: against the clock, for timings, and in simulated time, for what is counted and for placements. Courses over time are of the process with the median rate.</li>\n`;
const API_ITEM = markup`<li>Where a case says <code>through=api</code>, the pass against the clock goes through a whole control plane in the same process: Pods are created by requests, the scheduler learns of them by watches and binds by requests, and a Pod counts as bound when a watch shows it. Only real time is measured there; what is counted, and placements, are of the pass in simulated time, without a server.</li>\n`;

function goesThroughApi(cases: RunRecord["cases"]): boolean {
  return cases.some(({ scheduling }) => scheduling?.through === "api");
}

function glossary(record: RunRecord): readonly Markup[] {
  const { cases } = record;
  const words = [
    ...(sendsPackets(cases) ? PACKET_WORDS : []),
    ...(schedulesPods(cases) ? SCHEDULING_WORDS : []),
    ...SHARED_WORDS,
  ];
  const metrics = metricNamesIn(cases).map((name): Entry => [METRICS[name].title, METRICS[name].meaning]);
  const provenances = Object.entries(PROVENANCES);
  return [...words, ...metrics, ...provenances].map(
    ([word, meaning]) => markup`<dt>${word}</dt><dd>${meaning}</dd>`,
  );
}

function rawData({ tool, run, scenario, environment, schemaVersion }: RunRecord): Markup {
  const resolved = canonicalJson(scenario.resolved);
  const shown =
    resolved.length <= SCENARIO_CHARACTERS_MAX
      ? resolved
      : `${resolved.slice(0, SCENARIO_CHARACTERS_MAX)}\n... the rest is in result.json`;
  const wasm = pairsByName(tool.wasm).map(([name, digest]) => `${name} ${digest.slice(0, 16)}`);
  const rows: readonly (readonly [string, Fillable])[] = [
    ["Run", markup`<code>${run.id}</code>, ${run.startedAt} to ${run.finishedAt}`],
    ["Command", markup`<code>plumb ${run.argv.join(" ")}</code>`],
    [
      "Tool",
      `${tool.name} ${tool.version}${tool.commit === null ? "" : `, commit ${tool.commit.slice(0, 12)}`}`,
    ],
    ["WASM", wasm.join(", ")],
    ["Layout", `result.json, schema ${schemaVersion}`],
    ["Environment", markup`<code>${environment.fingerprint.slice(0, 16)}</code>`],
  ];
  return markup`<p>Everything on this page was made from <a href="result.json">result.json</a>, which stands beside it and holds every sample; <code>plumb report</code> makes the page again.</p>
<dl class="pairs">${rows.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl>
<details><summary>Resolved scenario</summary><pre tabindex="0">${shown}</pre></details>`;
}
