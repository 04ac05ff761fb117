// Services and autoscalers: defaults that depend on other fields.
// Source: pkg/apis/core/v1/defaults.go (SetDefaults_Service), pkg/apis/autoscaling/v2/defaults.go.
import {
  always,
  each,
  type Fields,
  isObject,
  type Rule,
  unlessSet,
  unlessZero,
  when,
  within,
} from "./rule.js";

/** Three hours. */
const AFFINITY_SECONDS = 10_800;

const isBalanced = (spec: Fields) => spec["type"] === "LoadBalancer";
const isExternal = (spec: Fields) =>
  spec["type"] === "NodePort" ||
  spec["type"] === "LoadBalancer" ||
  (spec["type"] === "ClusterIP" && Array.isArray(spec["externalIPs"]) && spec["externalIPs"].length > 0);

const affinityConfig: Rule = (value, spec) => {
  if (spec["sessionAffinity"] === "None") return undefined;
  if (spec["sessionAffinity"] !== "ClientIP") return value;
  const clientIP = (value as Fields | undefined)?.["clientIP"] as Fields | undefined;
  return clientIP?.["timeoutSeconds"] == null ? { clientIP: { timeoutSeconds: AFFINITY_SECONDS } } : value;
};

const port = within({
  protocol: unlessZero("TCP"),
  targetPort: (value, owner) => value || owner["port"],
});

export const service = within({
  spec: always({
    ports: each(port),
    sessionAffinity: unlessZero("None"),
    sessionAffinityConfig: affinityConfig,
    type: unlessZero("ClusterIP"),
    externalTrafficPolicy: when(isExternal, unlessZero("Cluster")),
    internalTrafficPolicy: when((spec) => spec["type"] !== "ExternalName", unlessSet("Cluster")),
    allocateLoadBalancerNodePorts: when(isBalanced, unlessSet(true)),
  }),
  status: (value, owner) => (isBalanced((owner["spec"] ?? {}) as Fields) ? balancerStatus(value) : value),
});

const balancerStatus = within({
  loadBalancer: within({
    ingress: each(within({ ipMode: when((ingress) => !!ingress["ip"], unlessSet("VIP")) })),
  }),
});

const PERIOD_SECONDS = 15;
const PERCENT = { type: "Percent", value: 100, periodSeconds: PERIOD_SECONDS };
const PODS = { type: "Pods", value: 4, periodSeconds: PERIOD_SECONDS };

const metrics: Rule = (value) =>
  Array.isArray(value) && value.length > 0
    ? value
    : [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
      ];

export const horizontalPodAutoscaler = within({
  spec: always({
    minReplicas: unlessSet(1),
    metrics,
    behavior: within({
      scaleUp: always({
        stabilizationWindowSeconds: unlessSet(0),
        selectPolicy: unlessSet("Max"),
        policies: unlessSet([PODS, PERCENT]),
      }),
      scaleDown: always({ selectPolicy: unlessSet("Max"), policies: unlessSet([PERCENT]) }),
    }),
  }),
});

/** For containers, a default limit follows the maximum, a default request the default limit, then the minimum. */
const limitRangeItem: Rule = (value) => {
  if (!isObject(value) || value["type"] !== "Container") return value;
  const part = (name: string) => (value[name] ?? {}) as Fields;
  const limit = { ...part("max"), ...part("default") };
  const request = { ...part("min"), ...limit, ...part("defaultRequest") };
  const isSame = (name: string, fields: Fields) =>
    isObject(value[name]) && Object.keys(value[name]).length === Object.keys(fields).length;
  return isSame("default", limit) && isSame("defaultRequest", request)
    ? value
    : { ...value, default: limit, defaultRequest: request };
};

export const limitRange = within({ spec: always({ limits: each(limitRangeItem) }) });
