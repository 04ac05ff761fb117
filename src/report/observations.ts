// What one observation of a metric's distribution is.
import { METRICS, type MetricName } from "../measure/metrics.js";
import { countText } from "./quantity.js";

/**
 * "4,096 packets", or for timings "4,096 chunks of packets": one packet is shorter than a clock can tell, so the core is
 * timed over short chunks, whose spread is narrower than that of single packets.
 */
export function observationsText(name: MetricName, count: number): string {
  return `${countText(count)} ${METRICS[name].provenance === "measured-core" ? "timed chunks of packets" : "packets"}`;
}
