// Started as a thread by hollow-kubelets.test.ts: 1,000 nodes, five Pods each, until all run.
import { parentPort } from "node:worker_threads";
import type { KubeObject } from "../../api/meta.js";
import { Prng } from "../../base/prng.js";
import { delay, realTimers } from "../../base/timers.js";
import { MemoryApi } from "../client/memory-api.test-data.js";
import { HollowKubelets } from "./hollow-kubelets.js";
import { INSTANT_PROFILE } from "./runtime/profile.js";

const NODES = 1000;
const PODS = 5000;

/** @returns Pods that the kubelets started */
async function load(): Promise<number> {
  const api = new MemoryApi(realTimers);
  const nodes = Array.from({ length: NODES }, (_, index) => ({ name: `node-${index}` }));
  const options = {
    client: api.client(),
    nodes,
    timers: realTimers,
    prng: new Prng(1),
    profile: INSTANT_PROFILE,
  };
  const kubelets = await HollowKubelets.start({ ...options, reportsEvents: false });
  const pods = api.client().resource({ group: "", version: "v1", resource: "pods" }, "default");
  for (let index = 0; index < PODS; index++) {
    const spec = { nodeName: `node-${index % NODES}`, containers: [{ name: "web", image: "nginx:1.27" }] };
    await pods.create({ apiVersion: "v1", kind: "Pod", metadata: { name: `web-${index}` }, spec });
  }
  const isRunning = (pod: KubeObject) => (pod as { status?: { phase?: string } }).status?.phase === "Running";
  while (!api.all("/pods").every(isRunning)) await delay(realTimers, 10);
  kubelets.stop();
  api.endWatches();
  return kubelets.metrics().kubelet_started_pods_total;
}

parentPort?.postMessage(await load());
