import { deepStrictEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { validateCreate, validateUpdate } from "./validate.js";

// What is wrong with objects that are no Pods and make none. The messages are those of an upstream server.

type Fields = Record<string, unknown>;

const object = (apiVersion: string, kind: string, rest: Fields): KubeObject =>
  applyDefaults({ apiVersion, kind, metadata: { name: "one", namespace: "shop" }, ...rest } as never);
const texts = (failures: readonly { field: string; message: string }[]) =>
  failures.map(({ field, message }) => `${field}: ${message}`);
const without = (fields: Fields, ...names: string[]) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

const endpoints = (subset: Fields) => object("v1", "Endpoints", { subsets: [subset] });
const slice = (addressType: string, endpoint: Fields, ports: readonly Fields[] = []) =>
  object("discovery.k8s.io/v1", "EndpointSlice", { addressType, endpoints: [endpoint], ports });
const quota = (spec: Fields) => object("v1", "ResourceQuota", { spec });
const limits = (limit: Fields) => object("v1", "LimitRange", { spec: { limits: [limit] } });
const claim = (spec: Fields) =>
  object("v1", "PersistentVolumeClaim", {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  });
const autoscaler = (spec: Fields) =>
  object("autoscaling/v2", "HorizontalPodAutoscaler", {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      maxReplicas: 3,
      ...spec,
    },
  });
const ingress = (spec: Fields, annotations: Fields = {}) =>
  object("networking.k8s.io/v1", "Ingress", { metadata: { name: "one", annotations }, spec });
const backend = { service: { name: "web", port: { number: 80 } } };
const ingressClass = (spec: Fields) => object("networking.k8s.io/v1", "IngressClass", { spec });
const block = (ipBlock: Fields) =>
  object("networking.k8s.io/v1", "NetworkPolicy", { spec: { ingress: [{ from: [{ ipBlock }] }] } });
const attachment = (spec: Fields) => object("storage.k8s.io/v1", "VolumeAttachment", { spec });
const storageClass = (fields: Fields) =>
  object("storage.k8s.io/v1", "StorageClass", { provisioner: "disks.example.com", ...fields });

const ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const NEW: readonly (readonly [string, KubeObject, readonly string[]])[] = [
  [
    "a subset of none",
    endpoints({}),
    ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"],
  ],
  [
    "an endpoint that is no address, and ports without names",
    endpoints({ addresses: [{ ip: "web" }], ports: [{ port: 80 }, { port: 0, name: "a" }] }),
    [
      `subsets[0].addresses[0].ip: Invalid value: "web": ${ADDRESS}`,
      'subsets[0].addresses[0].ip: Invalid value: "web": must be a valid IP address',
      "subsets[0].ports[0].name: Required value",
      "subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
  ],
  [
    "a link-local endpoint",
    endpoints({ addresses: [{ ip: "169.254.0.1" }] }),
    [
      'subsets[0].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
  ],
  ["a loopback endpoint", slice("IPv4", { addresses: ["127.0.0.1"] }), []],
  [
    "a slice of another family",
    slice("IPv6", { addresses: ["10.0.0.1"] }),
    ['endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address'],
  ],
  [
    "a slice of addresses that are none, with one hint twice",
    slice("IPv4", { addresses: ["x"], hints: { forZones: [{ name: "a" }, { name: "a" }] } }),
    [
      `endpoints[0].addresses[0]: Invalid value: "x": ${ADDRESS}`,
      'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
    ],
  ],
  [
    "a slice of names",
    slice("FQDN", { addresses: ["shop"] }),
    [
      'endpoints[0].addresses[0]: Invalid value: "shop": should be a domain with at least two segments separated by dots',
    ],
  ],
  [
    "a slice's port of no protocol",
    slice("IPv4", { addresses: ["10.0.0.1"] }, [{ port: 80, protocol: "ICMP" }]),
    ['ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    "a quota of what there is not, for scopes that do not fit",
    quota({ hard: { storage: "1", services: "1500m" }, scopes: ["BestEffort"] }),
    [
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
      'spec.hard[services]: Invalid value: "1500m": must be an integer',
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
  ],
  [
    "a quota's selector without values",
    quota({ scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In" }] } }),
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  [
    "a limit whose default is below its least, with a ratio that no Pod can meet",
    limits({
      type: "Pod",
      min: { cpu: "1" },
      max: { cpu: "2" },
      maxLimitRequestRatio: { cpu: "3" },
    }),
    [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
  ],
  [
    "limits of claims that limit nothing",
    limits({ type: "PersistentVolumeClaim", min: {} }),
    [
      "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided",
    ],
  ],
  [
    "a limit whose default request is below the least",
    limits({ type: "Container", min: { cpu: "2" }, default: { cpu: "3" }, defaultRequest: { cpu: "1" } }),
    [
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
    ],
  ],
  [
    "a claim of a source that has no name, and another",
    claim({
      dataSource: { kind: "PersistentVolumeClaim" },
      dataSourceRef: { kind: "PersistentVolumeClaim", name: "old" },
    }),
    ["spec.dataSource.name: Required value", "spec: Invalid value: {}: must match dataSourceRef"],
  ],
  [
    "a claim of a core object that is no claim",
    claim({ dataSourceRef: { kind: "Secret", name: "old" } }),
    ["dataSource", "dataSourceRef"].map(
      (name) =>
        `spec.${name}: Invalid value: "Secret": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
    ),
  ],
  [
    "an autoscaler of the core group",
    autoscaler({ scaleTargetRef: { apiVersion: "v1", kind: "Pod", name: "web" } }),
    ['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'],
  ],
  [
    "an autoscaler by metrics without targets",
    autoscaler({
      metrics: [
        { type: "Pods", pods: { metric: { name: "hits" }, target: { type: "AverageValue" } } },
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 0 } },
        },
        { type: "External", object: {}, external: { metric: {}, target: { type: "Value", value: "1" } } },
      ],
    }),
    [
      "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue",
      "spec.metrics[1].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
      "spec.metrics[2].object.describedObject.kind: Required value",
      "spec.metrics[2].object.describedObject.name: Required value",
      "spec.metrics[2].object.metric.name: Required value: must specify a metric name",
      "spec.metrics[2].object.target.type: Required value: must specify a metric target type",
      'spec.metrics[2].object.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
      "spec.metrics[2].object.target.averageValue: Required value: must set either a target value or averageValue",
      "spec.metrics[2].object: Forbidden: must populate the given metric source only",
    ],
  ],
  [
    "an Ingress whose classes differ",
    ingress({ ingressClassName: "a", defaultBackend: backend }, { "kubernetes.io/ingress.class": "b" }),
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
    ],
  ],
  [
    "an Ingress to a resource without a name; names of Services may begin with a digit",
    ingress({
      defaultBackend: { service: { name: "1web", port: { number: 80 } } },
      rules: [
        { http: { paths: [{ pathType: "Exact", path: "/", backend: { resource: { kind: "Bucket" } } }] } },
      ],
    }),
    ["spec.rules[0].http.paths[0].backend.resource.name: Required value"],
  ],
  [
    "a class of no domain, with parameters of a namespace",
    ingressClass({ controller: "proxy", parameters: { kind: "P", name: "p", scope: "Namespace" } }),
    [
      'spec.controller: Invalid value: "proxy": must be a domain-prefixed path (such as "acme.io/foo")',
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  ],
  [
    "a policy that leaves out what it does not hold",
    block({ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "11.0.0.0/16", "10.0.0.0/8", "x"] }),
    [
      'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  ],
  [
    "an attachment of nothing",
    attachment({ nodeName: "node-0", source: {} }),
    [
      "spec.attacher: Required value",
      "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
    ],
  ],
  [
    "a class with an empty topology and an unnamed parameter",
    storageClass({ parameters: { "": "x" }, allowedTopologies: [{}] }),
    [
      'parameters: Invalid value: "": field can not be empty.',
      'allowedTopologies[0].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
  [
    "a Lease that prefers a holder by no strategy",
    object("coordination.k8s.io/v1", "Lease", { spec: { preferredHolder: "b" } }),
    ["spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"],
  ],
];

for (const [name, subject, expected] of NEW)
  test(`validateCreate says what is wrong with ${name}`, () => {
    deepStrictEqual(texts(validateCreate(subject)), expected);
  });

const EVENT = {
  regarding: { kind: "Pod", namespace: "shop", name: "web" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "example.com/watcher",
  reportingInstance: "watcher-0",
  action: "Look",
  reason: "Looked",
  type: "Normal",
};
const event = (fields: Fields) => object("events.k8s.io/v1", "Event", fields);

test("validateCreate takes fewer Events through their newer group", () => {
  deepStrictEqual(validateCreate(event(EVENT)), []);
  const old = event({
    ...without(EVENT, "eventTime", "reportingInstance", "action"),
    type: "Odd",
    deprecatedCount: 1,
  });
  deepStrictEqual(validateCreate(old, ""), []);
  deepStrictEqual(texts(validateCreate(old)), [
    "eventTime: Required value",
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
  ]);
  const elsewhere = event({ regarding: { namespace: "other" }, reason: "Looked" });
  deepStrictEqual(texts(validateCreate(elsewhere, "")), [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]);
  deepStrictEqual(texts(validateCreate(event(without(EVENT, "action", "reportingInstance")), "")), [
    "reportingInstance: Required value",
    "action: Required value",
  ]);
});

test("validateUpdate lets only the series of an Event go on, when it comes through the newer group", () => {
  const before = event(EVENT);
  const lastObservedTime = "2026-01-01T00:01:00.000000Z";
  deepStrictEqual(validateUpdate(event({ ...EVENT, series: { count: 2, lastObservedTime } }), before), []);
  const changed = event({ ...EVENT, reason: "Other", series: { count: 1 } });
  deepStrictEqual(texts(validateUpdate(changed, before)), [
    'series.count: Invalid value: "": should be at least 2',
    "series.lastObservedTime: Required value",
    'reason: Invalid value: "Other": field is immutable',
  ]);
  deepStrictEqual(validateUpdate(changed, before, "", ""), []);
});

test("validateUpdate looks at what an autoscaler scales only when that is changed", () => {
  const old = { scaleTargetRef: { apiVersion: "v1", kind: "Pod", name: "web" } };
  deepStrictEqual(validateUpdate(autoscaler({ ...old, maxReplicas: 4 }), autoscaler(old)), []);
  equal(validateUpdate(autoscaler(old), autoscaler({})).length, 1);
});

test("validateUpdate keeps the controller of an IngressClass", () => {
  const [before, after] = [ingressClass({ controller: "a.b/c" }), ingressClass({ controller: "a.b/d" })];
  deepStrictEqual(texts(validateUpdate(after, before)), [
    'spec.controller: Invalid value: "a.b/d": field is immutable',
  ]);
});

const TEMPLATE = { spec: { restartPolicy: "Never", containers: [{ name: "sum", image: "sum:v1" }] } };
const cronJob = (spec: Fields, jobSpec: Fields = {}) =>
  object("batch/v1", "CronJob", {
    spec: { schedule: "* * * * *", ...spec, jobTemplate: { spec: { template: TEMPLATE, ...jobSpec } } },
  });
const job = (spec: Fields) =>
  object("batch/v1", "Job", {
    metadata: { name: "sum", namespace: "shop", uid: "u-1" },
    spec: { template: TEMPLATE, ...spec },
  });

test("validateCreate refuses schedules, zones and selectors that no CronJob can have", () => {
  const selector = { matchLabels: { app: "sum" } };
  deepStrictEqual(texts(validateCreate(cronJob({ schedule: "@often" }))), [
    'spec.schedule: Invalid value: "@often": unrecognized descriptor: @often',
  ]);
  deepStrictEqual(texts(validateCreate(cronJob({ schedule: "0 0 * * 1,5-7" }))), [
    'spec.schedule: Invalid value: "0 0 * * 1,5-7": end of range (7) above maximum (6): 5-7',
  ]);
  deepStrictEqual(texts(validateCreate(cronJob({ timeZone: "Local" }))), [
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
  ]);
  deepStrictEqual(texts(validateCreate(cronJob({}, { selector, manualSelector: true }))), [
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"app":"sum"}}: `selector` will be auto-generated',
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ]);
});

test("validateCreate refuses a Job's own selector, unless it is said to be one", () => {
  const selector = { matchLabels: { app: "sum" } };
  const template = { ...TEMPLATE, metadata: { labels: { app: "sum" } } };
  deepStrictEqual(validateCreate(job({})), []);
  deepStrictEqual(validateCreate(job({ selector, template, manualSelector: true })), []);
  deepStrictEqual(texts(validateCreate(job({ selector, template }))), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"sum","batch.kubernetes.io/controller-uid":"u-1"}}: `selector` not auto-generated',
  ]);
  const copied = { metadata: { labels: { "controller-uid": "u-0" } }, ...TEMPLATE };
  const [failure, ...others] = validateCreate(job({ template: copied }));
  deepStrictEqual(others, []);
  equal(failure?.field, "spec.template.metadata.labels[controller-uid]");
  equal(failure?.message.endsWith(": must be 'u-1'"), true);
});

test("validateUpdate changes completions of an indexed Job along with its parallelism", () => {
  const indexed = (completions: number, parallelism: number) =>
    job({ completionMode: "Indexed", completions, parallelism });
  deepStrictEqual(validateUpdate(indexed(3, 3), indexed(4, 2)), []);
  deepStrictEqual(texts(validateUpdate(indexed(5, 2), indexed(4, 2))), [
    "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism",
  ]);
});

test("validateUpdate looks at what a status counts and where it points, when the status is written", () => {
  const reported = (subject: KubeObject, status: Fields, subresource = "status") =>
    texts(validateUpdate({ ...subject, status } as KubeObject, subject, subresource));
  const counted = { currentReplicas: -1, desiredReplicas: 0 };
  deepStrictEqual(reported(autoscaler({}), counted), [
    "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
  ]);
  deepStrictEqual(reported(autoscaler({}), counted, ""), []);
  deepStrictEqual(reported(job({}), { active: -1 }), [
    "status.active: Invalid value: -1: must be greater than or equal to 0",
  ]);
  deepStrictEqual(reported(object("policy/v1", "PodDisruptionBudget", {}), { currentHealthy: -2 }), [
    "status.currentHealthy: Invalid value: -2: must be greater than or equal to 0",
  ]);
  deepStrictEqual(reported(quota({}), { used: { pods: "-1" } }), [
    'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  const points = [{ ip: "x" }, { hostname: "10.0.0.1" }, { hostname: "shop.example.com" }];
  deepStrictEqual(reported(ingress({}), { loadBalancer: { ingress: points } }), [
    `status.loadBalancer.ingress[0].ip: Invalid value: "x": ${ADDRESS}`,
    'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]);
});
