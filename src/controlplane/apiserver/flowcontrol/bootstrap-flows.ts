// The FlowSchemas and PriorityLevelConfigurations that a cluster begins with.
// Source: apiserver pkg/apis/flowcontrol/bootstrap/default.go.
import type {
  FlowSchemaObject,
  FlowSubject,
  PolicyRules,
  PriorityLevelObject,
  ResourcePolicyRule,
} from "./flow-objects.js";

const API_VERSION = "flowcontrol.apiserver.k8s.io/v1";
/** Upstream keeps such objects as its own version has them, as long as nobody says otherwise. */
const ANNOTATIONS = { "apf.kubernetes.io/autoupdate-spec": "true" };

export const EXEMPT = "exempt";
export const CATCH_ALL = "catch-all";

const groups = (...names: string[]): readonly FlowSubject[] =>
  names.map((name) => ({ kind: "Group", group: { name } }));
const users = (...names: string[]): readonly FlowSubject[] =>
  names.map((name) => ({ kind: "User", user: { name } }));

const SYSTEM_ACCOUNTS: FlowSubject = {
  kind: "ServiceAccount",
  serviceAccount: { namespace: "kube-system", name: "*" },
};
const NODES = groups("system:nodes");
const EVERYBODY = groups("system:unauthenticated", "system:authenticated");
const MANAGER = "system:kube-controller-manager";
const SCHEDULER = "system:kube-scheduler";

const every = (subjects: readonly FlowSubject[]): PolicyRules => ({
  subjects,
  resourceRules: [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] },
  ],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
});

const leases = (...verbs: string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: ["coordination.k8s.io"],
  resources: ["leases"],
  namespaces: ["*"],
});

const NODE_RULES: readonly ResourcePolicyRule[] = [
  {
    verbs: ["*"],
    apiGroups: [""],
    resources: ["nodes", "nodes/status"],
    clusterScope: true,
    namespaces: ["*"],
  },
  leases("*"),
];

type SchemaRow = readonly [
  name: string,
  level: string,
  precedence: number,
  method: "ByUser" | "ByNamespace" | null,
  rules: PolicyRules,
];

const SCHEMAS: readonly SchemaRow[] = [
  [EXEMPT, EXEMPT, 1, null, every(groups("system:masters"))],
  [
    "probes",
    EXEMPT,
    2,
    null,
    {
      subjects: EVERYBODY,
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
    },
  ],
  [
    "system-leader-election",
    "leader-election",
    100,
    "ByUser",
    {
      subjects: [...users(MANAGER, SCHEDULER), SYSTEM_ACCOUNTS],
      resourceRules: [leases("get", "create", "update")],
    },
  ],
  ["system-node-high", "node-high", 400, "ByUser", { subjects: NODES, resourceRules: NODE_RULES }],
  ["system-nodes", "system", 500, "ByUser", every(NODES)],
  ["kube-controller-manager", "workload-high", 800, "ByNamespace", every(users(MANAGER))],
  ["kube-scheduler", "workload-high", 800, "ByNamespace", every(users(SCHEDULER))],
  ["kube-system-service-accounts", "workload-high", 900, "ByNamespace", every([SYSTEM_ACCOUNTS])],
  ["service-accounts", "workload-low", 9000, "ByUser", every(groups("system:serviceaccounts"))],
  ["global-default", "global-default", 9900, "ByUser", every(EVERYBODY)],
  [CATCH_ALL, CATCH_ALL, 10_000, "ByUser", every(EVERYBODY)],
];

type LevelRow = readonly [
  name: string,
  shares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
];

const QUEUE_LENGTH = 50;
const QUEUED_LEVELS: readonly LevelRow[] = [
  ["system", 30, 33, 64, 6],
  ["node-high", 40, 25, 64, 6],
  ["leader-election", 10, 0, 16, 4],
  ["workload-high", 40, 50, 128, 6],
  ["workload-low", 100, 90, 128, 6],
  ["global-default", 20, 50, 128, 6],
];
const CATCH_ALL_SHARES = 5;

const metadata = (name: string) => ({ name, annotations: ANNOTATIONS });

function level(name: string, spec: PriorityLevelObject["spec"]): PriorityLevelObject {
  return {
    apiVersion: API_VERSION,
    kind: "PriorityLevelConfiguration",
    metadata: metadata(name) as PriorityLevelObject["metadata"],
    spec,
  };
}

export const BOOTSTRAP_LEVELS: readonly PriorityLevelObject[] = [
  level(EXEMPT, { type: "Exempt", exempt: { nominalConcurrencyShares: 0 } }),
  level(CATCH_ALL, {
    type: "Limited",
    limited: { nominalConcurrencyShares: CATCH_ALL_SHARES, limitResponse: { type: "Reject" } },
  }),
  ...QUEUED_LEVELS.map(([name, shares, lendablePercent, queues, handSize]) =>
    level(name, {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: shares,
        lendablePercent,
        limitResponse: {
          type: "Queue",
          queuing: { queues, handSize, queueLengthLimit: QUEUE_LENGTH },
        },
      },
    }),
  ),
];

export const BOOTSTRAP_SCHEMAS: readonly FlowSchemaObject[] = SCHEMAS.map(
  ([name, priorityLevel, matchingPrecedence, method, rules]) => ({
    apiVersion: API_VERSION,
    kind: "FlowSchema",
    metadata: metadata(name) as FlowSchemaObject["metadata"],
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(method === null ? {} : { distinguisherMethod: { type: method } }),
      rules: [rules],
    },
  }),
);
