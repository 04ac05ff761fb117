// What the server fills in where a client says nothing: one row for each kind that has defaults.
// Source: pkg/apis/*/v*/defaults.go and zz_generated.defaults.go.
import { groupVersionOf } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { pod, podTemplateIfAny } from "./pod-defaults.js";
import { resourceList } from "./resource-defaults.js";
import {
  always,
  each,
  type Fields,
  isObject,
  type Rule,
  unlessSet,
  unlessSetBy,
  unlessZero,
  within,
} from "./rule.js";
import { horizontalPodAutoscaler, limitRange, service } from "./service-defaults.js";
import {
  claim,
  cronJob,
  daemonSet,
  deployment,
  job,
  replicaSet,
  replicationController,
  statefulSet,
} from "./workload-defaults.js";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const NAME_LABEL = "kubernetes.io/metadata.name";

const endpointPort = within({ name: unlessSet(""), protocol: unlessSet("TCP") });
const policyPorts = each(within({ ports: each(within({ protocol: unlessSet("TCP") })) }));
const subject = within({
  apiGroup: (value, owner) =>
    value || (owner["kind"] === "User" || owner["kind"] === "Group" ? RBAC_GROUP : value),
});
const binding = within({
  subjects: each(subject),
  roleRef: within({ apiGroup: unlessZero(RBAC_GROUP) }),
});

/** A Namespace is found by its name like by a label. */
const namespaceMetadata: Rule = (value) => {
  const metadata = (value ?? {}) as KubeObject["metadata"];
  const { name, labels } = metadata;
  if (!name || labels?.[NAME_LABEL] === name) return value;
  return { ...metadata, labels: { ...labels, [NAME_LABEL]: name } };
};

/** What is written as text is kept as bytes, over what there is. */
const secretData: Rule = (value, { stringData }) => {
  if (!isObject(stringData)) return value;
  const encoded = Object.entries(stringData).map(([name, text]) => [
    name,
    Buffer.from(String(text)).toString("base64"),
  ]);
  return { ...(value as object | undefined), ...Object.fromEntries(encoded) };
};

const volumeSpec = always({
  persistentVolumeReclaimPolicy: unlessZero("Retain"),
  volumeMode: unlessSet("Filesystem"),
  hostPath: within({ type: unlessSet("") }),
  iscsi: within({ iscsiInterface: unlessZero("default") }),
  rbd: within({
    pool: unlessZero("rbd"),
    user: unlessZero("admin"),
    keyring: unlessZero("/etc/ceph/keyring"),
  }),
});

const policyTypes: Rule = (value, spec) => {
  if (Array.isArray(value) && value.length > 0) return value;
  const hasEgress = Array.isArray(spec["egress"]) && spec["egress"].length > 0;
  return hasEgress ? ["Ingress", "Egress"] : ["Ingress"];
};

const orElse =
  (standard: readonly unknown[]): Rule =>
  (value) =>
    Array.isArray(value) && value.length > 0 ? value : standard;

/** "group/Kind" -> the object's rule. */
const DEFAULTS: Readonly<Record<string, (value: unknown) => unknown>> = {
  "/Endpoints": within({ subsets: each(within({ ports: each(within({ protocol: unlessZero("TCP") })) })) }),
  "/LimitRange": limitRange,
  "/Namespace": within({ metadata: namespaceMetadata, status: always({ phase: unlessZero("Active") }) }),
  "/Node": within({
    status: within({ allocatable: unlessSetBy((status) => status["capacity"]), capacity: resourceList }),
  }),
  "/PersistentVolume": within({ spec: volumeSpec, status: always({ phase: unlessZero("Pending") }) }),
  "/PersistentVolumeClaim": claim,
  "/Pod": pod,
  "/PodTemplate": within({ template: podTemplateIfAny }),
  "/ReplicationController": replicationController,
  "/ResourceQuota": within({ spec: within({ hard: resourceList }) }),
  "/Secret": within({ data: secretData, stringData: () => undefined, type: unlessZero("Opaque") }),
  "/Service": service,
  "apps/DaemonSet": daemonSet,
  "apps/Deployment": deployment,
  "apps/ReplicaSet": replicaSet,
  "apps/StatefulSet": statefulSet,
  "authentication.k8s.io/TokenRequest": within({ spec: always({ expirationSeconds: unlessSet(3600) }) }),
  "autoscaling/HorizontalPodAutoscaler": horizontalPodAutoscaler,
  "batch/CronJob": cronJob,
  "batch/Job": job,
  "discovery.k8s.io/EndpointSlice": within({ ports: each(endpointPort) }),
  "flowcontrol.apiserver.k8s.io/FlowSchema": within({
    spec: within({ matchingPrecedence: unlessZero(1000) }),
  }),
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": within({
    spec: within({
      exempt: within({ nominalConcurrencyShares: unlessSet(0), lendablePercent: unlessSet(0) }),
      limited: within({
        nominalConcurrencyShares: unlessSet(30),
        lendablePercent: unlessSet(0),
        limitResponse: within({
          queuing: within({
            handSize: unlessZero(8),
            queues: unlessZero(64),
            queueLengthLimit: unlessZero(50),
          }),
        }),
      }),
    }),
  }),
  "networking.k8s.io/IngressClass": within({
    spec: within({ parameters: within({ scope: unlessSet("Cluster") }) }),
  }),
  "networking.k8s.io/NetworkPolicy": within({
    spec: always({ podSelector: unlessSet({}), ingress: policyPorts, egress: policyPorts, policyTypes }),
  }),
  "node.k8s.io/RuntimeClass": within({
    overhead: within({ podFixed: resourceList }),
  }),
  "rbac.authorization.k8s.io/ClusterRoleBinding": binding,
  "rbac.authorization.k8s.io/RoleBinding": binding,
  "scheduling.k8s.io/PriorityClass": within({ preemptionPolicy: unlessSet("PreemptLowerPriority") }),
  "storage.k8s.io/CSIDriver": within({
    spec: always({
      attachRequired: unlessSet(true),
      podInfoOnMount: unlessSet(false),
      volumeLifecycleModes: orElse(["Persistent"]),
      storageCapacity: unlessSet(false),
      fsGroupPolicy: unlessSet("ReadWriteOnceWithFSType"),
      requiresRepublish: unlessSet(false),
      seLinuxMount: unlessSet(false),
    }),
  }),
  "storage.k8s.io/StorageClass": within({
    reclaimPolicy: unlessSet("Delete"),
    volumeBindingMode: unlessSet("Immediate"),
  }),
};

/**
 * Fills in what upstream fills in. Objects are of their storage version.
 *
 * @returns the same object when nothing is missing; never writes to it, and shares what does not change
 */
export function applyDefaults<Kind extends Fields | KubeObject>(object: Kind): Kind {
  const { apiVersion, kind } = object as KubeObject;
  const rule = DEFAULTS[`${groupVersionOf(apiVersion)[0]}/${kind}`];
  return rule === undefined ? object : (rule(object) as Kind);
}
