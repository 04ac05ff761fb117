import assert from "node:assert/strict";
import test from "node:test";
import type { EndpointSlice, Service } from "../api/types.js";
import {
  type BuiltCluster,
  buildClusterObjects,
  type ClusterOptions,
  defaultClusterOptions,
} from "./cluster.js";
import { readDocuments } from "./documents.js";

function build(text: string, options: Partial<ClusterOptions> = {}): BuiltCluster {
  return buildClusterObjects(readDocuments([{ file: "f.yaml", text }]), {
    ...defaultClusterOptions,
    ...options,
  });
}

function service(spec: string, name = "web"): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

function deployment(fields: string, pod = "{}", kind = "Deployment", name = "web"): string {
  const template = `{metadata: {labels: {app: web, tier: a}}, spec: ${pod}}`;
  return `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${fields}template: ${template}}\n`;
}

const WEB = service("{selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}");

function specOf(built: BuiltCluster, index = 0): Service["spec"] {
  return (built.objects.services[index] as Service).spec;
}

/** "address:port@node" of every endpoint. */
function endpointsOf(slices: readonly EndpointSlice[], name = "web"): string[] {
  return slices
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name)
    .flatMap(({ endpoints, ports = [] }) =>
      endpoints.map(
        (end) => `${end.addresses[0]}:${ports.map(({ port }) => port).join("/")}@${end.nodeName ?? "-"}`,
      ),
    );
}

test("buildClusterObjects gives manifests nodes, addresses and endpoints", () => {
  const built = build(WEB + deployment("replicas: 4, "));
  assert.deepEqual(endpointsOf(built.objects.endpointSlices), [
    "10.244.0.2:8080@node-1",
    "10.244.1.2:8080@node-2",
    "10.244.2.2:8080@node-3",
    "10.244.0.3:8080@node-1",
  ]);
  assert.equal(specOf(built).clusterIP, "10.96.0.2", "10.96.0.1 is left to default/kubernetes");
  assert.deepEqual(
    built.objects.nodes.map(({ metadata, spec, status }) => [
      metadata.name,
      metadata.labels?.["topology.kubernetes.io/zone"],
      spec?.podCIDR,
      status?.addresses?.[0]?.address,
    ]),
    [
      ["node-1", "a", "10.244.0.0/24", "192.168.0.10"],
      ["node-2", "b", "10.244.1.0/24", "192.168.0.11"],
      ["node-3", "c", "10.244.2.0/24", "192.168.0.12"],
    ],
  );
  assert.deepEqual(built.objects.podCIDRs, ["10.244.0.0/16"]);
  assert.deepEqual(built.objects.serviceCIDRs, ["10.96.0.0/12"]);
  assert.deepEqual(built.warnings, []);
});

test("buildClusterObjects gives each kind of workload its number of Pods", () => {
  const count = (text: string) => endpointsOf(build(WEB + text, { nodes: 5 }).objects.endpointSlices).length;
  assert.equal(count(deployment("")), 1);
  assert.equal(count(deployment("replicas: 0, ")), 0);
  assert.equal(count(deployment("replicas: 7, ", "{}", "StatefulSet")), 7);
  assert.equal(count(deployment("replicas: 7, ", "{}", "ReplicaSet")), 7);
  assert.equal(count(deployment("", "{}", "DaemonSet")), 5);
  const job = deployment("parallelism: 3, ", "{}", "Job").replace("apps/v1", "batch/v1");
  assert.equal(count(job), 3);
  const controller = deployment("replicas: 2, selector: {app: web}, ", "{}", "ReplicationController").replace(
    "apps/",
    "",
  );
  assert.equal(count(controller), 2);
  const pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: web}}\nspec: {}\n";
  assert.equal(count(pod), 1);
  assert.equal(count(`${pod}status: {}\n`), 1, "as kubectl --dry-run prints it");
  assert.equal(count(`${pod}status: {phase: Pending}\n`), 0);
});

test("buildClusterObjects leaves a ReplicaSet to the Deployment that owns it", () => {
  const owned = deployment("replicas: 2, ", "{}", "ReplicaSet", "web-abc").replace(
    "{name: web-abc}",
    "{name: web-abc, ownerReferences: [{kind: Deployment, name: web, controller: true}]}",
  );
  assert.equal(
    endpointsOf(build(WEB + deployment("replicas: 2, ") + owned).objects.endpointSlices).length,
    2,
  );
  assert.equal(endpointsOf(build(WEB + owned).objects.endpointSlices).length, 2);
});

test("buildClusterObjects finds named target ports in containers, of the right protocol", () => {
  const named = service("{selector: {app: web}, ports: [{port: 53, protocol: UDP, targetPort: dns}]}");
  const ports = "[{name: dns, containerPort: 5301}, {name: dns, containerPort: 5302, protocol: UDP}]";
  const built = build(named + deployment("", `{containers: [{name: c, ports: ${ports}}]}`));
  assert.deepEqual(endpointsOf(built.objects.endpointSlices), ["10.244.0.2:5302@node-1"]);
  const without = build(named + deployment(""));
  assert.match(
    without.warnings.join("\n"),
    /1 Services name a target port that some of their Pods do not have: default\/web/,
  );
});

test("buildClusterObjects puts Pods on the node that they name and on the node's own network", () => {
  const pinned = build(WEB + deployment("replicas: 2, ", "{nodeName: node-2}"));
  assert.deepEqual(endpointsOf(pinned.objects.endpointSlices), [
    "10.244.1.2:8080@node-2",
    "10.244.1.3:8080@node-2",
  ]);
  const host = build(WEB + deployment("", "{hostNetwork: true}", "DaemonSet"));
  assert.deepEqual(endpointsOf(host.objects.endpointSlices), [
    "192.168.0.10:8080@node-1",
    "192.168.0.11:8080@node-2",
    "192.168.0.12:8080@node-3",
  ]);
});

test("buildClusterObjects keeps slices to 100 endpoints and grows the Pod CIDR when it must", () => {
  const built = build(WEB + deployment("replicas: 1000, "));
  assert.deepEqual(
    built.objects.endpointSlices.map(({ endpoints }) => endpoints.length),
    Array(10).fill(100),
  );
  assert.equal(new Set(built.objects.endpointSlices.map(({ metadata }) => metadata.name)).size, 10);
  assert.equal(new Set(endpointsOf(built.objects.endpointSlices)).size, 1000);
  assert.deepEqual(built.objects.podCIDRs, ["10.128.0.0/9"]);
});

test("buildClusterObjects opens Services to the outside as a cluster would", () => {
  const local = "externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}]";
  const built = build(
    service("{type: NodePort, ports: [{port: 80, nodePort: 30000}]}", "given") +
      service("{type: NodePort, ports: [{port: 80}]}", "np") +
      service(`{type: LoadBalancer, ${local}}`, "lb") +
      service(
        "{type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerIP: 192.0.2.7, ports: [{port: 80}]}",
        "asked",
      ),
  );
  assert.equal(specOf(built, 1).ports?.[0]?.nodePort, 30001);
  assert.equal(specOf(built, 2).ports?.[0]?.nodePort, 30002);
  assert.equal(specOf(built, 2).healthCheckNodePort, 30003);
  assert.deepEqual(built.objects.services[2]?.status?.loadBalancer?.ingress, [
    { ip: "203.0.113.1", ipMode: "VIP" },
  ]);
  assert.equal(specOf(built, 3).ports?.[0]?.nodePort, undefined);
  assert.deepEqual(built.objects.services[3]?.status?.loadBalancer?.ingress, [
    { ip: "192.0.2.7", ipMode: "VIP" },
  ]);
});

test("buildClusterObjects serves both families to those who ask", () => {
  const built = build(
    service("{ipFamilyPolicy: RequireDualStack, selector: {app: web}, ports: [{port: 80}]}") +
      service("{selector: {app: web}, ports: [{port: 80}]}", "single") +
      service("{ipFamilies: [IPv6], selector: {app: web}, ports: [{port: 80}]}", "six") +
      deployment(""),
  );
  assert.deepEqual(specOf(built, 0).clusterIPs, ["10.96.0.2", "fd00:10:96::2"]);
  assert.deepEqual(specOf(built, 1).clusterIPs, ["10.96.0.3"]);
  assert.deepEqual(specOf(built, 2).clusterIPs, ["fd00:10:96::3"]);
  assert.deepEqual(endpointsOf(built.objects.endpointSlices), [
    "10.244.0.2:80@node-1",
    "fd00:10:244::2:80@node-1",
  ]);
  assert.deepEqual(endpointsOf(built.objects.endpointSlices, "six"), ["fd00:10:244::2:80@node-1"]);
  assert.deepEqual(built.objects.podCIDRs, ["10.244.0.0/16", "fd00:10:244::/56"]);
});

test("buildClusterObjects gives a PreferDualStack Service what the cluster has", () => {
  const prefer = service("{ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]}");
  assert.deepEqual(specOf(build(prefer)).clusterIPs, ["10.96.0.2"]);
  assert.deepEqual(specOf(build(prefer, { families: ["IPv6", "IPv4"] })).clusterIPs, [
    "fd00:10:96::2",
    "10.96.0.2",
  ]);
});

test("buildClusterObjects warns about Services that nothing stands behind, and about what it does not read", () => {
  const built = build(
    `${WEB}${service("{ports: [{port: 80}]}", "bare")}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: k}\nspec: {template: {}}\n`,
  );
  assert.deepEqual(built.warnings, [
    "not read: 1 ConfigMap, 1 Service",
    "1 Services have a selector that matches no Pod, and so no endpoints: default/web",
    "1 Services have neither a selector nor endpoints in the input: default/bare",
  ]);
  assert.equal(built.objects.services.length, 2);
});

test("buildClusterObjects numbers Pods past those of dumps, and Services past addresses in use", () => {
  const pod =
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: other}}\nspec: {nodeName: node-1}\nstatus: {phase: Running, podIP: 10.244.0.2}\n";
  const fixed = service("{clusterIP: 10.96.0.2, ports: [{port: 80}]}", "fixed");
  const node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.244.0.0/24}\n";
  const built = build(fixed + WEB + pod + node + deployment(""));
  assert.equal(specOf(built, 1).clusterIP, "10.96.0.3");
  assert.deepEqual(endpointsOf(built.objects.endpointSlices), ["10.244.0.3:8080@node-1"]);
});
