// What the API server counts and times, under upstream's names, labels and buckets.
// Source: apiserver pkg/endpoints/metrics/metrics.go, pkg/storage/etcd3/metrics, pkg/storage/cacher/metrics.
import type { MetricDefinition } from "../../../base/metrics/metric-set.js";

const REQUEST_LABELS = [
  "verb",
  "dry_run",
  "group",
  "version",
  "resource",
  "subresource",
  "scope",
  "component",
] as const;

const REQUEST_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

export const API_METRICS = {
  apiserver_request_total: {
    type: "counter",
    labels: [...REQUEST_LABELS, "code"],
    help: "Requests that were answered.",
  },
  apiserver_request_duration_seconds: {
    type: "histogram",
    labels: REQUEST_LABELS,
    buckets: REQUEST_BUCKETS,
    help: "Time from a request's arrival to its answer.",
  },
  apiserver_current_inflight_requests: {
    type: "gauge",
    labels: ["request_kind"],
    help: "Requests being served, by whether they write.",
  },
  apiserver_request_terminations_total: {
    type: "counter",
    labels: ["code", "component"],
    help: "Requests refused to protect the server.",
  },
  apiserver_longrunning_requests: {
    type: "gauge",
    labels: ["verb", "group", "version", "resource", "subresource", "scope", "component"],
    help: "Watches and streams that are open.",
  },
  apiserver_watch_events_total: {
    type: "counter",
    labels: ["group", "version", "resource"],
    help: "Events sent to watchers.",
  },
  apiserver_storage_objects: {
    type: "gauge",
    labels: ["resource"],
    help: "Objects stored, by resource.",
  },
  etcd_request_duration_seconds: {
    type: "histogram",
    labels: ["operation", "type"],
    buckets: [
      0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
    ],
    help: "Time that a request to the store took.",
  },
} as const satisfies Record<string, MetricDefinition>;
