import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecord, writeRecord } from "../../measure/record-json.js";
import type { CaseRecord, RunRecord } from "../../measure/run-record.js";
import { reportHtml } from "../html.js";
import { sampleRecord } from "../sample-record.test-data.js";
import { sampleSchedulingCases, sampleSchedulingRecord } from "./sample-scheduler.test-data.js";

const record = sampleSchedulingRecord();
const page = reportHtml(record);
const sectionsOf = (html: string) => [...html.matchAll(/<section id="(\w+)"/g)].map((match) => match[1]);
const textOf = (html: string) =>
  html
    .replace(/<(style|script|svg)[\s\S]*?<\/\1>/g, "")
    .replace(/<wbr>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
/** Of the first table whose caption starts so: its rows as texts. */
function rowsOf(html: string, caption: string): readonly string[] {
  const table = html.slice(html.indexOf(`>${caption}`)).split("</table>")[0] ?? "";
  return (table.split("<tbody>")[1] ?? "")
    .split("</tr>")
    .slice(0, -1)
    .map((row) => textOf(row).trim());
}

test("a run that only schedules Pods has no section about packets, nor their words", () => {
  assert.deepEqual(sectionsOf(page), ["verdict", "scheduling", "trust", "scheduler", "method"]);
  const text = textOf(page);
  for (const word of [
    "conntrack",
    "First packet",
    "kube-proxy",
    "Not checked against a real kernel",
    "iptables",
  ])
    assert.ok(!text.includes(word), `page says "${word}"`);
});

test("a run that only sends packets has no section about the scheduler, nor its words", () => {
  const packets = reportHtml(sampleRecord());
  assert.deepEqual(
    sectionsOf(packets).filter((id) => id?.startsWith("sched")),
    [],
  );
  assert.ok(!textOf(packets).includes("Scheduled start"));
});

test("a run of both shows both, packets first", () => {
  const packets = sampleRecord();
  const both = reportHtml({ ...packets, cases: [...packets.cases, ...sampleSchedulingCases()] });
  const ids = sectionsOf(both);
  assert.deepEqual(
    ids.filter((id) =>
      ["answer", "scheduling", "trust", "scale", "scheduler", "scoreboard"].includes(id ?? ""),
    ),
    ["answer", "scheduling", "trust", "scale", "scheduler", "scoreboard"],
  );
});

test("the floor's table says that set-ups differ, above the numbers, and what the ratio is", () => {
  const [section = ""] = page.slice(page.indexOf('<section id="scheduling"')).split("</section>");
  const text = textOf(section);
  assert.match(text, /^ Pods per second, by workload Not the same set-up\. Floors imported are minimums/);
  const [first = "", ...rest] = rowsOf(section, "Pods per second by workload");
  assert.match(
    first,
    /^SchedulingBasic\/5000Nodes_10000Pods 5,000 nodes 15\.\d k\/s .* 680 \/s 22\.\d times/,
  );
  assert.equal(rest.length, 7);
  assert.match(rest[6] ?? "", /^Plain\/broken no parameter \$initNodes failed/);
});

test("attempts by result: placed ones from the distribution, others no finer than upstream's first bucket", () => {
  assert.deepEqual(
    rowsOf(page, "Attempts by result, SchedulingBasic/scale").map((row) => row.split(" ").slice(0, 2)),
    [
      ["scheduled", "3,000"],
      ["unschedulable", "400"],
      ["error", "0"],
    ],
  );
  const [scheduled, unschedulable] = rowsOf(page, "Attempts by result, SchedulingBasic/scale");
  assert.match(scheduled ?? "", /3,000 \d[\d.]* µs \d[\d.]* µs \d[\d.]* µs$/);
  assert.equal(unschedulable, "unschedulable 400 below 1 ms 3.1 ms 3.9 ms");
});

test("plugins are ranked by their mean per timed cycle, with exact counts in small print", () => {
  assert.deepEqual(
    rowsOf(page, "Mean time per timed cycle by plugin and extension point, SchedulingBasic/scale"),
    [
      "NodeResourcesFit 8.0 µs – 3.0 µs 3,000 cycles, 1,500,000 nodes 5.0 µs 3,000 cycles, 1,500,000 nodes",
      "TaintToleration 2.0 µs – 2.0 µs 3,000 cycles, 1,500,000 nodes –",
      "PodTopologySpread 1.0 µs 1.0 µs 300 timed – –",
      "InterPodAffinity 100 ns – – 100 ns no nodes",
    ],
  );
  assert.ok(textOf(page).includes("Times are sampled from 1 in 10 cycles (here 300 timed of 3,000)"));
});

test("placement leaves out resources that nobody takes, and what rounding leaves of an imbalance", () => {
  const [first] = rowsOf(page, "Placement at the end");
  assert.equal(first, "SchedulingBasic/scale 100 nodes 99.9% 2 – 55.0% 1.00% 34.0% 0%");
});

test("the scale curve says how cost grows and marks the floor of its test case at its size", () => {
  const [section = ""] = page.slice(page.indexOf('<section id="scheduler"')).split("</section>");
  assert.match(
    textOf(section),
    /From 100 to 15,000 nodes, 150 times as many: a Pod&#39;s cycle takes [\d.]+ times as long/,
  );
  assert.ok(section.includes("floor of SchedulingBasic/5000Nodes_10000Pods, 680 at 5,000 nodes"));
  assert.ok(section.includes("floor of SchedulingBasic/5000Nodes_10000Pods (imported), 5,000 nodes: 680 /s"));
});

test("two configurations stand side by side with the words of a comparison", () => {
  const text = textOf(page);
  assert.match(text, /config=mine against config=default, on the same seed: .*improved/);
  assert.ok(text.includes("TopologySpreading/500Nodes: Pods lie on different nodes counted"));
});

test("only a load that comes and goes is drawn with utilisation and fragmentation over time", () => {
  assert.deepEqual(page.match(/id="case-[^"]*-placement"/g), ['id="case-workload-trace-pods-placement"']);
});

test("queues that are always empty are named instead of drawn", () => {
  assert.ok(textOf(page).includes("Always empty: backoff, gated."));
});

test("the page of a scheduling run is whole: ids, links, cells, names and colours of drawings", () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1] as string);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1] as string);
  assert.deepEqual(
    targets.filter((target) => !ids.includes(target)),
    [],
  );
  const drawings = page.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
  assert.ok(drawings.length > 40, `${drawings.length} drawings`);
  for (const drawing of drawings) {
    assert.match(drawing, /role="img".* aria-label="[^"]{20,}"/);
    assert.doesNotMatch(drawing, /(?:fill|stroke)="(?!none|var\()/);
    assert.doesNotMatch(drawing, /NaN|Infinity|undefined/);
  }
  for (const table of page.match(/<table[\s\S]*?<\/table>/g) ?? []) {
    const [head = "", body = ""] = table.split("</thead>");
    for (const row of body.match(/<tr[\s\S]*?<\/tr>/g) ?? [])
      assert.equal(row.match(/<t[hd][ >]/g)?.length, head.match(/<th /g)?.length, textOf(head));
  }
});

test("a record read from its file gives the same page as the one in memory", () => {
  assert.equal(reportHtml(readRecord({ file: "result.json", text: writeRecord(record) })), page);
});

test("the workload that has a floor is unfolded, the others are folded", () => {
  const open = page.match(/<details class="workload" open>[\s\S]*?<\/summary>/g) ?? [];
  assert.deepEqual(
    open.map((summary) => textOf(summary).includes("5000Nodes_10000Pods")),
    [true],
  );
  assert.equal(page.match(/<details class="workload"/g)?.length, 7);
});

test("every number of the first table is marked with where it comes from", () => {
  const [section = ""] = page.slice(page.indexOf('<section id="scheduling"')).split("</section>");
  const heads = section.match(/<th scope="col">[\s\S]*?<\/th>/g) ?? [];
  for (const head of heads.slice(1)) assert.match(head, /class="badge badge-/);
});

const bare = (change: (one: CaseRecord) => CaseRecord): RunRecord => ({
  ...record,
  cases: record.cases.map(change),
});
for (const [name, thin] of Object.entries({
  "whose cases all failed": bare((one) => ({
    ...one,
    ...{ status: "failed", reason: "x", metrics: [], scheduling: null },
  })),
  "without timelines, costs and metrics": bare((one) => ({
    ...one,
    metrics: [],
    ...(one.scheduling
      ? {
          scheduling: { ...one.scheduling, timeline: [], pluginCosts: [], upstreamMetrics: [], slowest: [] },
        }
      : {}),
  })),
  "of one case": { ...record, cases: record.cases.slice(0, 1) },
  "of unlabelled cases": bare((one) => ({ ...one, labels: {} })),
} satisfies Record<string, RunRecord>)) {
  test(`a page is drawn for a run ${name}`, () => {
    const html = reportHtml(thin);
    assert.ok(html.endsWith("</html>\n"));
    assert.equal(/\b(NaN|undefined|Infinity|\[object)\b/.exec(textOf(html))?.[0], undefined);
  });
}

test("names of Pods, plugins and configurations are escaped", () => {
  const evil = '"><script>alert(1)</script>';
  const poisoned = bare((one) => ({
    ...one,
    labels: Object.fromEntries(
      Object.entries(one.labels).map(([label, value]) => [
        label,
        typeof value === "string" ? value + evil : value,
      ]),
    ),
    ...(one.scheduling
      ? {
          scheduling: {
            ...one.scheduling,
            pluginCosts: one.scheduling.pluginCosts.map((cost) => ({
              ...cost,
              plugin: cost.plugin + evil,
              point: cost.point + evil,
            })),
            slowest: one.scheduling.slowest.map((slow) => ({ ...slow, pod: evil, outcome: evil })),
            upstreamMetrics: one.scheduling.upstreamMetrics.map((metric) => ({
              ...metric,
              name: metric.name + evil,
              labels: { evil },
            })),
          },
        }
      : {}),
  }));
  assert.equal(reportHtml(poisoned).match(/<script/g)?.length, 1);
});
