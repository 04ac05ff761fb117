// What the parts of the plane beside the API server count, by upstream's names, for one /metrics.
// Source: client-go util/workqueue/metrics.go, kubernetes pkg/kubelet/metrics, pkg/proxy/metrics.
import { exponentialBuckets, MetricSet } from "../../base/metrics/metric-set.js";
import type { MetricLabels, MetricSink } from "../client/metric-sink.js";
import type { HollowKubelets } from "../kubelet/hollow-kubelets.js";
import type { HealthPath } from "./proxy-health.js";
import type { SyncRecord } from "./proxy-runner.js";

const QUEUE_BUCKETS = exponentialBuckets(1e-8, 10, 10);
const gauge = (help: string) => ({ type: "gauge", labels: [], help }) as const;
const queueTimes = (help: string) =>
  ({ type: "histogram", labels: ["name"], help, buckets: QUEUE_BUCKETS }) as const;
const answers = (path: HealthPath) =>
  ({ type: "counter", labels: ["code"], help: `Answers of ${path} of kube-proxies.` }) as const;

const TABLE = {
  workqueue_depth: { type: "gauge", labels: ["name"], help: "Keys that wait in a controller's queue." },
  workqueue_adds_total: { type: "counter", labels: ["name"], help: "Keys added to a controller's queue." },
  workqueue_retries_total: { type: "counter", labels: ["name"], help: "Keys that are tried again." },
  workqueue_queue_duration_seconds: queueTimes("How long a key waits."),
  workqueue_work_duration_seconds: queueTimes("How long a key is worked on."),
  kubelet_running_pods: gauge("Pods with a running sandbox, of all nodes."),
  kubelet_running_containers: gauge("Containers that run, of all nodes."),
  kubelet_desired_pods: gauge("Pods that kubelets know of, of all nodes."),
  kubeproxy_sync_proxy_rules_duration_seconds: {
    type: "histogram",
    labels: [],
    help: "How long a sync takes, its text made.",
    buckets: exponentialBuckets(0.001, 2, 15),
  },
  kubeproxy_network_programming_duration_seconds: {
    type: "histogram",
    labels: [],
    help: "From a change of endpoints to the rules that follow from it.",
    buckets: exponentialBuckets(0.001, 2, 20),
  },
  kubeproxy_sync_proxy_rules_last_timestamp_seconds: gauge("When the rules were last in step."),
  kubeproxy_proxy_healthz_total: answers("/healthz"),
  kubeproxy_proxy_livez_total: answers("/livez"),
} as const;

export class PlaneMetrics implements MetricSink {
  readonly #metrics = new MetricSet(TABLE, "");

  add(name: string, { name: queue = "" }: MetricLabels, by: number): void {
    if (name === "workqueue_adds_total" || name === "workqueue_retries_total")
      this.#metrics.counter(name).with(queue).add(by);
  }

  set(name: string, { name: queue = "" }: MetricLabels, value: number): void {
    if (name === "workqueue_depth") this.#metrics.gauge(name).with(queue).set(value);
  }

  observe(name: string, { name: queue = "" }: MetricLabels, value: number): void {
    if (name === "workqueue_queue_duration_seconds" || name === "workqueue_work_duration_seconds")
      this.#metrics.histogram(name).with(queue).observe(value);
  }

  synced({ tookMs, atMs, programmingMs }: SyncRecord): void {
    this.#metrics
      .histogram("kubeproxy_sync_proxy_rules_duration_seconds")
      .with()
      .observe(tookMs / 1000);
    this.#metrics
      .gauge("kubeproxy_sync_proxy_rules_last_timestamp_seconds")
      .with()
      .set(atMs / 1000);
    const programming = this.#metrics.histogram("kubeproxy_network_programming_duration_seconds").with();
    for (const ms of programmingMs) programming.observe(ms / 1000);
  }

  healthAsked(path: HealthPath, code: number): void {
    const name = path === "/healthz" ? "kubeproxy_proxy_healthz_total" : "kubeproxy_proxy_livez_total";
    this.#metrics.counter(name).with(`${code}`).add(1);
  }

  /** @param kubelets null while there are none */
  expose(kubelets: HollowKubelets | null): string {
    if (kubelets !== null) {
      const { kubelet_running_pods, kubelet_running_containers, kubelet_desired_pods } = kubelets.metrics();
      this.#metrics.gauge("kubelet_running_pods").with().set(kubelet_running_pods);
      this.#metrics.gauge("kubelet_running_containers").with().set(kubelet_running_containers);
      this.#metrics.gauge("kubelet_desired_pods").with().set(kubelet_desired_pods);
    }
    return this.#metrics.expose();
  }
}
