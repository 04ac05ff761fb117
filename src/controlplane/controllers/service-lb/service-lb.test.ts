import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../client/cluster-resources.js";
import { hollowCloud } from "./hollow-cloud.js";
import { loadBalancerStep } from "./service-lb-controller.js";

function service(name: string, spec: object, more: { metadata?: object; status?: object } = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", ...more.metadata },
    spec,
    status: more.status,
  } as unknown as Service;
}

const HELD = { finalizers: ["service.kubernetes.io/load-balancer-cleanup"] };

test("loadBalancerStep ensures what is wanted and releases what is held", () => {
  const wanted = { type: "LoadBalancer" };
  assert.equal(loadBalancerStep(service("a", wanted)), "ensure");
  assert.equal(loadBalancerStep(service("a", { ...wanted, loadBalancerClass: "other" })), "none");
  assert.equal(loadBalancerStep(service("a", { type: "ClusterIP" })), "none");
  assert.equal(loadBalancerStep(service("a", { type: "ClusterIP" }, { metadata: HELD })), "release");
  assert.equal(
    loadBalancerStep(service("a", wanted, { metadata: { ...HELD, deletionTimestamp: "x" } })),
    "release",
  );
});

test("hollowCloud keeps to its range, to what it gave, and to what is asked for", async () => {
  const cloud = hollowCloud("203.0.113.0/29");
  const ip = async (one: Service) => (await cloud.ensure(one))[0]?.ip;
  cloud.adopt(service("old", {}, { status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } } }));
  assert.equal(await ip(service("a", {})), "203.0.113.2");
  assert.equal(await ip(service("a", {})), "203.0.113.2");
  assert.equal(await ip(service("b", { loadBalancerIP: "203.0.113.5" })), "203.0.113.5");
  await assert.rejects(cloud.ensure(service("c", { loadBalancerIP: "203.0.113.5" })), /in use/);
  for (const name of ["d", "e", "f"]) await cloud.ensure(service(name, {}));
  await assert.rejects(cloud.ensure(service("g", {})), /all 6 addresses/);
  await cloud.remove(service("a", {}));
  assert.equal(await ip(service("g", {})), "203.0.113.2");
});
