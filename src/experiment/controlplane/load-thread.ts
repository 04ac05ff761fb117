// The program of the thread that loads a plane over HTTP: a plan in, what came of it out.
import { parentPort, workerData } from "node:worker_threads";
import { timers } from "./bench-plane.js";
import { type FanOut, type FanOutResult, fanOut, watchOverHttp } from "./fan-out.js";
import { openLoadClient } from "./load-client.js";
import { loadPods, type PodLoad, type PodLoadResult } from "./pod-load.js";

export interface LoadPlan {
  /** Of plain HTTP on loopback. */
  readonly port: number;
  readonly pods: PodLoad;
  readonly fanOut: FanOut;
}

export interface LoadResult {
  readonly pods: PodLoadResult;
  readonly fanOut: FanOutResult;
}

const plan = workerData as LoadPlan;
const client = await openLoadClient(plan.port, plan.pods.inFlight);
const pods = await loadPods(client, plan.pods, timers);
const fan = await fanOut(client, plan.fanOut, {
  open: watchOverHttp(plan.port, plan.fanOut.namespace),
  timers,
});
client.close();
parentPort?.postMessage({ pods, fanOut: fan } satisfies LoadResult);
