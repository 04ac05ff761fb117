// The program of the thread that loads a plane over HTTP: a plan in, what came of it out.
import { parentPort, workerData } from "node:worker_threads";
import { httpClient } from "../../controlplane/client/http-client.js";
import { timers } from "./bench-plane.js";
import { type FanOut, type FanOutResult, fanOut, watchOverHttp } from "./fan-out.js";
import { loadPods, type PodLoad, type PodLoadResult } from "./pod-load.js";

export interface LoadPlan {
  readonly url: string;
  readonly pods: PodLoad;
  readonly fanOut: FanOut;
}

export interface LoadResult {
  readonly pods: PodLoadResult;
  readonly fanOut: FanOutResult;
}

const plan = workerData as LoadPlan;
const client = httpClient({ server: plan.url, timers, connectionsMax: plan.pods.inFlight });
const pods = await loadPods(client, plan.pods, timers);
const fan = await fanOut(client, plan.fanOut, {
  open: watchOverHttp(plan.url, plan.fanOut.namespace),
  timers,
});
client.close();
parentPort?.postMessage({ pods, fanOut: fan } satisfies LoadResult);
