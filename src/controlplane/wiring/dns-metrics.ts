// What the cluster's name server counts, by CoreDNS' names.
// Source: CoreDNS plugin/metrics/vars.
import { MetricSet } from "../../base/metrics/metric-set.js";
import type { MetricLabels, MetricSink } from "../client/metric-sink.js";

const TABLE = {
  coredns_dns_requests_total: {
    type: "counter",
    labels: ["proto", "type"],
    help: "Questions by transport and type.",
  },
  coredns_dns_responses_total: {
    type: "counter",
    labels: ["proto", "rcode"],
    help: "Answers by transport and code.",
  },
} as const;

export class DnsMetrics implements MetricSink {
  readonly #metrics = new MetricSet(TABLE, "");

  add(name: string, labels: MetricLabels, by: number): void {
    const { proto = "", type = "", rcode = "" } = labels;
    if (name === "coredns_dns_requests_total") this.#metrics.counter(name).with(proto, type).add(by);
    if (name === "coredns_dns_responses_total") this.#metrics.counter(name).with(proto, rcode).add(by);
  }

  set(): void {}
  observe(): void {}

  expose(): string {
    return this.#metrics.expose();
  }
}
