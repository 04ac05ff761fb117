// Every verb on Pods, three times: until the code is compiled, with as many requests in flight as allowed, and at half
// the rate of creates that this reached. Runs where its client is: in the plane's thread, or in one of its own with HTTP between.
import type { KubeObject } from "../../api/meta.js";
import type { Timers } from "../../base/timers.js";
import type { Client, ResourceClient } from "../../controlplane/client/client.js";
import { clientOf, PODS } from "../../controlplane/client/resources.js";
import type { HistogramJson } from "../../measure/histogram.js";
import { paced, saturated } from "./request-load.js";

export const VERBS = ["create", "get", "update", "list", "delete"] as const;
export type Verb = (typeof VERBS)[number];

export interface PodLoad {
  readonly namespace: string;
  readonly pods: number;
  readonly inFlight: number;
}

export interface PodLoadResult {
  readonly perSecond: Readonly<Record<Verb, number>>;
  readonly latency: Readonly<Record<Verb, HistogramJson>>;
  /** Counted at the server between creates and deletes, in each pass: warming up, at full and at half rate. */
  readonly created: readonly number[];
  /** After each pass: none is to be left. */
  readonly left: readonly number[];
}

const LISTS_PER_SECOND = 10;
const LIST_LIMIT = 500;

export async function loadPods(
  client: Client,
  { namespace, pods, inFlight }: PodLoad,
  timers: Timers,
): Promise<PodLoadResult> {
  const api = clientOf(client, PODS, namespace) as ResourceClient;
  const lists = Math.max(3, Math.floor(pods / 100));
  const created: number[] = [];
  const left: number[] = [];
  const pass = async <Found>(name: string, run: (verb: Verb, load: VerbLoad) => Promise<Found>) => {
    const found: Partial<Record<Verb, Found>> = {};
    const loads = verbLoads(api, name, { pods, lists });
    for (const verb of VERBS) {
      if (verb === "delete") created.push(await countOf(api));
      found[verb] = await run(verb, loads[verb]);
    }
    left.push(await countOf(api));
    return found as Record<Verb, Found>;
  };
  await pass("warm", (_, load) => saturated(load, inFlight, timers));
  const perSecond = await pass("full", (_, load) => saturated(load, inFlight, timers));
  const half = perSecond.create / 2;
  const latency = await pass("half", async (verb, load) =>
    (await paced(load, verb === "list" ? LISTS_PER_SECOND : half, timers)).toJSON(),
  );
  return { perSecond, latency, created, left };
}

type VerbLoad = { readonly count: number; run(index: number): Promise<unknown> };

function verbLoads(
  api: ResourceClient,
  pass: string,
  { pods, lists }: { readonly pods: number; readonly lists: number },
): Readonly<Record<Verb, VerbLoad>> {
  const name = (index: number) => `${pass}-${index}`;
  const stored: KubeObject[] = [];
  const create = async (index: number) => {
    stored[index] = await api.create(lightPod(name(index)));
  };
  const update = (index: number) => {
    const { metadata, ...rest } = stored[index] as KubeObject;
    return api.update({ ...rest, metadata: { ...metadata, labels: { app: "load", round: "2" } } });
  };
  return {
    create: { count: pods, run: create },
    get: { count: pods, run: (index) => api.get(name(index)) },
    update: { count: pods, run: update },
    list: { count: lists, run: () => api.list({ limit: LIST_LIMIT }) },
    delete: { count: pods, run: (index) => api.delete(name(index), { gracePeriodSeconds: 0 }) },
  };
}

/** Upstream's pod-default.yaml of scheduler_perf. */
function lightPod(name: string): object {
  const amounts = { cpu: "100m", memory: "500Mi" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "load" } },
    spec: {
      containers: [
        {
          name: "pause",
          image: "registry.k8s.io/pause:3.10.1",
          ports: [{ containerPort: 80 }],
          resources: { limits: amounts, requests: amounts },
        },
      ],
    },
  };
}

async function countOf(api: ResourceClient): Promise<number> {
  const { items, metadata } = await api.list({ limit: 1 });
  return items.length + (metadata.remainingItemCount ?? 0);
}
