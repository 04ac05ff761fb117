// What the benchmarks through the control plane came to. One benchmark tells of its largest case in full; several tell
// the first thing each, under every mode where there are modes, as sizes rise.
import type { MetricName } from "../measure/metrics.js";
import type { CaseRecord } from "../measure/run-record.js";
import { type BenchRows, benchRows, sizeText } from "./controlplane-rows.js";
import { metricOf } from "./grid.js";
import { metricText } from "./quantity.js";

/** Words before a metric's value, and after it. */
type Phrase = readonly [before: string, name: MetricName, after: string];

interface BenchPhrases {
  /** What it comes to in a few words. */
  readonly brief: readonly Phrase[];
  /** Follows it where there is room. */
  readonly rest: readonly Phrase[];
}

const PHRASES: Readonly<Record<string, BenchPhrases>> = {
  "api-load": {
    brief: [
      ["", "api.creates_per_second", " Pods created"],
      [", ", "api.gets_per_second", " read"],
    ],
    rest: [[", ", "api.fanout_events_per_second", " watch events delivered"]],
  },
  "pod-startup": {
    brief: [["Pods run ", "startup.running_ns", " after they were created"]],
    rest: [[" (p99 ", "startup.running_p99_ns", ")"]],
  },
  "node-join": {
    brief: [["all nodes Ready in ", "join.ready_ns", ""]],
    rest: [[" and ", "join.rss_bytes", ""]],
  },
  "programming-latency": {
    brief: [["rules lead to a ready Pod after ", "programming.latency_ns", ""]],
    rest: [[" (p99 ", "programming.latency_p99_ns", ")"]],
  },
  rollout: {
    brief: [["rules lead to a Pod that goes for ", "rollout.stale_ns", ""]],
    rest: [[" (p99 ", "rollout.stale_p99_ns", ")"]],
  },
};

/** "node-join, nodes=5000: all nodes Ready in 12 s and 1.2 GiB."; null when no case can say anything. */
export function controlPlaneSentence(cases: readonly CaseRecord[]): string | null {
  const benches = benchRows(cases).filter(({ cases: own }) => own.some(isOk));
  const said = benches.length > 1 ? benches.map(briefly) : benches.map(inFull);
  const told = said.filter((text) => text !== "");
  if (told.length === 0) return null;
  return `${capitalised(told.join("; "), benches.length > 1)}. Measured in this program.`;
}

function isOk({ status }: CaseRecord): boolean {
  return status === "ok";
}

function inFull({ bench, cases }: BenchRows): string {
  const last = cases.findLast(isOk);
  const phrases = PHRASES[bench];
  if (last === undefined || phrases === undefined) return "";
  const said = saidOf(last, [...phrases.brief, ...phrases.rest]);
  return said === "" ? "" : `${bench}, ${sizeText(last)}: ${said}`;
}

/** "all nodes Ready in 3.9 s (nodes=5000)", "rules lead to a ready Pod after 540 ms (iptables), 510 ms (nftables)". */
function briefly({ bench, cases }: BenchRows): string {
  const last = cases.findLast(isOk);
  const phrases = PHRASES[bench]?.brief ?? [];
  const [first] = phrases;
  if (last === undefined || first === undefined) return "";
  const [before, name, after] = first;
  if (last.labels["mode"] === undefined) return `${saidOf(last, phrases)} (${sizeText(last)})`;
  const values = cases.filter(isLargestOfItsMode).flatMap((one) => {
    const metric = metricOf(one, name);
    return metric === undefined ? [] : [`${metricText(metric)} (${one.labels["mode"]})`];
  });
  return `${before}${values.join(", ")}${after}`;
}

function isLargestOfItsMode(one: CaseRecord, _: number, cases: readonly CaseRecord[]): boolean {
  return one === cases.findLast((other) => isOk(other) && other.labels["mode"] === one.labels["mode"]);
}

function saidOf(one: CaseRecord, phrases: readonly Phrase[]): string {
  return phrases
    .map(([before, name, after]) => {
      const metric = metricOf(one, name);
      return metric === undefined ? "" : `${before}${metricText(metric)}${after}`;
    })
    .join("");
}

function capitalised(text: string, isSentence: boolean): string {
  return isSentence ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
