import assert from "node:assert/strict";
import { test } from "node:test";
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from "../client/cluster-resources.js";
import { PODS } from "../client/resources.js";
import { endpointsController } from "../controllers/endpoints/endpoints-controller.js";
import { endpointSliceMirroringController } from "../controllers/endpoints/mirror-slices.js";
import { podObject, readyStatus, startRealCluster } from "./real-cluster.test-data.js";

test("endpointsController follows Pods and deletes what their Service leaves; written ones are mirrored", async () => {
  const cluster = await startRealCluster([endpointsController, endpointSliceMirroringController]);
  const { timers, of } = cluster;
  const spec = {
    clusterIP: "10.96.0.1",
    ipFamilies: ["IPv4"],
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080 }],
  };
  await of(SERVICES).create({ apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec });
  const pod = await of(PODS).create(podObject("web-1", { metadata: { labels: { app: "web" } } }));
  await cluster.setStatus(PODS, pod, readyStatus("10.244.0.1"));
  await timers.advance(2000);
  const made = await of(ENDPOINTS).get("web");
  assert.equal(made.subsets?.[0]?.addresses?.[0]?.ip, "10.244.0.1");
  assert.deepEqual(await cluster.all(ENDPOINT_SLICES), []);
  const ports = [{ port: 5432, protocol: "TCP" }];
  const written = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "db" } };
  await of(SERVICES).create({ apiVersion: "v1", kind: "Service", metadata: { name: "db" }, spec: { ports } });
  await of(ENDPOINTS).create({ ...written, subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports }] });
  await timers.advance(2000);
  const slices = await cluster.all(ENDPOINT_SLICES);
  assert.deepEqual(
    slices.map(({ endpoints }) => endpoints?.[0]?.addresses),
    [["192.0.2.1"]],
  );
  await of(SERVICES).delete("web");
  await of(ENDPOINTS).delete("db");
  await timers.advance(2000);
  assert.deepEqual(await cluster.all(ENDPOINTS), []);
  assert.deepEqual(await cluster.all(ENDPOINT_SLICES), []);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
