import assert from "node:assert/strict";
import { test } from "node:test";
import { ENDPOINT_SLICES, SERVICES } from "../client/cluster-resources.js";
import { NODES, PODS } from "../client/resources.js";
import { endpointSliceController } from "../controllers/endpointslice/endpoint-slice-controller.js";
import { nodeObject, podObject, readyStatus, startRealCluster } from "./real-cluster.test-data.js";

const WEB = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: {
    clusterIP: "10.96.0.9",
    ipFamilies: ["IPv4"],
    selector: { app: "web" },
    ports: [{ name: "http", port: 80, targetPort: 8080 }],
  },
};

test("endpointSliceController follows Pods through the API", async () => {
  const cluster = await startRealCluster([endpointSliceController()]);
  const { timers, of } = cluster;
  await of(NODES, null).create(nodeObject("node-1", { "topology.kubernetes.io/zone": "a" }));
  await of(SERVICES).create(WEB);
  await timers.advance(10);
  const [empty] = await cluster.all(ENDPOINT_SLICES);
  assert.deepEqual(empty?.endpoints ?? [], []);
  for (let index = 1; index <= 3; index++) {
    const pod = podObject(`web-${index}`, {
      metadata: { labels: { app: "web" } },
      spec: { nodeName: "node-1" },
    });
    const created = await of(PODS).create(pod);
    await cluster.setStatus(PODS, created, readyStatus(`10.244.0.${index}`));
  }
  await timers.advance(2000);
  const slices = await cluster.all(ENDPOINT_SLICES);
  assert.deepEqual(
    slices.map(({ endpoints, ports }) => [endpoints?.map(({ addresses }) => addresses[0]).sort(), ports]),
    [[["10.244.0.1", "10.244.0.2", "10.244.0.3"], [{ name: "http", port: 8080, protocol: "TCP" }]]],
  );
  assert.equal(slices[0]?.endpoints?.[0]?.zone, "a");
  await of(PODS).delete("web-2", { gracePeriodSeconds: 0 });
  await timers.advance(2000);
  const [after] = await cluster.all(ENDPOINT_SLICES);
  assert.deepEqual(after?.endpoints?.map(({ addresses }) => addresses[0]).sort(), [
    "10.244.0.1",
    "10.244.0.3",
  ]);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
