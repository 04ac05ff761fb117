// Nodes, namespaces' budgets and limits, priorities, leases, endpoints, requests for certificates, roles.
// Source: pkg/apis/{core,rbac,coordination,discovery,scheduling,certificates,policy}/validation.
import { jsonEquals } from "../patch/json-tree.js";
import { quantityMilliValue } from "../quantity.js";
import type { KubeObject } from "../meta.js";
import {
  checkChoice,
  checkCountOrPercent,
  checkNotAbove100Percent,
  checkQuantities,
  checkRequiredChoice,
  checkSelector,
  checkUnique,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import {
  duplicate,
  type Failure,
  forbiddenField,
  IMMUTABLE,
  invalidValue,
  NOT_NEGATIVE,
  required,
  unsupported,
} from "./failure.js";
import { checkText, labelValue, pathSegment, qualifiedName } from "./names.js";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function checkNode(node: Fields, failures: Failure[]): void {
  const seen = new Set<string>();
  items(part(node, "spec"), "taints").forEach((taint, index) => {
    const at = `metadata.taints[${index}]`;
    checkText(qualifiedName, text(taint, "key"), `${at}.key`, failures);
    checkText(labelValue, text(taint, "value"), `${at}.value`, failures);
    checkRequiredChoice(taint["effect"], EFFECTS, `${at}.effect`, failures);
    checkUnique(seen, `${taint["key"]}:${taint["effect"]}`, at, failures);
  });
}

export function checkNodeUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [
    part(next as unknown as Fields, "spec"),
    part(current as unknown as Fields, "spec"),
  ];
  const ranges = before["podCIDRs"] as readonly string[] | undefined;
  if (ranges !== undefined && ranges.length > 0 && !jsonEquals(after["podCIDRs"], ranges))
    failures.push(
      forbiddenField("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'),
    );
  const provider = text(before, "providerID");
  if (provider !== "" && text(after, "providerID") !== provider)
    failures.push(
      forbiddenField("spec.providerID", 'node updates may not change providerID except from "" to valid'),
    );
}

const SCOPES = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];

export function checkResourceQuota(quota: Fields, failures: Failure[]): void {
  const spec = part(quota, "spec");
  checkQuantities(part(spec, "hard"), "spec.hard", failures);
  const scopes = items(spec, "scopes") as unknown as readonly string[];
  for (const scope of scopes)
    if (!SCOPES.includes(scope)) failures.push(invalidValue("spec.scopes", scope, "unsupported scope"));
  for (const [one, other] of [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ] as const)
    if (scopes.includes(one) && scopes.includes(other))
      failures.push(invalidValue("spec.scopes", scopes, "conflicting scopes"));
}

export function checkResourceQuotaUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const scopesOf = (object: KubeObject) =>
    [...(items(part(object as unknown as Fields, "spec"), "scopes") as unknown as string[])].sort();
  const scopes = scopesOf(next);
  if (!jsonEquals(scopes, scopesOf(current))) failures.push(invalidValue("spec.scopes", scopes, IMMUTABLE));
}

const LIMIT_TYPES = ["Container", "PersistentVolumeClaim", "Pod"];

export function checkLimitRange(range: Fields, failures: Failure[]): void {
  const types = new Set<string>();
  items(part(range, "spec"), "limits").forEach((limit, index) => {
    const at = `spec.limits[${index}]`;
    const type = text(limit, "type");
    if (!type.includes("/") && !LIMIT_TYPES.includes(type))
      failures.push(invalidValue(`${at}.type`, type, "must be a standard limit type or fully qualified"));
    if (types.has(type)) failures.push(duplicate(`${at}.type`, type));
    types.add(type);
    for (const bound of ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"])
      checkQuantities(part(limit, bound), `${at}.${bound}`, failures);
    if (type === "Pod")
      for (const name of ["default", "defaultRequest"])
        if (isSet(limit[name]))
          failures.push(forbiddenField(`${at}.${name}`, "may not be specified when `type` is 'Pod'"));
    checkOrder(limit, at, failures);
  });
}

/** min <= defaultRequest <= default <= max. */
function checkOrder(limit: Fields, path: string, failures: Failure[]): void {
  const pairs = [
    ["min", "max", "min value", "max value"],
    ["min", "defaultRequest", "min value", "default request value"],
    ["min", "default", "min value", "default value"],
    ["defaultRequest", "max", "default request value", "max value"],
    ["defaultRequest", "default", "default request value", "default limit value"],
    ["default", "max", "default value", "max value"],
  ] as const;
  for (const [low, high, lowName, highName] of pairs)
    for (const [name, amount] of Object.entries(part(limit, low))) {
      const other = part(limit, high)[name];
      if (!isSet(other)) continue;
      const [less, more] = [
        quantityMilliValue(amount as string) ?? 0,
        quantityMilliValue(other as string) ?? 0,
      ];
      if (less > more)
        failures.push(
          invalidValue(
            `${path}.${low}[${name}]`,
            String(amount),
            `${lowName} ${amount} is greater than ${highName} ${other}`,
          ),
        );
    }
}

const SYSTEM_PREFIX = "system-";
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};
const USER_PRIORITY_MAX = 1_000_000_000;

export function checkPriorityClass(priorityClass: Fields, failures: Failure[]): void {
  const name = text(part(priorityClass, "metadata"), "name");
  const value = (priorityClass["value"] as number | undefined) ?? 0;
  if (name.startsWith(SYSTEM_PREFIX)) {
    if (SYSTEM_CLASSES[name] !== value)
      failures.push(
        forbiddenField(
          "metadata.name",
          `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${name} is not a known system priority class`,
        ),
      );
  } else if (value > USER_PRIORITY_MAX)
    failures.push(
      forbiddenField("value", `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`),
    );
  checkChoice(
    priorityClass["preemptionPolicy"],
    ["PreemptLowerPriority", "Never"],
    "preemptionPolicy",
    failures,
  );
}

export function checkPriorityClassUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next as unknown as Fields, current as unknown as Fields];
  if (after["value"] !== before["value"])
    failures.push(forbiddenField("value", "may not be changed in an update."));
  if (after["preemptionPolicy"] !== before["preemptionPolicy"])
    failures.push(invalidValue("preemptionPolicy", after["preemptionPolicy"], IMMUTABLE));
}

export function checkLease(lease: Fields, failures: Failure[]): void {
  const { leaseDurationSeconds, leaseTransitions } = part(lease, "spec");
  if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0)
    failures.push(invalidValue("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  if (typeof leaseTransitions === "number" && leaseTransitions < 0)
    failures.push(invalidValue("spec.leaseTransitions", leaseTransitions, NOT_NEGATIVE));
}

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX = 1000;
const SLICE_PORTS_MAX = 20_000;

export function checkEndpointSlice(slice: Fields, failures: Failure[]): void {
  checkRequiredChoice(slice["addressType"], ADDRESS_TYPES, "addressType", failures);
  const endpoints = items(slice, "endpoints");
  if (endpoints.length > ENDPOINTS_MAX)
    failures.push({
      reason: "FieldValueTooMany",
      field: "endpoints",
      message: `Too many: ${endpoints.length}: must have at most ${ENDPOINTS_MAX} items`,
    });
  for (let index = 0; index < endpoints.length; index++)
    checkEndpoint(endpoints[index] as Fields, slice["addressType"], `endpoints[${index}]`, failures);
  const ports = items(slice, "ports");
  if (ports.length > SLICE_PORTS_MAX)
    failures.push({
      reason: "FieldValueTooMany",
      field: "ports",
      message: `Too many: ${ports.length}: must have at most ${SLICE_PORTS_MAX} items`,
    });
  const names = new Set<string>();
  ports.forEach((port, index) => {
    checkUnique(names, text(port, "name"), `ports[${index}].name`, failures);
    checkRequiredChoice(port["protocol"], ["SCTP", "TCP", "UDP"], `ports[${index}].protocol`, failures);
  });
}

function checkEndpoint(endpoint: Fields, type: unknown, path: string, failures: Failure[]): void {
  const addresses = (endpoint["addresses"] as readonly string[] | undefined) ?? [];
  if (addresses.length === 0) failures.push(required(`${path}.addresses`, "must contain at least 1 address"));
  addresses.forEach((address, index) => {
    const isVersion6 = address.includes(":");
    if (type === "IPv4" && (isVersion6 || !/^\d+\.\d+\.\d+\.\d+$/.test(address)))
      failures.push(invalidValue(`${path}.addresses[${index}]`, address, "must be an IPv4 address"));
    if (type === "IPv6" && !isVersion6)
      failures.push(invalidValue(`${path}.addresses[${index}]`, address, "must be an IPv6 address"));
  });
}

const REQUEST = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/;

export function checkCertificateRequest(request: Fields, failures: Failure[]): void {
  const spec = part(request, "spec");
  const encoded = text(spec, "request");
  if (!REQUEST.test(Buffer.from(encoded, "base64").toString("latin1")))
    failures.push(invalidValue("spec.request", encoded, "PEM block type must be CERTIFICATE REQUEST"));
  const usages = (spec["usages"] as readonly string[] | undefined) ?? [];
  if (usages.length === 0) failures.push(required("spec.usages"));
  const signer = text(spec, "signerName");
  if (signer === "") failures.push(required("spec.signerName"));
  else if (!/^[a-z0-9.-]+\/.+/.test(signer))
    failures.push(
      invalidValue(
        "spec.signerName",
        signer,
        "must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ),
    );
  const seconds = spec["expirationSeconds"];
  if (typeof seconds === "number" && seconds < 600)
    failures.push(
      invalidValue(
        "spec.expirationSeconds",
        seconds,
        "may not specify a duration less than 600 seconds (10 minutes)",
      ),
    );
}

export function checkRole(role: Fields, failures: Failure[]): void {
  const isNamespaced = role["kind"] === "Role";
  items(role, "rules").forEach((rule, index) => {
    const at = `rules[${index}]`;
    const list = (name: string) => (rule[name] as readonly string[] | undefined) ?? [];
    if (list("verbs").length === 0)
      failures.push(required(`${at}.verbs`, "verbs must contain at least one value"));
    const urls = list("nonResourceURLs");
    if (urls.length > 0) {
      if (isNamespaced)
        failures.push(
          invalidValue(`${at}.nonResourceURLs`, urls, "namespaced rules cannot apply to non-resource URLs"),
        );
      if (list("apiGroups").length + list("resources").length + list("resourceNames").length > 0)
        failures.push(
          invalidValue(
            `${at}.nonResourceURLs`,
            urls,
            "rules cannot apply to both regular resources and non-resource URLs",
          ),
        );
      return;
    }
    if (list("apiGroups").length === 0)
      failures.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
    if (list("resources").length === 0)
      failures.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  });
  if (
    isSet(role["aggregationRule"]) &&
    items(part(role, "aggregationRule"), "clusterRoleSelectors").length === 0
  )
    failures.push(
      required(
        "aggregationRule.clusterRoleSelectors",
        "at least one clusterRoleSelector required if aggregationRule is non-nil",
      ),
    );
}

const RBAC = "rbac.authorization.k8s.io";

export function checkRoleBinding(binding: Fields, failures: Failure[]): void {
  const ref = part(binding, "roleRef");
  const kinds = binding["kind"] === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  checkChoice(ref["apiGroup"] ?? "", [RBAC], "roleRef.apiGroup", failures);
  checkChoice(ref["kind"] ?? "", kinds, "roleRef.kind", failures);
  if (text(ref, "name") === "") failures.push(required("roleRef.name"));
  else checkText(pathSegment, text(ref, "name"), "roleRef.name", failures);
  items(binding, "subjects").forEach((subject, index) => {
    const at = `subjects[${index}]`;
    if (text(subject, "name") === "") failures.push(required(`${at}.name`));
    const group = text(subject, "apiGroup");
    switch (subject["kind"]) {
      case "ServiceAccount":
        if (group !== "") failures.push(unsupported(`${at}.apiGroup`, group, [""]));
        if (text(subject, "namespace") === "") failures.push(required(`${at}.namespace`));
        break;
      case "User":
      case "Group":
        if (group !== RBAC) failures.push(unsupported(`${at}.apiGroup`, group, [RBAC]));
        break;
      default:
        failures.push(unsupported(`${at}.kind`, subject["kind"] ?? "", ["ServiceAccount", "User", "Group"]));
    }
  });
}

export function checkRoleRefKept(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const refOf = (object: KubeObject) => (object as unknown as Fields)["roleRef"];
  if (!jsonEquals(refOf(next), refOf(current)))
    failures.push(invalidValue("roleRef", refOf(next), "cannot change roleRef"));
}

export function checkDisruptionBudget(budget: Fields, failures: Failure[]): void {
  const spec = part(budget, "spec");
  const { minAvailable, maxUnavailable } = spec;
  if (isSet(minAvailable) && isSet(maxUnavailable))
    failures.push(invalidValue("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
  for (const name of ["minAvailable", "maxUnavailable"]) {
    checkCountOrPercent(spec[name], `spec.${name}`, failures);
    checkNotAbove100Percent(spec[name], `spec.${name}`, failures);
  }
  checkSelector(part(spec, "selector"), "spec.selector", failures);
  checkChoice(
    spec["unhealthyPodEvictionPolicy"],
    ["AlwaysAllow", "IfHealthyBudget"],
    "spec.unhealthyPodEvictionPolicy",
    failures,
  );
}

const METRIC_TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const SOURCE_OF: Readonly<Record<string, string>> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};

export function checkAutoscaler(autoscaler: Fields, failures: Failure[]): void {
  const spec = part(autoscaler, "spec");
  const least = spec["minReplicas"];
  const most = spec["maxReplicas"];
  if (typeof least === "number" && least < 1)
    failures.push(invalidValue("spec.minReplicas", least, "must be greater than or equal to 1"));
  if (!most) failures.push(required("spec.maxReplicas", "must be set and greater than 0"));
  else if (typeof most === "number" && most < 1)
    failures.push(invalidValue("spec.maxReplicas", most, "must be greater than or equal to 1"));
  if (typeof least === "number" && typeof most === "number" && most !== 0 && most < least)
    failures.push(invalidValue("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
  const target = part(spec, "scaleTargetRef");
  for (const name of ["kind", "name"])
    if (text(target, name) === "") failures.push(required(`spec.scaleTargetRef.${name}`));
  items(spec, "metrics").forEach((metric, index) => {
    checkMetric(metric, `spec.metrics[${index}]`, failures);
  });
  checkBehavior(part(spec, "behavior"), failures);
}

function checkMetric(metric: Fields, path: string, failures: Failure[]): void {
  const type = text(metric, "type");
  const source = SOURCE_OF[type];
  if (type === "") failures.push(required(`${path}.type`, "must specify a metric source type"));
  else if (source === undefined) failures.push(unsupported(`${path}.type`, type, METRIC_TYPES));
  else if (!isSet(metric[source]))
    failures.push(required(`${path}.${source}`, "must populate information for the given metric source"));
  if (type !== "Resource" && type !== "ContainerResource") return;
  const content = part(metric, source ?? "");
  if (text(content, "name") === "")
    failures.push(required(`${path}.${source}.name`, "must specify a resource name"));
  const target = part(content, "target");
  const at = `${path}.${source}.target`;
  if (!isSet(target["averageUtilization"]) && !isSet(target["averageValue"]))
    failures.push(
      required(`${at}.averageUtilization`, "must set either a target raw value or a target utilization"),
    );
  if (isSet(target["averageUtilization"]) && isSet(target["averageValue"]))
    failures.push(
      forbiddenField(`${at}.averageValue`, "may not set both a target raw value and a target utilization"),
    );
}

const SELECT_POLICIES = ["Disabled", "Max", "Min"];

function checkBehavior(behavior: Fields, failures: Failure[]): void {
  for (const name of ["scaleUp", "scaleDown"]) {
    if (!isSet(behavior[name])) continue;
    const rules = part(behavior, name);
    const at = `spec.behavior.${name}`;
    const window = rules["stabilizationWindowSeconds"];
    if (typeof window === "number" && (window < 0 || window > 3600))
      failures.push(
        invalidValue(
          `${at}.stabilizationWindowSeconds`,
          window,
          window < 0 ? "must be greater than or equal to zero" : "must be less than or equal to 3600",
        ),
      );
    checkChoice(rules["selectPolicy"], SELECT_POLICIES, `${at}.selectPolicy`, failures);
    const policies = items(rules, "policies");
    if (policies.length === 0) failures.push(required(`${at}.policies`, "must specify at least one Policy"));
    policies.forEach((policy, index) => {
      checkChoice(policy["type"] ?? "", ["Percent", "Pods"], `${at}.policies[${index}].type`, failures);
      for (const count of ["value", "periodSeconds"])
        if (!(typeof policy[count] === "number" && policy[count] > 0))
          failures.push(
            invalidValue(
              `${at}.policies[${index}].${count}`,
              policy[count] ?? 0,
              "must be greater than zero",
            ),
          );
    });
  }
}
