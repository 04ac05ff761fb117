import { deepStrictEqual, equal, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "./apply-defaults.js";

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: {
    containers: [
      {
        name: "web",
        image: "registry:5000/web",
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
        livenessProbe: { httpGet: { port: 80 }, periodSeconds: 3 },
      },
    ],
    volumes: [{ name: "scratch" }, { name: "keys", secret: { secretName: "keys" } }],
  },
};

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) frozen(each);
    Object.freeze(value);
  }
  return value;
}

/** Reads a path like "spec.ports.0.protocol". */
function at(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], object);
}

test("applyDefaults fills in a Pod and writes nothing to it, when fields are absent", () => {
  const pod = applyDefaults(frozen(POD));
  const expected: Readonly<Record<string, unknown>> = {
    "spec.restartPolicy": "Always",
    "spec.dnsPolicy": "ClusterFirst",
    "spec.schedulerName": "default-scheduler",
    "spec.terminationGracePeriodSeconds": 30,
    "spec.enableServiceLinks": true,
    "spec.securityContext": {},
    "spec.containers.0.imagePullPolicy": "Always",
    "spec.containers.0.ports.0.protocol": "TCP",
    "spec.containers.0.resources.requests": { cpu: "500m", memory: "1Gi" },
    "spec.containers.0.terminationMessagePath": "/dev/termination-log",
    "spec.containers.0.livenessProbe": {
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      periodSeconds: 3,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    },
    "spec.volumes.0": { name: "scratch", emptyDir: {} },
    "spec.volumes.1.secret.defaultMode": 420,
  };
  for (const [path, value] of Object.entries(expected)) deepStrictEqual(at(pod, path), value, path);
  strictEqual(pod.metadata, POD.metadata);
});

test("applyDefaults answers the object itself, when nothing is missing", () => {
  const pod = applyDefaults(POD);
  strictEqual(applyDefaults(pod), pod);
});

interface Case {
  readonly name: string;
  readonly object: { readonly kind: string; readonly apiVersion: string } & Record<string, unknown>;
  readonly expected: Readonly<Record<string, unknown>>;
}

const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image: "web:v1" }] },
};

const CASES: readonly Case[] = [
  {
    name: "Deployment",
    object: { apiVersion: "apps/v1", kind: "Deployment", spec: { template } },
    expected: {
      "spec.replicas": 1,
      "spec.strategy": { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      "spec.revisionHistoryLimit": 10,
      "spec.progressDeadlineSeconds": 600,
      "spec.template.spec.restartPolicy": "Always",
      "spec.template.spec.containers.0.imagePullPolicy": "IfNotPresent",
      "spec.template.spec.enableServiceLinks": undefined,
    },
  },
  {
    name: "Secret with text",
    object: {
      apiVersion: "v1",
      kind: "Secret",
      data: { kept: "a2VwdA==", user: "b2xk" },
      stringData: { user: "bob" },
    },
    expected: {
      "data.kept": "a2VwdA==",
      "data.user": "Ym9i",
      stringData: undefined,
      type: "Opaque",
    },
  },
  {
    name: "NetworkPolicy of all Pods",
    object: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec: {} },
    expected: { "spec.podSelector": {}, "spec.policyTypes": ["Ingress"] },
  },
  {
    name: "Pod that asks for its limit",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      spec: {
        containers: [{ env: [{ name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] }],
      },
    },
    expected: { "spec.containers.0.env.0.valueFrom.resourceFieldRef.divisor": "0" },
  },
  {
    name: "Deployment that recreates",
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      spec: { replicas: 0, strategy: { type: "Recreate" }, template },
    },
    expected: { "spec.replicas": 0, "spec.strategy": { type: "Recreate" } },
  },
  {
    name: "StatefulSet",
    object: {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      spec: { template, volumeClaimTemplates: [{ spec: {} }] },
    },
    expected: {
      "spec.updateStrategy": { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      "spec.podManagementPolicy": "OrderedReady",
      "spec.persistentVolumeClaimRetentionPolicy": { whenDeleted: "Retain", whenScaled: "Retain" },
      "spec.volumeClaimTemplates.0.spec.volumeMode": "Filesystem",
      "spec.volumeClaimTemplates.0.kind": "PersistentVolumeClaim",
    },
  },
  {
    name: "DaemonSet",
    object: { apiVersion: "apps/v1", kind: "DaemonSet", spec: { template } },
    expected: { "spec.updateStrategy.rollingUpdate": { maxUnavailable: 1, maxSurge: 0 } },
  },
  {
    name: "Job",
    object: { apiVersion: "batch/v1", kind: "Job", metadata: {}, spec: { template } },
    expected: {
      "spec.completions": 1,
      "spec.parallelism": 1,
      "spec.backoffLimit": 6,
      "spec.completionMode": "NonIndexed",
      "spec.podReplacementPolicy": "TerminatingOrFailed",
      "metadata.labels": { app: "web" },
    },
  },
  {
    name: "Job that has its uid",
    object: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "once", uid: "u1" },
      spec: { template },
    },
    expected: {
      "metadata.labels": {
        "batch.kubernetes.io/job-name": "once",
        "job-name": "once",
        "batch.kubernetes.io/controller-uid": "u1",
        "controller-uid": "u1",
        app: "web",
      },
    },
  },
  {
    name: "Job with parallelism only",
    object: {
      apiVersion: "batch/v1",
      kind: "Job",
      spec: { parallelism: 3, backoffLimitPerIndex: 1, template },
    },
    expected: { "spec.completions": undefined, "spec.backoffLimit": 2147483647 },
  },
  {
    name: "Service",
    object: { apiVersion: "v1", kind: "Service", spec: { ports: [{ port: 80 }] } },
    expected: {
      "spec.type": "ClusterIP",
      "spec.sessionAffinity": "None",
      "spec.internalTrafficPolicy": "Cluster",
      "spec.externalTrafficPolicy": undefined,
      "spec.ports.0": { port: 80, protocol: "TCP", targetPort: 80 },
    },
  },
  {
    name: "Service with affinity and a load balancer",
    object: {
      apiVersion: "v1",
      kind: "Service",
      spec: { type: "LoadBalancer", sessionAffinity: "ClientIP" },
    },
    expected: {
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds": 10800,
      "spec.externalTrafficPolicy": "Cluster",
      "spec.allocateLoadBalancerNodePorts": true,
    },
  },
  {
    name: "Namespace",
    object: { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
    expected: { "metadata.labels": { "kubernetes.io/metadata.name": "a" }, "status.phase": "Active" },
  },
  {
    name: "HorizontalPodAutoscaler",
    object: { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", spec: { maxReplicas: 3 } },
    expected: { "spec.minReplicas": 1, "spec.metrics.0.resource.target.averageUtilization": 80 },
  },
  {
    name: "NetworkPolicy with egress",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      spec: { egress: [{ ports: [{ port: 53 }] }] },
    },
    expected: { "spec.policyTypes": ["Ingress", "Egress"], "spec.egress.0.ports.0.protocol": "TCP" },
  },
  {
    name: "LimitRange",
    object: {
      apiVersion: "v1",
      kind: "LimitRange",
      spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { cpu: "1m", memory: "4Mi" } }] },
    },
    expected: {
      "spec.limits.0.default": { cpu: "2" },
      "spec.limits.0.defaultRequest": { cpu: "2", memory: "4Mi" },
    },
  },
  {
    name: "RoleBinding",
    object: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      subjects: [
        { kind: "User", name: "a" },
        { kind: "ServiceAccount", name: "b" },
      ],
      roleRef: { kind: "Role", name: "r" },
    },
    expected: {
      "roleRef.apiGroup": "rbac.authorization.k8s.io",
      "subjects.0.apiGroup": "rbac.authorization.k8s.io",
      "subjects.1.apiGroup": undefined,
    },
  },
  {
    name: "EndpointSlice",
    object: { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", ports: [{ port: 80 }] },
    expected: { "ports.0": { name: "", protocol: "TCP", port: 80 } },
  },
];

for (const { name, object, expected } of CASES)
  test(`applyDefaults fills in what upstream does, for a ${name}`, () => {
    const result = applyDefaults(frozen(object));
    for (const [path, value] of Object.entries(expected)) deepStrictEqual(at(result, path), value, path);
    equal(applyDefaults(result), result, "a second time changes nothing");
  });

test("applyDefaults writes what a claim starts with under both names, when one is told", () => {
  const claim = (spec: object) =>
    applyDefaults({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec });
  const both = (spec: object) => [at(claim(spec), "spec.dataSource"), at(claim(spec), "spec.dataSourceRef")];
  const old = { kind: "PersistentVolumeClaim", name: "old" };
  const known = { apiGroup: null, ...old };
  deepStrictEqual(both({ dataSource: old }), [known, known]);
  deepStrictEqual(both({ dataSourceRef: old }), [known, known]);
  const other = { apiGroup: "example.com", kind: "Backup", name: "old" };
  deepStrictEqual(both({ dataSource: other }), [undefined, undefined]);
  deepStrictEqual(both({ dataSourceRef: other }), [other, other]);
  deepStrictEqual(both({ dataSourceRef: { ...other, namespace: "far" } }), [undefined, undefined]);
});
