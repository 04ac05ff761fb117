import { deepStrictEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { invalidStatus, validateCreate, validateUpdate } from "./validate.js";

type Fields = Record<string, unknown>;

const meta = (name: string, more: Fields = {}) => ({ name, namespace: "default", ...more });

function object(apiVersion: string, kind: string, metadata: Fields, rest: Fields = {}): KubeObject {
  return applyDefaults({ apiVersion, kind, metadata, ...rest } as unknown as KubeObject);
}

const texts = (failures: readonly { field: string; message: string }[]) =>
  failures.map(({ field, message }) => `${field}: ${message}`);

const container = { name: "web", image: "web:v1" };
const pod = (spec: Fields, metadata: Fields = meta("web")) =>
  object("v1", "Pod", metadata, { spec: { containers: [container], ...spec } });
const template = (spec: Fields = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [container], ...spec },
});
const deployment = (spec: Fields, name = "web") =>
  object("apps/v1", "Deployment", meta(name), {
    spec: { selector: { matchLabels: { app: "web" } }, template: template(), ...spec },
  });
const service = (spec: Fields, name = "web") => object("v1", "Service", meta(name), { spec });

interface Case {
  readonly name: string;
  readonly object: KubeObject;
  readonly expected: readonly string[];
}

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const NEW: readonly Case[] = [
  { name: "a plain Pod", object: pod({}), expected: [] },
  {
    name: "a Pod without containers",
    object: pod({ containers: [] }),
    expected: ["spec.containers: Required value"],
  },
  {
    name: "a Pod with a bad name",
    object: pod({}, meta("Web_1")),
    expected: [`metadata.name: Invalid value: "Web_1": ${SUBDOMAIN_RULE}`],
  },
  {
    name: "containers of one name",
    object: pod({ containers: [container, container] }),
    expected: ['spec.containers[1].name: Duplicate value: "web"'],
  },
  {
    name: "a container without image, of a bad name",
    object: pod({ containers: [{ name: "A" }] }),
    expected: [
      `spec.containers[0].name: Invalid value: "A": ${LABEL_RULE}`,
      "spec.containers[0].image: Required value",
    ],
  },
  {
    name: "requests above limits",
    object: pod({
      containers: [{ ...container, resources: { requests: { cpu: "2" }, limits: { cpu: "500m" } } }],
    }),
    expected: [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 500m',
    ],
  },
  {
    name: "a mount of no volume and ports out of range",
    object: pod({
      containers: [
        {
          ...container,
          ports: [{ containerPort: 70000 }],
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
    }),
    expected: [
      "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
      'spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ],
  },
  {
    name: "a restart policy that is none",
    object: pod({ restartPolicy: "Sometimes" }),
    expected: [
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
  },
  {
    name: "a probe with two handlers",
    object: pod({
      containers: [{ ...container, livenessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 1 } } }],
    }),
    expected: [
      "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
    ],
  },
  {
    name: "a Deployment of fewer than no replicas",
    object: deployment({ replicas: -1 }),
    expected: ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  },
  {
    name: "a selector that does not select the template",
    object: deployment({ selector: { matchLabels: { app: "db" } } }),
    expected: [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: "a Deployment without a selector whose Pods end",
    object: deployment({ selector: undefined, template: template({ restartPolicy: "Never" }) }),
    expected: [
      "spec.selector: Required value",
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  },
  {
    name: "a StatefulSet whose claims ask for nothing",
    object: object("apps/v1", "StatefulSet", meta("db"), {
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: template({}),
        volumeClaimTemplates: [{ metadata: { name: "data" }, spec: {} }],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Keep" },
        ordinals: { start: -1 },
      },
    }),
    expected: [
      "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
      "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
    ],
  },
  {
    name: "a volume that is nowhere",
    object: object(
      "v1",
      "PersistentVolume",
      { name: "disk" },
      {
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          hostPath: {},
          nodeAffinity: {},
        },
      },
    ),
    expected: [
      "spec.hostPath.path: Required value",
      "spec.nodeAffinity.required: Required value: must specify required node constraints",
    ],
  },
  {
    name: "an IngressClass of nobody",
    object: object(
      "networking.k8s.io/v1",
      "IngressClass",
      { name: "edge" },
      {
        spec: { parameters: { kind: "Config" } },
      },
    ),
    expected: ["spec.controller: Required value", "spec.parameters.name: Required value"],
  },
  {
    name: "a RuntimeClass without a handler",
    object: object("node.k8s.io/v1", "RuntimeClass", { name: "gvisor" }),
    expected: ["handler: Required value"],
  },
  {
    name: "a RoleBinding of an account of its own namespace",
    object: object("rbac.authorization.k8s.io/v1", "RoleBinding", meta("robot"), {
      roleRef: { kind: "Role", name: "reader" },
      subjects: [{ kind: "ServiceAccount", name: "robot" }],
    }),
    expected: [],
  },
  {
    name: "a rolling update that cannot roll",
    object: deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } }),
    expected: [
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
  },
  {
    name: "a Service without ports",
    object: service({}),
    expected: ["spec.ports: Required value"],
  },
  {
    name: "a Service whose name begins with a digit",
    object: service({ ports: [{ port: 80 }] }, "1web"),
    expected: [
      "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  },
  {
    name: "a Service of two ports without names",
    object: service({ ports: [{ port: 80 }, { port: 81 }] }),
    expected: ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  },
  {
    name: "a CronJob whose schedule is none",
    object: object("batch/v1", "CronJob", meta("tick"), {
      spec: { schedule: "* *", jobTemplate: { spec: { template: template({ restartPolicy: "Never" }) } } },
    }),
    expected: ['spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]'],
  },
  {
    name: "a Job whose Pods never end",
    object: object("batch/v1", "Job", meta("once"), { spec: { template: template() } }),
    expected: ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  },
  {
    name: "a ConfigMap with a bad key",
    object: object("v1", "ConfigMap", meta("c"), { data: { "a b": "" } }),
    expected: [
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  },
  {
    name: "a ConfigMap that is too large",
    object: object("v1", "ConfigMap", meta("c"), { data: { a: "x".repeat(1024 * 1024 + 1) } }),
    expected: ["[]: Too long: may not be more than 1048576 bytes"],
  },
  {
    name: "a budget that says both",
    object: object("policy/v1", "PodDisruptionBudget", meta("b"), {
      spec: { minAvailable: 1, maxUnavailable: 1 },
    }),
    expected: [
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
  },
  {
    name: "an Ingress without a path type",
    object: object("networking.k8s.io/v1", "Ingress", meta("i"), {
      spec: {
        rules: [
          { http: { paths: [{ path: "/", backend: { service: { name: "web", port: { number: 80 } } } }] } },
        ],
      },
    }),
    expected: ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
  },
  {
    name: "a priority above the user's",
    object: object("scheduling.k8s.io/v1", "PriorityClass", { name: "high" }, { value: 1_000_000_001 }),
    expected: ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
  },
  {
    name: "a claim for nothing",
    object: object("v1", "PersistentVolumeClaim", meta("d"), { spec: {} }),
    expected: [
      "spec.accessModes: Required value: at least 1 access mode is required",
      "spec.resources[storage]: Required value",
    ],
  },
];

for (const { name, object: given, expected } of NEW)
  test(`validateCreate says what is wrong, with ${name}`, () => {
    deepStrictEqual(texts(validateCreate(given)), expected);
  });

test("invalidStatus has upstream's text, when two things are wrong", () => {
  const given = deployment({ replicas: -1, minReadySeconds: -5, progressDeadlineSeconds: 600 });
  const { status } = invalidStatus(given, validateCreate(given));
  equal(
    status.message,
    'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.minReadySeconds: Invalid value: -5: must be greater than or equal to 0]',
  );
  equal(status.code, 422);
  deepStrictEqual(
    status.details?.causes?.map(({ reason, field }) => [reason, field]),
    [
      ["FieldValueInvalid", "spec.replicas"],
      ["FieldValueInvalid", "spec.minReadySeconds"],
    ],
  );
});

function changed(current: KubeObject, change: Fields): KubeObject {
  const { spec } = current as unknown as { spec: Fields };
  return { ...current, spec: { ...spec, ...change } } as unknown as KubeObject;
}

const UPDATABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

const running = pod({ tolerations: [{ key: "a", operator: "Exists" }] });
const { containers: runningContainers } = (running as unknown as { spec: { containers: Fields[] } }).spec;
const addressed = service({ ports: [{ port: 80 }], clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"] });
const once = object("batch/v1", "Job", meta("once"), {
  spec: { template: template({ restartPolicy: "Never" }) },
});
const sealed = object("v1", "ConfigMap", meta("c"), { data: { a: "1" }, immutable: true });

const CHANGES: readonly {
  readonly name: string;
  readonly from: KubeObject;
  readonly to: KubeObject;
  readonly expected: readonly string[];
}[] = [
  {
    name: "another image",
    from: running,
    to: changed(running, { containers: [{ ...runningContainers[0], image: "web:v2" }] }),
    expected: [],
  },
  {
    name: "one more toleration",
    from: running,
    to: changed(running, {
      tolerations: [
        { key: "a", operator: "Exists" },
        { key: "b", operator: "Exists" },
      ],
    }),
    expected: [],
  },
  {
    name: "a node that is chosen again",
    from: running,
    to: changed(running, { nodeName: "node-1" }),
    expected: [`spec: Forbidden: ${UPDATABLE}\n@@ spec @@\n+  "nodeName": "node-1",`],
  },
  {
    name: "a toleration fewer",
    from: running,
    to: changed(running, { tolerations: [] }),
    expected: [
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ],
  },
  {
    name: "another selector",
    from: deployment({}),
    to: changed(deployment({}), {
      selector: { matchLabels: { app: "db" } },
      template: { ...template({ restartPolicy: "Always" }), metadata: { labels: { app: "db" } } },
    }),
    expected: ['spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable'],
  },
  {
    name: "another cluster IP",
    from: addressed,
    to: changed(addressed, { clusterIP: "10.96.0.10", clusterIPs: ["10.96.0.10"] }),
    expected: ['spec.clusterIPs[0]: Invalid value: ["10.96.0.10"]: may not change once set'],
  },
  {
    name: "more completions",
    from: once,
    to: changed(once, { completions: 5 }),
    expected: ["spec.completions: Invalid value: 5: field is immutable"],
  },
  {
    name: "other data of what is immutable",
    from: sealed,
    to: { ...sealed, data: { a: "2" } } as unknown as KubeObject,
    expected: ["data: Forbidden: field is immutable when `immutable` is set"],
  },
];

for (const { name, from, to, expected } of CHANGES)
  test(`validateUpdate says what may not change, with ${name}`, () => {
    const found = texts(validateUpdate(applyDefaults(to), from));

    deepStrictEqual(found, expected);
  });

test("validateUpdate looks at metadata only, when the status changes", () => {
  const next = { ...running, status: { phase: "Running" } } as unknown as KubeObject;
  deepStrictEqual(validateUpdate(next, running, "status"), []);
});
