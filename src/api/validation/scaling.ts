// How many Pods there may and must be: disruption budgets and autoscalers.
// Source: pkg/apis/policy/validation/validation.go, pkg/apis/autoscaling/validation/validation.go.
import {
  checkChoice,
  checkCountOrPercent,
  checkNotAbove100Percent,
  checkSelector,
  type Fields,
  isSet,
  items,
  part,
  text,
} from "./checks.js";
import { type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";

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
