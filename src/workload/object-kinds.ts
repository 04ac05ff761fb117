// The kinds of object that Plumbline reads: one row each, with the rules of the fields it uses.
// Sources: k8s.io/api core/v1, discovery/v1, apps/v1, batch/v1; pkg/apis/core/validation.
import type { WorkloadKind } from "../api/types.js";
import {
  BOOLEAN,
  CIDR,
  IP,
  integer,
  LABEL_NAME,
  LABEL_SELECTOR,
  list,
  map,
  object,
  oneOf,
  PORT,
  PORT_LABEL,
  PORT_OR_NONE,
  PROTOCOL,
  type Rule,
  STRING,
  SUBDOMAIN_NAME,
  TARGET_PORT,
  text,
} from "./field-rules.js";

/** Kinds in the table below; others are counted and left aside. */
export type ObjectKind = "Service" | "EndpointSlice" | "Endpoints" | "Node" | "Pod" | WorkloadKind;

export interface KindRow {
  /** API groups whose kind of this name is meant; "" is the core group. */
  readonly groups: readonly string[];
  /** As it should be written today. */
  readonly apiVersion: string;
  readonly isNamespaced: boolean;
  readonly rule: Rule;
}

const METADATA_RULES = {
  namespace: LABEL_NAME,
  labels: map(STRING),
  annotations: map(STRING),
  deletionTimestamp: STRING,
  ownerReferences: list(object({ kind: STRING, name: STRING, controller: BOOLEAN }, "kind", "name")),
};
const METADATA = object({ name: SUBDOMAIN_NAME, ...METADATA_RULES }, "name");
const SERVICE_METADATA = object({ name: LABEL_NAME, ...METADATA_RULES }, "name");

const FAMILY = oneOf("IPv4", "IPv6");
const POLICY = oneOf("Cluster", "Local");

const SERVICE_PORT = object(
  { name: PORT_LABEL, port: PORT, targetPort: TARGET_PORT, nodePort: PORT_OR_NONE, protocol: PROTOCOL },
  "port",
);
const CLUSTER_IP = text(
  "an IP address or None",
  (candidate) => candidate === "" || candidate === "None" || isIp(candidate),
);

const SERVICE = object(
  {
    metadata: SERVICE_METADATA,
    spec: object({
      type: oneOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
      selector: map(STRING),
      clusterIP: CLUSTER_IP,
      clusterIPs: list(CLUSTER_IP, 2),
      ipFamilies: list(FAMILY, 2),
      ipFamilyPolicy: oneOf("SingleStack", "PreferDualStack", "RequireDualStack"),
      ports: list(SERVICE_PORT),
      externalIPs: list(IP),
      externalName: STRING,
      sessionAffinity: oneOf("None", "ClientIP"),
      sessionAffinityConfig: object({ clientIP: object({ timeoutSeconds: integer("seconds", 1, 86400) }) }),
      externalTrafficPolicy: POLICY,
      internalTrafficPolicy: POLICY,
      trafficDistribution: STRING,
      healthCheckNodePort: PORT_OR_NONE,
      loadBalancerSourceRanges: list(CIDR),
      loadBalancerIP: STRING,
      allocateLoadBalancerNodePorts: BOOLEAN,
      publishNotReadyAddresses: BOOLEAN,
    }),
    status: object({
      loadBalancer: object({ ingress: list(object({ ip: IP, ipMode: oneOf("VIP", "Proxy") })) }),
    }),
  },
  "metadata",
  "spec",
);

const ENDPOINT_PORT = object({ name: PORT_LABEL, port: PORT, protocol: PROTOCOL });
const HINTS = list(object({ name: STRING }, "name"));

const ENDPOINT_SLICE = object(
  {
    metadata: METADATA,
    addressType: oneOf("IPv4", "IPv6", "FQDN"),
    endpoints: list(
      object(
        {
          addresses: list(STRING, 100),
          conditions: object({ ready: BOOLEAN, serving: BOOLEAN, terminating: BOOLEAN }),
          nodeName: STRING,
          zone: STRING,
          hints: object({ forZones: HINTS, forNodes: HINTS }),
        },
        "addresses",
      ),
      1000,
    ),
    ports: list(ENDPOINT_PORT, 20_000),
  },
  "metadata",
  "addressType",
);

const ENDPOINT_ADDRESSES = list(object({ ip: IP, nodeName: STRING }, "ip"));
const ENDPOINTS = object(
  {
    metadata: METADATA,
    subsets: list(
      object({
        addresses: ENDPOINT_ADDRESSES,
        notReadyAddresses: ENDPOINT_ADDRESSES,
        ports: list(object({ name: PORT_LABEL, port: PORT, protocol: PROTOCOL }, "port")),
      }),
    ),
  },
  "metadata",
);

const NODE = object(
  {
    metadata: METADATA,
    spec: object({ podCIDR: CIDR, podCIDRs: list(CIDR, 2) }),
    status: object({ addresses: list(object({ type: STRING, address: STRING }, "type", "address")) }),
  },
  "metadata",
);

const CONTAINERS = list(
  object({
    name: STRING,
    restartPolicy: STRING,
    ports: list(object({ name: STRING, containerPort: PORT, protocol: PROTOCOL }, "containerPort")),
  }),
);
const POD_SPEC = object({
  containers: CONTAINERS,
  initContainers: CONTAINERS,
  nodeName: STRING,
  hostNetwork: BOOLEAN,
});

const POD = object(
  {
    metadata: METADATA,
    spec: POD_SPEC,
    status: object({
      phase: oneOf("Pending", "Running", "Succeeded", "Failed", "Unknown"),
      podIP: IP,
      podIPs: list(object({ ip: IP }, "ip"), 2),
      conditions: list(object({ type: STRING, status: oneOf("True", "False", "Unknown") }, "type", "status")),
    }),
  },
  "metadata",
);

function workload(selector: Rule): Rule {
  const template = object({ metadata: object({ labels: map(STRING) }), spec: POD_SPEC });
  const count = integer("a number of Pods", 0, 1_000_000);
  return object(
    {
      metadata: METADATA,
      spec: object({ replicas: count, parallelism: count, selector, template }, "template"),
    },
    "metadata",
    "spec",
  );
}

const APPS = { groups: ["apps", "extensions"], apiVersion: "apps/v1", isNamespaced: true };

export const OBJECT_KINDS: Readonly<Record<ObjectKind, KindRow>> = {
  Service: { groups: [""], apiVersion: "v1", isNamespaced: true, rule: SERVICE },
  EndpointSlice: {
    groups: ["discovery.k8s.io"],
    apiVersion: "discovery.k8s.io/v1",
    isNamespaced: true,
    rule: ENDPOINT_SLICE,
  },
  Endpoints: { groups: [""], apiVersion: "v1", isNamespaced: true, rule: ENDPOINTS },
  Node: { groups: [""], apiVersion: "v1", isNamespaced: false, rule: NODE },
  Pod: { groups: [""], apiVersion: "v1", isNamespaced: true, rule: POD },
  Deployment: { ...APPS, rule: workload(LABEL_SELECTOR) },
  StatefulSet: { ...APPS, rule: workload(LABEL_SELECTOR) },
  DaemonSet: { ...APPS, rule: workload(LABEL_SELECTOR) },
  ReplicaSet: { ...APPS, rule: workload(LABEL_SELECTOR) },
  ReplicationController: { groups: [""], apiVersion: "v1", isNamespaced: true, rule: workload(map(STRING)) },
  Job: { groups: ["batch"], apiVersion: "batch/v1", isNamespaced: true, rule: workload(LABEL_SELECTOR) },
};

/** Groups that Kubernetes itself serves; a kind of the table in a group outside them is somebody else's. */
export const BUILT_IN_GROUPS: ReadonlySet<string> = new Set(
  Object.values(OBJECT_KINDS).flatMap(({ groups }) => groups),
);

function isIp(candidate: string): boolean {
  return IP.kind === "value" && IP.test(candidate);
}
