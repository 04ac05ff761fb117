import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/meta.js";
import { delay, realTimers } from "../../base/timers.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { DEFAULT_FEATURES } from "../../scheduler/scheduler.js";
import type { Client } from "../client/client.js";
import type { ObjectFeed, ObjectListener } from "./object-feed.js";
import { SchedulerRunner } from "./scheduler-runner.js";

const PODS = 600;
const NODE: KubeObject & { readonly status: object } = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node-0", uid: "node" },
  status: { allocatable: { cpu: "1000", memory: "1000Gi", pods: "1000" } },
};

function pod(index: number): KubeObject {
  const metadata = { name: `pod-${index}`, namespace: "default", uid: `uid-${index}` };
  const spec = { containers: [{ name: "c", resources: { requests: { cpu: "1m" } } }] };
  return { apiVersion: "v1", kind: "Pod", metadata, spec } as KubeObject;
}

/** Everything is there at once; nothing changes afterwards. */
const feed: ObjectFeed = ({ resource }, listener: ObjectListener) => {
  if (resource === "nodes") listener.set(NODE);
  if (resource === "pods") for (let index = 0; index < PODS; index++) listener.set(pod(index));
  return Promise.resolve();
};

/** An API server that answers bindings when it is told to, some of them with a refusal. */
class SlowBindings {
  readonly waiting: { readonly name: string; resolve(): void; reject(error: Error): void }[] = [];
  readonly bound = new Set<string>();
  mostWaiting = 0;

  readonly client = {
    resource: () => ({
      post: (name: string) =>
        new Promise<object>((resolve, reject) => {
          this.waiting.push({ name, resolve: () => resolve({}), reject });
          this.mostWaiting = Math.max(this.mostWaiting, this.waiting.length);
        }),
      patch: () => Promise.resolve({}),
    }),
  } as unknown as Client;

  answer(): void {
    for (const { name, resolve } of this.waiting.splice(0)) {
      this.bound.add(name);
      resolve();
    }
  }
}

test("SchedulerRunner waits for answers when many bindings are under way, and goes on with them", async () => {
  const api = new SlowBindings();
  const runner = new SchedulerRunner({
    configuration: defaultConfiguration(),
    features: DEFAULT_FEATURES,
    client: api.client,
    feed,
    timers: realTimers,
    seed: 1,
    recordEvent: () => {},
    onAttempt: () => {},
  });
  await runner.start();
  for (let round = 0; round < 100 && api.bound.size < PODS; round++) {
    const most = Math.min(256, PODS - api.bound.size);
    for (let look = 0; look < 100 && api.waiting.length < most; look++) await delay(realTimers, 10);
    api.answer();
  }
  runner.stop();
  assert.equal(api.bound.size, PODS);
  assert.equal(api.mostWaiting, 256);
});
