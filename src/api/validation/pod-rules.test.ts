import { deepStrictEqual } from "node:assert/strict";
import { test } from "node:test";
import { applyDefaults } from "../defaults/apply-defaults.js";
import type { KubeObject } from "../meta.js";
import { type Failure, validateCreate, validateUpdate } from "./validate.js";

const CONTAINER = { name: "web", image: "web:v1" };

function pod(spec: object, status: object = {}): KubeObject {
  const metadata = { name: "web", namespace: "default" };
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { containers: [CONTAINER], ...spec },
    status,
  };
  return applyDefaults(object as unknown as KubeObject);
}

const texts = (failures: readonly Failure[]) => failures.map(({ field, message }) => `${field}: ${message}`);
const ofPod = (spec: object) => texts(validateCreate(pod(spec)));
const RESOLVER_NEEDED = "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None";
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const ofContainer = (fields: object) => ofPod({ containers: [{ ...CONTAINER, ...fields }] });
const security = (context: object) => ofContainer({ securityContext: context });
const resources = (limits: object, requests: object) => ofContainer({ resources: { limits, requests } });
const volume = (source: object) => ofPod({ volumes: [{ name: "data", ...source }] });
const node = (affinity: object) => ofPod({ affinity: { nodeAffinity: affinity } });
const requiring = (requirement: object) =>
  node({
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [requirement] }],
    },
  });
const spread = (...constraints: object[]) =>
  ofPod({
    topologySpreadConstraints: constraints.map((constraint) => ({
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
      ...constraint,
    })),
  });

const CONTEXT = "spec.containers[0].securityContext";
const TERM =
  "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";
const SPREAD = "spec.topologySpreadConstraints[0]";
const IDS = "must be between 0 and 2147483647, inclusive";

const CASES: readonly [name: string, failures: readonly string[], expected: readonly string[]][] = [
  [
    "a security context with everything",
    security({
      runAsUser: 1000,
      runAsGroup: 0,
      procMount: "Default",
      capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
      seccompProfile: { type: "Localhost", localhostProfile: "profiles/a.json" },
      appArmorProfile: { type: "Unconfined" },
      allowPrivilegeEscalation: false,
    }),
    [],
  ],
  [
    "ids out of range",
    [
      ...security({ runAsUser: -1, runAsGroup: 2 ** 31 }),
      ...ofPod({ securityContext: { fsGroup: -5, supplementalGroups: [1, -1] } }),
    ],
    [
      `${CONTEXT}.runAsUser: Invalid value: -1: ${IDS}`,
      `${CONTEXT}.runAsGroup: Invalid value: 2147483648: ${IDS}`,
      `spec.securityContext.fsGroup: Invalid value: -5: ${IDS}`,
      `spec.securityContext.supplementalGroups[1]: Invalid value: -1: ${IDS}`,
    ],
  ],
  [
    "a grace below zero, which is one second, and a scheduler by any name",
    ofPod({ terminationGracePeriodSeconds: -1, schedulerName: "My_Scheduler" }),
    [],
  ],
  ["a resolver that is needed", ofPod({ dnsPolicy: "None" }), [RESOLVER_NEEDED]],
  [
    "a resolver's parts",
    ofPod({
      dnsConfig: {
        nameservers: ["10.1", "1.1.1.1"],
        searches: ["_ldap.example.com.", ".", "A"],
        options: [{}],
      },
    }),
    [
      `spec.dnsConfig.nameservers[0]: Invalid value: "10.1": ${NOT_AN_ADDRESS}`,
      "spec.dnsConfig.searches[2]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
      "spec.dnsConfig.options[0]: Required value: must not be empty",
    ],
  ],
  [
    "names of hosts",
    ofPod({ hostAliases: [{ ip: "host", hostnames: ["db.example.com"] }] }),
    [`spec.hostAliases[0].ip: Invalid value: "host": ${NOT_AN_ADDRESS}`],
  ],
  [
    "a readiness gate without a type",
    ofPod({ readinessGates: [{}] }).slice(0, 1),
    ['spec.readinessGates[0].conditionType: Invalid value: "": name part must be non-empty'],
  ],
  [
    "an init container's restart policy",
    ofPod({ initContainers: [{ ...CONTAINER, name: "init", restartPolicy: "Sometimes" }] }),
    [
      'spec.initContainers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
  ],
  [
    "procMount",
    [...security({ procMount: "Hidden" }), ...security({ procMount: "Unmasked" })],
    [
      `${CONTEXT}.procMount: Unsupported value: "Hidden": supported values: "Default", "Unmasked"`,
      `${CONTEXT}.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
    ],
  ],
  [
    "seccomp profiles",
    [
      ...security({ seccompProfile: {} }),
      ...security({ seccompProfile: { type: "Docker" } }),
      ...security({ seccompProfile: { type: "Localhost" } }),
      ...security({ seccompProfile: { type: "Localhost", localhostProfile: "../a" } }),
      ...ofPod({ securityContext: { seccompProfile: { type: "Unconfined", localhostProfile: "a" } } }),
    ],
    [
      `${CONTEXT}.seccompProfile.type: Required value: type is required when seccompProfile is set`,
      `${CONTEXT}.seccompProfile.type: Unsupported value: "Docker": supported values: "Localhost", "RuntimeDefault", "Unconfined"`,
      `${CONTEXT}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
      `${CONTEXT}.seccompProfile.localhostProfile: Invalid value: "../a": must not contain '..'`,
      'spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"a"}: can only be set when seccomp type is Localhost',
    ],
  ],
  [
    "AppArmor profiles",
    [
      ...security({ appArmorProfile: { type: "Localhost", localhostProfile: " a" } }),
      ...security({ appArmorProfile: { type: "RuntimeDefault", localhostProfile: "a" } }),
    ],
    [
      `${CONTEXT}.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace`,
      `${CONTEXT}.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost`,
    ],
  ],
  [
    "escalation that is both wanted and not",
    security({ allowPrivilegeEscalation: false, privileged: true }),
    [
      `${CONTEXT}: Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  ],
  [
    "policies and sysctls of the Pod",
    ofPod({
      securityContext: {
        fsGroupChangePolicy: "Never",
        sysctls: [
          { name: "net.core.somaxconn", value: "1" },
          { name: "net.core.somaxconn", value: "2" },
        ],
      },
    }),
    [
      'spec.securityContext.sysctls[1].name: Duplicate value: "net.core.somaxconn"',
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
    ],
  ],
  [
    "huge pages with memory",
    resources({ "hugepages-2Mi": "4Mi", memory: "1Gi" }, { "hugepages-2Mi": "4Mi" }),
    [],
  ],
  [
    "huge pages alone, in part of a page, more limited than requested",
    resources({ "hugepages-2Mi": "4Mi" }, { "hugepages-2Mi": "3Mi" }),
    [
      'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'spec.containers[0].resources.requests: Invalid value: "3Mi": must be equal to hugepages-2Mi limit of 4Mi',
      "spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
    ],
  ],
  [
    "probes' grace",
    ofContainer({
      livenessProbe: { tcpSocket: { port: 80 }, terminationGracePeriodSeconds: 0 },
      readinessProbe: { tcpSocket: { port: 80 }, terminationGracePeriodSeconds: 5, periodSeconds: -1 },
    }),
    [
      "spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0",
      "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
      "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes",
    ],
  ],
  [
    "a resource field that is none",
    ofContainer({ env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.gpu" } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
  ],
  [
    "volumes of odd sources",
    [
      ...volume({ hostPath: { path: "/a/../b", type: "Pipe" } }),
      ...volume({ emptyDir: { sizeLimit: "-1" } }),
      ...volume({ nfs: { server: "s", path: "relative" } }),
      ...volume({
        projected: {
          sources: [{ secret: {}, serviceAccountToken: { path: "token", expirationSeconds: 60 } }],
        },
      }),
    ],
    [
      "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
      'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      "spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity",
      'spec.volumes[0].nfs.path: Invalid value: "relative": must be an absolute path',
      "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: may not specify more than 1 volume type",
      "spec.volumes[0].projected.sources[0].secret.name: Required value",
      "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes",
    ],
  ],
  [
    "node affinity",
    [
      ...requiring({ key: "zone", operator: "In" }),
      ...requiring({ key: "zone", operator: "Exists", values: ["a"] }),
      ...requiring({ key: "cores", operator: "Gt", values: ["1", "2"] }),
      ...requiring({ key: "zone", operator: "Like", values: ["a"] }),
      ...node({
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 101,
            preference: { matchFields: [{ key: "metadata.uid", operator: "In", values: ["a"] }] },
          },
        ],
      }),
    ],
    [
      `${TERM}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${TERM}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      `${TERM}.values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
      `${TERM}.operator: Invalid value: "Like": not a valid selector operator`,
      "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100",
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key',
    ],
  ],
  [
    "spread over the same twice, over too few domains, by keys of nothing",
    [
      ...spread({}, { maxSkew: 2 }),
      ...spread({ minDomains: 0, whenUnsatisfiable: "ScheduleAnyway", nodeTaintsPolicy: "Obey" }),
      ...spread({ matchLabelKeys: ["app"], labelSelector: undefined }),
    ],
    [
      `${SPREAD}.{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`,
      `${SPREAD}.minDomains: Invalid value: 0: must be greater than zero`,
      `${SPREAD}.minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
      `${SPREAD}.nodeTaintsPolicy: Unsupported value: "Obey": supported values: "Honor", "Ignore"`,
      `${SPREAD}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
    ],
  ],
];

for (const [name, failures, expected] of CASES)
  test(`Pod rules: ${name}`, () => {
    deepStrictEqual(failures, expected);
  });

const ended = (exitCode: number) => ({ name: "web", state: { terminated: { exitCode } } });
const RUNNING = { name: "web", state: { running: {} } };

const STATUSES: readonly [
  name: string,
  spec: object,
  before: object,
  after: object,
  expected: readonly string[],
][] = [
  ["nothing", {}, { phase: "Pending" }, { phase: "Running" }, []],
  [
    "a container that runs again, as it may",
    { restartPolicy: "OnFailure" },
    { containerStatuses: [ended(1)] },
    { containerStatuses: [RUNNING] },
    [],
  ],
  [
    "a container that runs again, though it succeeded",
    { restartPolicy: "OnFailure" },
    { containerStatuses: [ended(0)] },
    { containerStatuses: [RUNNING] },
    ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"],
  ],
  [
    "a container that runs again, though it must not",
    { restartPolicy: "Never" },
    { containerStatuses: [ended(1)] },
    { containerStatuses: [RUNNING] },
    ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"],
  ],
  [
    "another class, a nomination of a Pod that is bound",
    { nodeName: "n" },
    { qosClass: "Burstable" },
    { qosClass: "BestEffort", nominatedNodeName: "m" },
    [
      "status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node",
      'status.qosClass: Invalid value: "BestEffort": field is immutable',
    ],
  ],
  [
    "addresses",
    {},
    {},
    { podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }], hostIP: "1.2.3.4", hostIPs: [{ ip: "1.2.3.5" }] },
    [
      'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
      'status.hostIPs[0].ip: Invalid value: "1.2.3.5": must be equal to `hostIP`',
    ],
  ],
];

for (const [name, spec, before, after, expected] of STATUSES)
  test(`Pod status rules: ${name}`, () => {
    deepStrictEqual(texts(validateUpdate(pod(spec, after), pod(spec, before), "status")), expected);
  });

const service = (spec: object) =>
  applyDefaults({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: {
      ports: [{ port: 80, targetPort: 80 }],
      clusterIP: "10.96.0.7",
      clusterIPs: ["10.96.0.7"],
      ...spec,
    },
  } as unknown as KubeObject);
const BALANCED = { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30_000 };

test("Service rules: addresses, ranges and protocols", () => {
  deepStrictEqual(
    texts(
      validateCreate(
        service({
          ...BALANCED,
          externalIPs: ["127.0.0.1", "169.254.1.1"],
          loadBalancerSourceRanges: ["10.0.0.0"],
          ports: [{ port: 80, targetPort: 80, appProtocol: "a b" }],
        }),
      ),
    ),
    [
      "spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[1]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  );
});

test("Service rules: what stays once it is set", () => {
  const before = service({ ...BALANCED, ipFamilies: ["IPv4"] });
  const after = service({
    ...BALANCED,
    healthCheckNodePort: 30_001,
    loadBalancerClass: "example.com/lb",
    ipFamilies: ["IPv6"],
  });
  deepStrictEqual(texts(validateUpdate(after, before)), [
    'spec.loadBalancerClass: Invalid value: "example.com/lb": may not change once set',
    "spec.healthCheckNodePort: Forbidden: field is immutable",
    'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
  ]);
});
