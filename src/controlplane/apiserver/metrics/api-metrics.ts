import { MetricSet } from "../../../base/metrics/metric-set.js";
import type { Counter } from "../../../base/metrics/counter.js";
import { LazyMap } from "../../../base/metrics/lazy-map.js";
import type { Histogram } from "../../../base/metrics/histogram.js";
import type { RequestInfo } from "../request-info.js";
import { API_METRICS } from "./metric-table.js";

const COMPONENT = "apiserver";
/** Verbs go by upstream's mixture of methods and words. */
const METHODS: Readonly<Record<string, string>> = { create: "POST", update: "PUT" };

type RequestLabels = readonly [string, string, string, string, string, string, string, string];

/** What one kind of request is counted in. */
interface RequestSeries {
  readonly duration: Histogram;
  readonly byCode: LazyMap<number, Counter>;
}

/** The metrics of one API server; those of requests are found by what was asked for. */
export class ApiMetrics extends MetricSet<typeof API_METRICS> {
  readonly #series = new Map<string, RequestSeries>();

  constructor() {
    super(API_METRICS, "");
  }

  answered(info: RequestInfo, isDryRun: boolean, code: number, seconds: number): void {
    const { verb, group, version, resource, subresource } = info;
    const scope = scopeOf(info);
    const key = `${verb} ${group} ${version} ${resource} ${subresource} ${scope} ${isDryRun}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.#newSeries([
        METHODS[verb] ?? verb.toUpperCase(),
        isDryRun ? "All" : "",
        group,
        version,
        resource,
        subresource,
        scope,
        COMPONENT,
      ]);
      this.#series.set(key, series);
    }
    series.byCode.get(code).add();
    series.duration.observe(seconds);
  }

  #newSeries(labels: RequestLabels): RequestSeries {
    const total = this.counter("apiserver_request_total");
    return {
      duration: this.histogram("apiserver_request_duration_seconds").with(...labels),
      byCode: new LazyMap((code) => total.with(...labels, String(code))),
    };
  }
}

export function scopeOf(info: RequestInfo): string {
  if (!info.isResourceRequest) return "";
  if (info.name !== "" || info.verb === "create") return "resource";
  return info.namespace === "" ? "cluster" : "namespace";
}
