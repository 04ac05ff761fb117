// What the benchmarks through the control plane came to, in a sentence each: the last case of a benchmark speaks for it, as
// sizes rise.
import type { MetricName } from "../measure/metrics.js";
import type { CaseRecord } from "../measure/run-record.js";
import { benchRows, sizeText } from "./controlplane-rows.js";
import { metricOf } from "./grid.js";
import { metricText } from "./quantity.js";

/** Words before a metric's value, and after it. */
type Phrase = readonly [before: string, name: MetricName, after: string];

const PHRASES: Readonly<Record<string, readonly Phrase[]>> = {
  "api-load": [
    ["", "api.creates_per_second", " Pods created"],
    [", ", "api.gets_per_second", " read"],
    [", ", "api.fanout_events_per_second", " watch events delivered"],
  ],
  "pod-startup": [
    ["Pods run ", "startup.running_ns", " after they were created"],
    [" (p99 ", "startup.running_p99_ns", ")"],
  ],
  "node-join": [
    ["all nodes Ready in ", "join.ready_ns", ""],
    [" and ", "join.rss_bytes", ""],
  ],
  "programming-latency": [
    ["rules lead to a ready Pod after ", "programming.latency_ns", ""],
    [" (p99 ", "programming.latency_p99_ns", ")"],
  ],
  rollout: [
    ["rules lead to a Pod that goes for ", "rollout.stale_ns", ""],
    [" (p99 ", "rollout.stale_p99_ns", ")"],
  ],
};

/** "At nodes=5000: all nodes Ready in 12 s and 1.2 GiB."; null when no case can say anything. */
export function controlPlaneSentence(cases: readonly CaseRecord[]): string | null {
  const sentences = benchRows(cases).flatMap(({ bench, cases: own }) => {
    const last = own.findLast(({ status }) => status === "ok");
    const said = last === undefined ? "" : saidOf(last, PHRASES[bench] ?? []);
    return last === undefined || said === "" ? [] : [`${bench}, ${sizeText(last)}: ${said}.`];
  });
  return sentences.length === 0 ? null : `${sentences.join(" ")} Measured in this program.`;
}

function saidOf(one: CaseRecord, phrases: readonly Phrase[]): string {
  return phrases
    .map(([before, name, after]) => {
      const metric = metricOf(one, name);
      return metric === undefined ? "" : `${before}${metricText(metric)}${after}`;
    })
    .join("");
}
