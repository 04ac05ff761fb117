import assert from "node:assert/strict";
import { test } from "node:test";
import { SERVICES } from "../client/cluster-resources.js";
import { NODES } from "../client/resources.js";
import { nodeIpamController } from "../controllers/node-ipam/node-ipam-controller.js";
import { hollowCloud } from "../controllers/service-lb/hollow-cloud.js";
import { serviceLoadBalancerController } from "../controllers/service-lb/service-lb-controller.js";
import { nodeObject, startRealCluster } from "./real-cluster.test-data.js";

test("nodeIpamController gives every node a range, and again what a deleted node had", async () => {
  const cluster = await startRealCluster([nodeIpamController([{ cidr: "10.244.0.0/23", nodeMask: 24 }])]);
  const nodes = cluster.of(NODES, null);
  await nodes.create(nodeObject("a"));
  await nodes.create(nodeObject("b"));
  await cluster.timers.advance(100);
  assert.deepEqual((await nodes.get("a")).spec?.podCIDRs, ["10.244.0.0/24"]);
  assert.deepEqual((await nodes.get("b")).spec?.podCIDR, "10.244.1.0/24");
  assert.deepEqual(cluster.errors, []);
  await nodes.create(nodeObject("c"));
  await cluster.timers.advance(100);
  assert.ok(
    (await cluster.events()).includes("Normal CIDRNotAvailable Node c status is now: CIDRNotAvailable"),
  );
  await nodes.delete("a");
  await cluster.timers.advance(60_000);
  assert.equal((await nodes.get("c")).spec?.podCIDR, "10.244.0.0/24");
  await cluster.stop();
});

function loadBalancer(name: string): object {
  const spec = { type: "LoadBalancer", selector: { app: name }, ports: [{ port: 80 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

test("serviceLoadBalancerController hands out an address and takes it back before the Service goes", async () => {
  const cluster = await startRealCluster([serviceLoadBalancerController(hollowCloud("203.0.113.0/30"))]);
  const services = cluster.of(SERVICES);
  for (const name of ["one", "two"]) await services.create(loadBalancer(name));
  await cluster.timers.advance(100);
  const one = await services.get("one");
  assert.deepEqual(one.status?.loadBalancer, { ingress: [{ ip: "203.0.113.1", ipMode: "VIP" }] });
  assert.deepEqual(one.metadata.finalizers, ["service.kubernetes.io/load-balancer-cleanup"]);
  await services.delete("one");
  await services.patch("two", "merge", { spec: { type: "ClusterIP" } });
  await cluster.timers.advance(100);
  assert.deepEqual(
    (await services.list()).items.map(({ metadata }) => metadata.name),
    ["two"],
  );
  const two = await services.get("two");
  assert.deepEqual([two.status?.loadBalancer?.ingress ?? [], two.metadata.finalizers ?? []], [[], []]);
  const events = await cluster.events();
  for (const reason of [
    "EnsuringLoadBalancer Ensuring",
    "EnsuredLoadBalancer Ensured",
    "DeletedLoadBalancer Deleted",
  ])
    assert.ok(events.includes(`Normal ${reason} load balancer`));
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
