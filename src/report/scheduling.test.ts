// Cases that schedule Pods in what is printed of a run: they have no mode, and must not be taken for packets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecord, writeRecord } from "../measure/record-json.js";
import type { RunRecord } from "../measure/run-record.js";
import { answerSentence } from "./answer.js";
import { samplesCsv, summaryCsv } from "./csv.js";
import { gridsOf } from "./grid.js";
import { reportHtml } from "./html.js";
import { reportMarkdown } from "./markdown.js";
import { perfDashFile } from "./perf-dash-file.js";
import { sampleRecord } from "./sample-record.test-data.js";
import { schedulingCase, unsupportedScheduling } from "./sample-scheduling.test-data.js";
import { formatTable } from "./terminal.js";

const BASIC = schedulingCase({ workload: "SchedulingBasic/5000Nodes_10000Pods", nodes: 5000 }, 15_000);
const SMALL = schedulingCase({ workload: "SchedulingBasic", nodes: 1000 }, 18_000, { floor: null });
const DRA = unsupportedScheduling({ workload: "Dynamic/fast" });

function recordOf(cases: RunRecord["cases"]): RunRecord {
  return { ...sampleRecord(), cases };
}

test("answerSentence says how many Pods a second the largest cluster takes, beside its floor, and spans the rest", () => {
  assert.match(
    answerSentence([SMALL, BASIC, DRA]),
    /^On 5,000 nodes SchedulingBasic\/5000Nodes_10000Pods schedules 15,\d00 Pods a second with p50 \d+ us and p99 \d+ us per attempt \(measured in process, no API server\); its authors ask for at least 680 on their machines\. The other case: 18,\d00 Pods a second\.$/,
  );
  assert.equal(answerSentence([DRA]), "No answer: no case finished with a metric that gives one.");
});

test("reportHtml says what stood between scheduler and store, case by case or for all", () => {
  const api = schedulingCase({ workload: "SchedulingBasic", nodes: 5000 }, 3000, {
    floor: null,
    through: "api",
  });
  const calloutOf = (...cases: RunRecord["cases"]) =>
    /<p class="callout"><strong>([^<]*)<\/strong>/.exec(reportHtml(recordOf(cases)))?.[1];
  assert.equal(calloutOf(SMALL), "In process.");
  assert.equal(calloutOf(api), "Through an API server, all in one process.");
  assert.equal(calloutOf(SMALL, api), "In process, some through an API server.");
  assert.doesNotMatch(reportHtml(recordOf([api])), /[Nn]o API server/);
});

test("answerSentence puts both configurations of an A/B into one sentence", () => {
  const under = (config: string, rate: number) =>
    schedulingCase({ workload: "A/b", nodes: 10, config }, rate, { floor: null });
  assert.match(
    answerSentence([under("default", 9000), under("mine", 12_000)]),
    /Pods a second under config=default with .* and 1\d,\d00 Pods a second under config=mine with /,
  );
});

test("answerSentence tells a trace's waiting, not its rate: Pods come when they come", () => {
  assert.match(
    answerSentence([schedulingCase({ workload: "trace/pods" }, 25, { floor: null })]),
    /^On 16 nodes trace\/pods schedules 100% of its Pods, from due to bound in p50 \d+ us and p99 \d+ us/,
  );
});

test("gridsOf leaves out cases that schedule Pods, and a run of both is answered about both", () => {
  const packets = sampleRecord().cases;
  assert.equal(gridsOf([BASIC, DRA]).length, 0);
  assert.equal(gridsOf([...packets, BASIC]).length, gridsOf(packets).length);
  assert.match(answerSentence([...packets, BASIC]), /^At 10,000 Services .* On 5,000 nodes /);
});

test("formatTable lists workloads with floors, and leaves out columns that do not fit", () => {
  const wide = formatTable(recordOf([BASIC, SMALL, DRA]), { width: 120, color: false });
  assert.match(wide, /^workload +nodes +Pods\/s +floor +attempt p50 +p99 +placed +1 s mean$/m);
  assert.match(wide, /^SchedulingBasic\/5000Nodes_10000Pods +5,000 +15,\d00 +680 /m);
  assert.match(wide, /^Dynamic\/fast +- +unsupported/m);
  assert.match(wide, /floor \[imported\]/);
  const narrow = formatTable(recordOf([BASIC]), { width: 56, color: false });
  assert.match(narrow, /^workload +nodes +Pods\/s$/m);
  assert.ok(narrow.split("\n").every((line) => line.length <= 56 || line.startsWith("[")));
});

test("HTML, Markdown and CSV are made of runs with and without packets", () => {
  for (const cases of [
    [BASIC, DRA],
    [...sampleRecord().cases, BASIC, DRA],
  ]) {
    const record = recordOf(cases);
    assert.deepEqual(
      readRecord({ file: "r.json", text: writeRecord(record) }),
      JSON.parse(writeRecord(record)),
    );
    assert.match(reportHtml(record), /<\/html>/);
    const markdown = reportMarkdown(record);
    assert.match(markdown, /\| SchedulingBasic\/5000Nodes\\_10000Pods \| 5,000 \|/);
    assert.doesNotMatch(markdown, /undefined|NaN/);
    assert.match(summaryCsv(record), /sched\.attempt_ns,ns,measured-core,/);
    assert.match(samplesCsv(record), /sched\.pods_per_second/);
  }
});

test("perfDashFile holds upstream's items of finished workloads under the name that perf-dash expects", () => {
  const file = perfDashFile(recordOf([BASIC, DRA]));
  assert.match(file?.name ?? "", /^BenchmarkPerfScheduling_\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.json$/);
  const { version, dataItems } = JSON.parse(file?.text ?? "{}");
  assert.equal(version, "v1");
  assert.deepEqual(
    dataItems.map(({ unit, labels }: { unit: string; labels: Record<string, string> }) => [
      unit,
      labels["Name"],
      labels["Metric"],
      labels["result"],
    ]),
    [
      ["pods/s", "SchedulingBasic/5000Nodes_10000Pods", "SchedulingThroughput", "not applicable"],
      [
        "ms",
        "SchedulingBasic/5000Nodes_10000Pods",
        "scheduler_scheduling_attempt_duration_seconds",
        "scheduled",
      ],
    ],
  );
  assert.equal(perfDashFile(sampleRecord()), null);
});
