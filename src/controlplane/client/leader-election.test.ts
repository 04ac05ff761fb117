import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/status.js";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { LeaderElector } from "./leader-election.js";
import { MemoryApi } from "./memory-api.test-data.js";
import type { Lease } from "./object-types.js";

function candidate(api: MemoryApi, timers: ManualTimers, identity: string, log: string[]): LeaderElector {
  const elector = new LeaderElector({
    client: api.client(),
    namespace: "kube-system",
    name: "manager",
    identity,
    timers,
    prng: new Prng(identity.charCodeAt(0)),
    onStartedLeading: () => log.push(`${identity} leads`),
    onStoppedLeading: () => log.push(`${identity} stops`),
  });
  elector.start();
  return elector;
}

test("LeaderElector lets one lead, and the next at once when it gives the Lease back", async () => {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const log: string[] = [];
  const first = candidate(api, timers, "a", log);
  await timers.advance(100);
  const second = candidate(api, timers, "b", log);
  await timers.advance(60_000);
  assert.deepEqual(log, ["a leads"]);
  assert.equal(second.leader, "a");
  await first.stop();
  await timers.advance(5000);
  assert.deepEqual(log, ["a leads", "a stops", "b leads"]);
  const [lease] = api.all("coordination.k8s.io/leases") as Lease[];
  assert.equal(lease?.spec?.holderIdentity, "b");
  assert.equal(lease?.spec?.leaseTransitions, 1);
  await second.stop();
});

test("LeaderElector steps down after 10 s without renewal, and others take over after 15 s", async () => {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const log: string[] = [];
  const first = candidate(api, timers, "a", log);
  await timers.advance(100);
  const second = candidate(api, timers, "b", log);
  await timers.advance(20_000);
  let isDown = true;
  api.intercept = (request) => {
    if (isDown && request.method === "PUT") throw new StatusError("ServiceUnavailable", "down");
  };
  await timers.advance(11_900);
  assert.deepEqual(log, ["a leads", "a stops"]);
  isDown = false;
  void first.stop();
  await timers.advance(12_000);
  assert.deepEqual(log, ["a leads", "a stops", "b leads"]);
  await second.stop();
});
