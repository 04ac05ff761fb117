// What a scheduler's input may say: the kinds it reads, with the rules of the fields that it uses. Everything else of an
// object is kept as it stands.
// Sources: k8s.io/api core/v1, storage/v1, policy/v1, scheduling/v1, apps/v1.
import { quantityValue } from "../api/quantity.js";
import {
  BOOLEAN,
  integer,
  LABEL_SELECTOR,
  list,
  map,
  object,
  oneOf,
  type Rule,
  STRING,
  SUBDOMAIN_NAME,
} from "./field-rules.js";

export interface SchedulingKind {
  /** "" is the core group. */
  readonly group: string;
  readonly isNamespaced: boolean;
  readonly rule: Rule;
}

const QUANTITY: Rule = {
  kind: "value",
  expected: "a quantity such as 100m, 500Mi or 2",
  test: (candidate) =>
    (typeof candidate === "string" || typeof candidate === "number") && quantityValue(candidate) !== null,
};
const COUNT = integer("a number", 0, 2 ** 31 - 1);
const INT32 = integer("a number", -(2 ** 31), 2 ** 31 - 1);
const WEIGHT = integer("a weight", 1, 100);
const RESOURCES = object({ requests: map(QUANTITY), limits: map(QUANTITY) });
const EFFECT = oneOf("NoSchedule", "PreferNoSchedule", "NoExecute", "");

const METADATA = object(
  {
    name: SUBDOMAIN_NAME,
    namespace: STRING,
    uid: STRING,
    labels: map(STRING),
    annotations: map(STRING),
    deletionTimestamp: STRING,
    ownerReferences: list(
      object({ kind: STRING, name: STRING, uid: STRING, controller: BOOLEAN }, "kind", "name"),
    ),
  },
  "name",
);

const NODE_REQUIREMENTS = list(
  object(
    {
      key: STRING,
      operator: oneOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
      values: list(STRING),
    },
    "key",
    "operator",
  ),
);
const NODE_TERM = object({ matchExpressions: NODE_REQUIREMENTS, matchFields: NODE_REQUIREMENTS });
const NODE_SELECTOR = object({ nodeSelectorTerms: list(NODE_TERM) }, "nodeSelectorTerms");
const NODE_AFFINITY = object({
  requiredDuringSchedulingIgnoredDuringExecution: NODE_SELECTOR,
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object({ weight: WEIGHT, preference: NODE_TERM }, "weight", "preference"),
  ),
});

const POD_TERM = object(
  {
    labelSelector: LABEL_SELECTOR,
    namespaces: list(STRING),
    namespaceSelector: LABEL_SELECTOR,
    topologyKey: STRING,
    matchLabelKeys: list(STRING),
    mismatchLabelKeys: list(STRING),
  },
  "topologyKey",
);
const POD_AFFINITY = object({
  requiredDuringSchedulingIgnoredDuringExecution: list(POD_TERM),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object({ weight: WEIGHT, podAffinityTerm: POD_TERM }, "weight", "podAffinityTerm"),
  ),
});

const SPREAD = object(
  {
    maxSkew: integer("a number", 1, 2 ** 31 - 1),
    topologyKey: STRING,
    whenUnsatisfiable: oneOf("DoNotSchedule", "ScheduleAnyway"),
    labelSelector: LABEL_SELECTOR,
    minDomains: integer("a number", 1, 2 ** 31 - 1),
    nodeAffinityPolicy: oneOf("Honor", "Ignore"),
    nodeTaintsPolicy: oneOf("Honor", "Ignore"),
    matchLabelKeys: list(STRING),
  },
  "maxSkew",
  "topologyKey",
  "whenUnsatisfiable",
);

const CONTAINERS = list(
  object({
    image: STRING,
    resources: RESOURCES,
    restartPolicy: STRING,
    ports: list(object({ hostPort: COUNT, hostIP: STRING, protocol: oneOf("TCP", "UDP", "SCTP") })),
  }),
);

const VOLUME = object(
  {
    name: STRING,
    persistentVolumeClaim: object({ claimName: STRING }, "claimName"),
    ephemeral: object({}),
    gcePersistentDisk: object({ pdName: STRING, readOnly: BOOLEAN }, "pdName"),
    awsElasticBlockStore: object({ volumeID: STRING, readOnly: BOOLEAN }, "volumeID"),
    iscsi: object({ iqn: STRING, readOnly: BOOLEAN }, "iqn"),
    rbd: object(
      { monitors: list(STRING), image: STRING, pool: STRING, readOnly: BOOLEAN },
      "monitors",
      "image",
    ),
    image: object({ reference: STRING }),
  },
  "name",
);

const POD_SPEC = object({
  containers: CONTAINERS,
  initContainers: CONTAINERS,
  nodeName: STRING,
  schedulerName: STRING,
  schedulingGates: list(object({ name: STRING }, "name")),
  priority: INT32,
  priorityClassName: STRING,
  preemptionPolicy: oneOf("Never", "PreemptLowerPriority"),
  nodeSelector: map(STRING),
  affinity: object({ nodeAffinity: NODE_AFFINITY, podAffinity: POD_AFFINITY, podAntiAffinity: POD_AFFINITY }),
  tolerations: list(
    object({
      key: STRING,
      operator: oneOf("Exists", "Equal", "Lt", "Gt", ""),
      value: STRING,
      effect: EFFECT,
    }),
  ),
  topologySpreadConstraints: list(SPREAD),
  volumes: list(VOLUME),
  overhead: map(QUANTITY),
  resources: RESOURCES,
});

const POD = object(
  {
    metadata: METADATA,
    spec: POD_SPEC,
    status: object({
      phase: oneOf("Pending", "Running", "Succeeded", "Failed", "Unknown"),
      nominatedNodeName: STRING,
      startTime: STRING,
    }),
  },
  "metadata",
  "spec",
);

const NODE = object(
  {
    metadata: METADATA,
    spec: object({
      unschedulable: BOOLEAN,
      taints: list(object({ key: STRING, value: STRING, effect: EFFECT }, "key", "effect")),
    }),
    status: object({
      allocatable: map(QUANTITY),
      images: list(object({ names: list(STRING), sizeBytes: integer("bytes", 0, Number.MAX_SAFE_INTEGER) })),
    }),
  },
  "metadata",
);

const PERSISTENT_VOLUME = object(
  {
    metadata: METADATA,
    spec: object({
      capacity: map(QUANTITY),
      accessModes: list(STRING),
      storageClassName: STRING,
      claimRef: object({ name: STRING, namespace: STRING, uid: STRING }, "name", "namespace"),
      nodeAffinity: object({ required: NODE_SELECTOR }),
      csi: object({ driver: STRING, volumeHandle: STRING }, "driver", "volumeHandle"),
    }),
    status: object({ phase: STRING }),
  },
  "metadata",
  "spec",
);

const CLAIM = object(
  {
    metadata: METADATA,
    spec: object({
      accessModes: list(STRING),
      resources: RESOURCES,
      selector: LABEL_SELECTOR,
      storageClassName: STRING,
      volumeName: STRING,
    }),
    status: object({ phase: STRING }),
  },
  "metadata",
);

const DRIVERS = list(
  object({ name: STRING, topologyKeys: list(STRING), allocatable: object({ count: COUNT }) }, "name"),
);
const TOPOLOGIES = list(
  object({ matchLabelExpressions: list(object({ key: STRING, values: list(STRING) }, "key", "values")) }),
);

function kind(group: string, isNamespaced: boolean, rule: Rule): SchedulingKind {
  return { group, isNamespaced, rule };
}

function withSpec(spec: Rule): Rule {
  return object({ metadata: METADATA, spec }, "metadata", "spec");
}

export const SCHEDULING_KINDS: Readonly<Record<string, SchedulingKind>> = {
  Node: kind("", false, NODE),
  Pod: kind("", true, POD),
  Namespace: kind("", false, object({ metadata: METADATA }, "metadata")),
  Service: kind("", true, withSpec(object({ selector: map(STRING) }))),
  ReplicationController: kind("", true, withSpec(object({ selector: map(STRING) }))),
  ReplicaSet: kind("apps", true, withSpec(object({ selector: LABEL_SELECTOR }))),
  StatefulSet: kind("apps", true, withSpec(object({ selector: LABEL_SELECTOR }))),
  PersistentVolume: kind("", false, PERSISTENT_VOLUME),
  PersistentVolumeClaim: kind("", true, CLAIM),
  StorageClass: kind(
    "storage.k8s.io",
    false,
    object(
      {
        metadata: METADATA,
        provisioner: STRING,
        volumeBindingMode: oneOf("Immediate", "WaitForFirstConsumer"),
        allowedTopologies: TOPOLOGIES,
      },
      "metadata",
      "provisioner",
    ),
  ),
  CSINode: kind("storage.k8s.io", false, withSpec(object({ drivers: DRIVERS }, "drivers"))),
  CSIDriver: kind("storage.k8s.io", false, withSpec(object({ storageCapacity: BOOLEAN }))),
  CSIStorageCapacity: kind(
    "storage.k8s.io",
    true,
    object(
      {
        metadata: METADATA,
        storageClassName: STRING,
        nodeTopology: LABEL_SELECTOR,
        capacity: QUANTITY,
        maximumVolumeSize: QUANTITY,
      },
      "metadata",
      "storageClassName",
    ),
  ),
  VolumeAttachment: kind(
    "storage.k8s.io",
    false,
    withSpec(
      object(
        { attacher: STRING, nodeName: STRING, source: object({ persistentVolumeName: STRING }) },
        "attacher",
        "nodeName",
        "source",
      ),
    ),
  ),
  PodDisruptionBudget: kind(
    "policy",
    true,
    object(
      {
        metadata: METADATA,
        spec: object({ selector: LABEL_SELECTOR }),
        status: object({ disruptionsAllowed: COUNT, disruptedPods: map(STRING) }),
      },
      "metadata",
      "spec",
    ),
  ),
  PriorityClass: kind(
    "scheduling.k8s.io",
    false,
    object({ metadata: METADATA, value: INT32, globalDefault: BOOLEAN }, "metadata", "value"),
  ),
};
