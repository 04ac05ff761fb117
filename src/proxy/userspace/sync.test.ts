import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service } from "../../api/types.js";
import { ChangeTracker } from "../state/change-tracker.js";
import { testConfig, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { syncFull, syncPartial } from "./sync.js";

const CONFIG = testConfig({ mode: "userspace" });
const BASE = uniformCluster(3, 1);

function partial(change: (tracker: ChangeTracker) => void) {
  const tracker = new ChangeTracker(CONFIG);
  for (const object of [...BASE.services, ...BASE.endpointSlices] as (Service | EndpointSlice)[])
    tracker.upsert(object);
  tracker.applyChanges();
  const previous = tracker.state();
  change(tracker);
  const { changed } = tracker.applyChanges();
  return syncPartial(previous, tracker.state(), changed, CONFIG);
}

test("syncFull writes jumps and portals", () => {
  const tracker = new ChangeTracker(CONFIG);
  for (const object of BASE.services) tracker.upsert(object);
  tracker.applyChanges();
  const result = syncFull(tracker.state(), CONFIG);
  assert.deepEqual([result.rules, result.chains, result.change], [5 + 3 * 2, 5, null]);
  assert.equal([...result.text()].join("").length, result.bytes);
});

test("syncPartial adds a new Service on a port of its own, and leaves the others alone", () => {
  // Sorted first, so that counting ports afresh would move all the others.
  const result = partial((tracker) => tracker.upsert(testService("a/a", { clusterIP: "172.30.9.9" })));
  assert.equal(result.rules, 2);
  const match = "-m comment --comment a/a:p80 -m tcp -p tcp -d 172.30.9.9 --dport 80";
  assert.equal(
    [...result.text()].join(""),
    `*nat\n-A KUBE-PORTALS-CONTAINER ${match} -j REDIRECT --to-ports 1027\n` +
      `-A KUBE-PORTALS-HOST ${match} -j DNAT --to-destination 192.168.0.2:1027\nCOMMIT\n`,
  );
});

test("syncPartial deletes the rules of a Service that is gone", () => {
  const result = partial((tracker) => tracker.remove(BASE.services[1]!));
  assert.equal(result.rules, 0);
  assert.equal(
    [...result.text()].join("").match(/^-D KUBE-PORTALS-(HOST|CONTAINER) .*ns1\/svc1/gm)?.length,
    2,
  );
});

test("syncPartial writes no rule when only endpoints change", () => {
  const result = partial((tracker) => tracker.upsert(testSlice("ns0/svc0", ["10.9.9.9"])));
  assert.deepEqual([result.rules, result.bytes], [0, 0]);
});
