import { MetricSet } from "../../base/metrics/metric-set.js";
import { METRIC_PREFIX, METRICS } from "./metric-table.js";

/** The metrics of one scheduler, by the names of the table. */
export class SchedulerMetrics extends MetricSet<typeof METRICS> {
  constructor() {
    super(METRICS, METRIC_PREFIX);
  }
}
