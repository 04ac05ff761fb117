// The types that tests of patches use, with the merge keys and list types that upstream gives them.
import type { FieldSchema, ListSchema, MapSchema, ObjectSchema, TypeSchema } from "../schema/type-schema.js";

type FieldNotes = Partial<Omit<FieldSchema, "name" | "type">>;
type Fields = Record<string, TypeSchema | readonly [TypeSchema, FieldNotes]>;

function object(name: string, fields: Fields, isAtomic = false): ObjectSchema {
  const entries = Object.entries(fields).map(([field, given]) => {
    const [type, notes] = Array.isArray(given) ? given : [given, {}];
    const plain = { isRequired: false, default: undefined, patchStrategy: [], mergeKey: null, protobufNumber: 0 };
    return [field, { ...plain, name: field, type, ...notes } as FieldSchema] as const;
  });
  return { kind: "object", name, fields: new Map(entries), isAtomic, isOpen: false, inlined: new Map() };
}

const STRING: TypeSchema = { kind: "scalar", scalar: "string" };
const INTEGER: TypeSchema = { kind: "scalar", scalar: "int32" };
const BOOLEAN: TypeSchema = { kind: "scalar", scalar: "boolean" };
const QUANTITY: TypeSchema = { kind: "scalar", scalar: "quantity" };
const INT_OR_STRING: TypeSchema = { kind: "scalar", scalar: "int-or-string" };

function atomicList(items: TypeSchema): ListSchema {
  return { kind: "list", items, listType: "atomic", mapKeys: [] };
}

function mapOf(values: TypeSchema, isAtomic = false): MapSchema {
  return { kind: "map", values, isAtomic };
}

/** A list of objects that patches merge by the first key and apply by all. */
function keyed(items: TypeSchema, keys: readonly string[], notes: FieldNotes = {}): [TypeSchema, FieldNotes] {
  const list: ListSchema = { kind: "list", items, listType: "map", mapKeys: keys };
  return [list, { patchStrategy: ["merge"], mergeKey: keys[0] as string, ...notes }];
}

const BY_VALUE: FieldNotes = { default: {} };
const REQUIRED: FieldNotes = { isRequired: true };

const OWNER = object(
  "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
  { apiVersion: STRING, kind: STRING, name: STRING, uid: STRING, controller: BOOLEAN },
  true,
);

const METADATA = object("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", {
  name: STRING,
  namespace: STRING,
  generateName: STRING,
  uid: STRING,
  resourceVersion: STRING,
  generation: INTEGER,
  creationTimestamp: { kind: "scalar", scalar: "time" },
  labels: mapOf(STRING),
  annotations: mapOf(STRING),
  finalizers: [{ kind: "list", items: STRING, listType: "set", mapKeys: [] }, { patchStrategy: ["merge"] }],
  ownerReferences: keyed(OWNER, ["uid"]),
});

const ENV = object("io.k8s.api.core.v1.EnvVar", {
  name: [STRING, REQUIRED],
  value: STRING,
  valueFrom: object("io.k8s.api.core.v1.EnvVarSource", {
    fieldRef: object(
      "io.k8s.api.core.v1.ObjectFieldSelector",
      { apiVersion: STRING, fieldPath: STRING },
      true,
    ),
  }),
});

const PORT = object("io.k8s.api.core.v1.ContainerPort", {
  name: STRING,
  containerPort: [INTEGER, REQUIRED],
  protocol: [STRING, { default: "TCP" }],
  hostPort: INTEGER,
});

const MOUNT = object("io.k8s.api.core.v1.VolumeMount", {
  name: [STRING, REQUIRED],
  mountPath: [STRING, REQUIRED],
  readOnly: BOOLEAN,
});

const CONTAINER = object("io.k8s.api.core.v1.Container", {
  name: [STRING, REQUIRED],
  image: STRING,
  imagePullPolicy: STRING,
  command: atomicList(STRING),
  args: atomicList(STRING),
  env: keyed(ENV, ["name"]),
  ports: keyed(PORT, ["containerPort", "protocol"]),
  resources: [
    object("io.k8s.api.core.v1.ResourceRequirements", { limits: mapOf(QUANTITY), requests: mapOf(QUANTITY) }),
    BY_VALUE,
  ],
  volumeMounts: keyed(MOUNT, ["mountPath"]),
});

const VOLUME = object("io.k8s.api.core.v1.Volume", {
  name: [STRING, REQUIRED],
  emptyDir: object("io.k8s.api.core.v1.EmptyDirVolumeSource", { medium: STRING, sizeLimit: QUANTITY }),
  hostPath: object("io.k8s.api.core.v1.HostPathVolumeSource", { path: STRING, type: STRING }),
});

const HOST_ALIAS = object("io.k8s.api.core.v1.HostAlias", { ip: [STRING, REQUIRED], hostnames: atomicList(STRING) });

const TOLERATION = object("io.k8s.api.core.v1.Toleration", { key: STRING, operator: STRING, effect: STRING });

const POD_SPEC = object("io.k8s.api.core.v1.PodSpec", {
  containers: keyed(CONTAINER, ["name"], REQUIRED),
  initContainers: keyed(CONTAINER, ["name"]),
  volumes: keyed(VOLUME, ["name"], { patchStrategy: ["merge", "retainKeys"] }),
  hostAliases: keyed(HOST_ALIAS, ["ip"]),
  nodeSelector: mapOf(STRING, true),
  tolerations: atomicList(TOLERATION),
  restartPolicy: STRING,
  terminationGracePeriodSeconds: INTEGER,
  nodeName: STRING,
});

const TEMPLATE = object("io.k8s.api.core.v1.PodTemplateSpec", {
  metadata: [METADATA, BY_VALUE],
  spec: [POD_SPEC, BY_VALUE],
});

const SELECTOR = object(
  "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
  { matchLabels: mapOf(STRING) },
  true,
);

const STRATEGY = object("io.k8s.api.apps.v1.DeploymentStrategy", {
  type: STRING,
  rollingUpdate: object("io.k8s.api.apps.v1.RollingUpdateDeployment", {
    maxSurge: INT_OR_STRING,
    maxUnavailable: INT_OR_STRING,
  }),
});

const CONDITION = object("io.k8s.api.apps.v1.DeploymentCondition", {
  type: [STRING, REQUIRED],
  status: [STRING, REQUIRED],
  reason: STRING,
});

function kindOf(name: string, spec: TypeSchema, status: TypeSchema): ObjectSchema {
  return object(name, {
    apiVersion: STRING,
    kind: STRING,
    metadata: [METADATA, BY_VALUE],
    spec: [spec, BY_VALUE],
    status: [status, BY_VALUE],
  });
}

export const DEPLOYMENT = kindOf(
  "io.k8s.api.apps.v1.Deployment",
  object("io.k8s.api.apps.v1.DeploymentSpec", {
    replicas: INTEGER,
    minReadySeconds: INTEGER,
    paused: BOOLEAN,
    selector: [SELECTOR, REQUIRED],
    strategy: [STRATEGY, { ...BY_VALUE, patchStrategy: ["retainKeys"] }],
    template: [TEMPLATE, { ...BY_VALUE, ...REQUIRED }],
  }),
  object("io.k8s.api.apps.v1.DeploymentStatus", {
    observedGeneration: INTEGER,
    replicas: INTEGER,
    conditions: keyed(CONDITION, ["type"]),
  }),
);

export const POD = kindOf("io.k8s.api.core.v1.Pod", POD_SPEC, object("io.k8s.api.core.v1.PodStatus", { phase: STRING }));

const SERVICE_PORT = object("io.k8s.api.core.v1.ServicePort", {
  name: STRING,
  port: [INTEGER, REQUIRED],
  protocol: [STRING, { default: "TCP" }],
  targetPort: [INT_OR_STRING, { default: 0 }],
  nodePort: INTEGER,
});

export const SERVICE = kindOf(
  "io.k8s.api.core.v1.Service",
  object("io.k8s.api.core.v1.ServiceSpec", {
    ports: keyed(SERVICE_PORT, ["port", "protocol"]),
    selector: mapOf(STRING, true),
    type: STRING,
    externalIPs: atomicList(STRING),
  }),
  object("io.k8s.api.core.v1.ServiceStatus", {}),
);
