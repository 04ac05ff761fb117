// Results that others published, drawn beside ours as hollow marks. They measure other machines: they
// tell whether ours have the right order of magnitude and shape, and nothing finer.
import type { MetricName } from "../measure/metrics.js";

export interface ImportedPoint {
  readonly mode: string;
  readonly services: number;
  /** ns */
  readonly p1: number;
  readonly p50: number;
  readonly p99: number;
}

export interface ImportedSeries {
  /** Our metric that it may stand beside. */
  readonly metric: MetricName;
  readonly source: string;
  readonly what: string;
  readonly points: readonly ImportedPoint[];
}

const IMPORTED: readonly ImportedSeries[] = [
  {
    metric: "first.kernel_ns",
    source: "D. Winship, NFTables mode for kube-proxy, kubernetes.io/blog, 2025-02-28",
    what: "latency of a connection's first packet to a uniformly drawn Service; read off the article's charts to 4 us",
    points: [
      { mode: "iptables", services: 5000, p1: 15e3, p50: 47e3, p99: 153e3 },
      { mode: "iptables", services: 10000, p1: 11e3, p50: 61e3, p99: 258e3 },
      { mode: "iptables", services: 30000, p1: 40e3, p50: 272e3, p99: 714e3 },
      { mode: "nftables", services: 5000, p1: 8e3, p50: 12e3, p99: 36e3 },
      { mode: "nftables", services: 10000, p1: 8e3, p50: 12e3, p99: 36e3 },
      { mode: "nftables", services: 30000, p1: 8e3, p50: 12e3, p99: 36e3 },
    ],
  },
];

/** Series that may stand beside `metric`. */
export function importedBeside(metric: MetricName): readonly ImportedSeries[] {
  return IMPORTED.filter((series) => series.metric === metric);
}
