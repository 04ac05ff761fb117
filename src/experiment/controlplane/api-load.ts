// Requests and watches against the API server alone: no scheduler, no nodes, and of controllers only what lets Pods in.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { Plane } from "../../controlplane/plane.js";
import { openAccess } from "../../controlplane/plane-access.js";
import { Histogram } from "../../measure/histogram.js";
import type { MetricName } from "../../measure/metrics.js";
import type { Findings } from "../phase.js";
import { NAMESPACE, startPlane, timers } from "./bench-plane.js";
import { addLatency, addPercentile } from "./controlplane-metrics.js";
import type { ApiLoadSpec, Workload } from "./controlplane-types.js";
import { fanOut, watchInProcess } from "./fan-out.js";
import type { LoadPlan, LoadResult } from "./load-thread.js";
import { loadPods, type PodLoadResult, VERBS, type Verb } from "./pod-load.js";
import { serviceAccountReady } from "./workload-objects.js";

const RATES: Readonly<Record<Verb, MetricName>> = {
  create: "api.creates_per_second",
  get: "api.gets_per_second",
  update: "api.updates_per_second",
  list: "api.lists_per_second",
  delete: "api.deletes_per_second",
};

const LATENCIES: Readonly<Record<Verb, MetricName>> = {
  create: "api.create_ns",
  get: "api.get_ns",
  update: "api.update_ns",
  list: "api.list_ns",
  delete: "api.delete_ns",
};

const MUTATING: readonly Verb[] = ["create", "update", "delete"];

export async function measureApiLoad(findings: Findings, spec: ApiLoadSpec, seed: number): Promise<Workload> {
  const { pods, inFlight, watchers, events } = spec;
  const plane = await startPlane(seed, {});
  try {
    await serviceAccountReady(plane);
    const plan = {
      pods: { namespace: NAMESPACE, pods, inFlight },
      fanOut: { namespace: NAMESPACE, watchers, events },
    };
    const found = spec.via === "http" ? await overHttp(plane, plan) : await inProcess(plane, plan);
    addPods(findings, found.pods);
    if (watchers > 0) findings.add("api.fanout_events_per_second", found.fanOut.perSecond);
    return {
      requested: {
        podsToWarmUp: pods,
        pods,
        podsAtHalfRate: pods,
        podsLeft: 0,
        watchers,
        events: watchers * events,
      },
      applied: {
        podsToWarmUp: found.pods.created[0] ?? 0,
        pods: found.pods.created[1] ?? 0,
        podsAtHalfRate: found.pods.created[2] ?? 0,
        podsLeft: found.pods.left.reduce((sum, count) => sum + count, 0),
        watchers: found.fanOut.complete,
        events: found.fanOut.received,
      },
    };
  } finally {
    await plane.stop();
  }
}

async function inProcess({ client }: Plane, plan: Omit<LoadPlan, "port">): Promise<LoadResult> {
  const pods = await loadPods(client, plan.pods, timers);
  const open = watchInProcess(client, plan.fanOut.namespace);
  return { pods, fanOut: await fanOut(client, plan.fanOut, { open, timers }) };
}

/** The load comes from a thread of its own: a client costs as much as a server, and is not what is measured. */
async function overHttp(plane: Plane, plan: Omit<LoadPlan, "port">): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "plumb-api-load-"));
  const access = openAccess({
    timers,
    port: 0,
    plainPort: 0,
    kubeconfigPath: join(folder, "kubeconfig"),
    auditLogPath: null,
    etcdPort: null,
    dnsPort: null,
    proxyHealth: null,
    store: "memory",
  });
  try {
    const { plainUrl } = await access.serve(plane);
    return await inThread({
      ...plan,
      port: Number(new URL(present(plainUrl, "the address of plain HTTP")).port),
    });
  } finally {
    await access.close();
    rmSync(folder, { recursive: true });
  }
}

function inThread(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./load-thread.js", import.meta.url), { workerData: plan });
    thread.once("message", (result: LoadResult) => resolve(result));
    thread.once("error", reject);
    thread.once("exit", (code) =>
      reject(new PlumbError("Internal", `Cannot load the API server: its thread ended with code ${code}`)),
    );
  });
}

function addPods(findings: Findings, { perSecond, latency }: PodLoadResult): void {
  const mutating = new Histogram(1000);
  for (const verb of VERBS) {
    findings.add(RATES[verb], perSecond[verb]);
    const histogram = Histogram.fromJSON(latency[verb]);
    if (MUTATING.includes(verb)) mutating.merge(histogram);
    addLatency(findings, LATENCIES[verb], histogram);
  }
  addPercentile(findings, "api.mutating_p99_ns", mutating, 99);
}
