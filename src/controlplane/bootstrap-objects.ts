// What a cluster holds before anybody asks for anything. Written once; what is there already is left alone.
// Source: kubernetes pkg/controlplane/controller (systemnamespaces), pkg/registry/scheduling/rest.
import { isStatus } from "../api/status.js";
import { bootstrapPolicy } from "./apiserver/auth/bootstrap-policy.js";
import { BOOTSTRAP_LEVELS, BOOTSTRAP_SCHEMAS } from "./apiserver/flowcontrol/bootstrap-flows.js";
import type { Client, ResourceName } from "./client/client.js";

interface Bootstrapped {
  readonly resource: ResourceName;
  readonly namespace: string | null;
  readonly object: object;
}

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"] as const;

/** Name -> value, of classes that Pods of the system have. */
const PRIORITY_CLASSES = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
} as const;

const AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-";

/** Who may view a namespace may also see what it uses. Source: metrics-server manifests/base/rbac.yaml. */
const METRICS_READER = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: {
    name: "system:aggregated-metrics-reader",
    labels: {
      "k8s-app": "metrics-server",
      [`${AGGREGATE_TO}admin`]: "true",
      [`${AGGREGATE_TO}edit`]: "true",
      [`${AGGREGATE_TO}view`]: "true",
    },
  },
  rules: [{ apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
};

/** @param serviceRange CIDR that Services get their addresses from */
export async function writeBootstrapObjects(client: Client, serviceRange: string): Promise<void> {
  for (const { resource, namespace, object } of bootstrapObjects(serviceRange)) {
    try {
      await client.resource(resource, namespace).create(object);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }
}

function bootstrapObjects(serviceRange: string): readonly Bootstrapped[] {
  return [
    ...NAMESPACES.map((name) => ({
      resource: { group: "", version: "v1", resource: "namespaces" },
      namespace: null,
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    })),
    ...Object.entries(PRIORITY_CLASSES).map(([name, value]) => ({
      resource: { group: "scheduling.k8s.io", version: "v1", resource: "priorityclasses" },
      namespace: null,
      object: {
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name },
        value,
        description: "Used for Pods that the cluster, or a node, cannot do without.",
      },
    })),
    {
      resource: { group: "storage.k8s.io", version: "v1", resource: "storageclasses" },
      namespace: null,
      object: standardStorageClass(),
    },
    {
      resource: { group: "networking.k8s.io", version: "v1", resource: "servicecidrs" },
      namespace: null,
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "ServiceCIDR",
        metadata: { name: "kubernetes" },
        spec: { cidrs: [serviceRange] },
      },
    },
    ...BOOTSTRAP_LEVELS.map((object) => ({
      resource: flowResource("prioritylevelconfigurations"),
      namespace: null,
      object,
    })),
    ...BOOTSTRAP_SCHEMAS.map((object) => ({
      resource: flowResource("flowschemas"),
      namespace: null,
      object,
    })),
    ...bootstrapPolicy().map((object) => ({
      resource: rbacResource(object.kind),
      namespace: object.metadata.namespace ?? null,
      object,
    })),
    { resource: rbacResource("ClusterRole"), namespace: null, object: METRICS_READER },
  ];
}

function flowResource(resource: string): ResourceName {
  return { group: "flowcontrol.apiserver.k8s.io", version: "v1", resource };
}

function rbacResource(kind: string): ResourceName {
  return { group: "rbac.authorization.k8s.io", version: "v1", resource: `${kind.toLowerCase()}s` };
}

function standardStorageClass(): object {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "plumbline.dev/hollow",
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  };
}
