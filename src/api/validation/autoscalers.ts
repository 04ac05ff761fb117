// HorizontalPodAutoscalers: what they scale, by which metrics, how fast.
// Source: pkg/apis/autoscaling/validation/validation.go.
import { quantityMilliValue } from "../quantity.js";
import type { KubeObject } from "../meta.js";
import { checkChoice, type Fields, isSet, items, part, text } from "./checks.js";
import { checkResourceName } from "./container-resources.js";
import { type Failure, forbiddenField, invalidValue, required, unsupported } from "./failure.js";
import { checkText, dnsLabel, pathSegment } from "./names.js";

const WINDOW_SECONDS_MAX = 3600;
const PERIOD_SECONDS_MAX = 1800;
const METRIC_TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const TARGET_TYPES = ["Utilization", "Value", "AverageValue"];
const SELECT_POLICIES = ["Disabled", "Max", "Min"];

type Check = (fields: Fields, path: string, failures: Failure[]) => void;

export function checkNewAutoscaler(autoscaler: Fields, failures: Failure[]): void {
  checkTargetGroup(part(part(autoscaler, "spec"), "scaleTargetRef"), failures);
}

/** What it scales is looked at again only when it is changed. */
export function checkAutoscalerUpdate(next: KubeObject, current: KubeObject, failures: Failure[]): void {
  const [after, before] = [next, current].map((object) =>
    part(part(object as unknown as Fields, "spec"), "scaleTargetRef"),
  ) as [Fields, Fields];
  if (after["apiVersion"] !== before["apiVersion"] || after["kind"] !== before["kind"])
    checkTargetGroup(after, failures);
}

/** Of the core group only one kind can be scaled. */
function checkTargetGroup(target: Fields, failures: Failure[]): void {
  checkGroupVersion(target, "spec.scaleTargetRef", target["kind"] === "ReplicationController", failures);
}

function checkGroupVersion(
  reference: Fields,
  path: string,
  isCoreAllowed: boolean,
  failures: Failure[],
): void {
  const [apiVersion, at] = [text(reference, "apiVersion"), `${path}.apiVersion`];
  const slashCount = apiVersion.split("/").length - 1;
  if (slashCount > 1)
    failures.push(invalidValue(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else if (!isCoreAllowed && apiVersion.indexOf("/") < 1)
    failures.push(invalidValue(at, apiVersion, "apiVersion must specify API group"));
}

export function checkAutoscaler(autoscaler: Fields, failures: Failure[]): void {
  const spec = part(autoscaler, "spec");
  const least = spec["minReplicas"];
  const most = (spec["maxReplicas"] as number | undefined | null) ?? 0;
  if (typeof least === "number" && least < 1)
    failures.push(invalidValue("spec.minReplicas", least, "must be greater than or equal to 1"));
  if (most === 0) failures.push(required("spec.maxReplicas", "must be set and greater than 0"));
  else if (most < 0)
    failures.push(invalidValue("spec.maxReplicas", most, "must be greater than or equal to 1"));
  if (typeof least === "number" && most < least)
    failures.push(invalidValue("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
  checkReference(part(spec, "scaleTargetRef"), "spec.scaleTargetRef", failures);
  const metrics = items(spec, "metrics");
  metrics.forEach((metric, index) => {
    checkMetric(metric, `spec.metrics[${index}]`, failures);
  });
  if (least === 0 && !metrics.some(({ type }) => type === "Object" || type === "External"))
    failures.push(
      forbiddenField(
        "spec.metrics",
        "must specify at least one Object or External metric to support scaling to zero replicas",
      ),
    );
  for (const name of ["scaleUp", "scaleDown"]) {
    const rules = part(spec, "behavior")[name];
    if (isSet(rules)) checkScalingRules(rules as Fields, `spec.behavior.${name}`, failures);
  }
}

const checkReference: Check = (reference, path, failures) => {
  for (const name of ["kind", "name"]) {
    const value = text(reference, name);
    if (value === "") failures.push(required(`${path}.${name}`));
    else checkText(pathSegment, value, `${path}.${name}`, failures);
  }
};

const checkResourceSource: Check = (source, path, failures) => {
  if (text(source, "name") === "") failures.push(required(`${path}.name`, "must specify a resource name"));
  checkTarget(part(source, "target"), `${path}.target`, failures);
  const { averageUtilization, averageValue } = part(source, "target");
  if (!isSet(averageUtilization) && !isSet(averageValue))
    failures.push(
      required(
        `${path}.target.averageUtilization`,
        "must set either a target raw value or a target utilization",
      ),
    );
  if (isSet(averageUtilization) && isSet(averageValue))
    failures.push(
      forbiddenField(
        `${path}.target.averageValue`,
        "may not set both a target raw value and a target utilization",
      ),
    );
};

const checkContainerSource: Check = (source, path, failures) => {
  const [name, container] = [text(source, "name"), text(source, "container")];
  if (name !== "") checkResourceName(name, `${path}.name`, failures);
  if (container === "") failures.push(required(`${path}.container`, "must specify a container"));
  else checkText(dnsLabel, container, `${path}.container`, failures);
  checkResourceSource(source, path, failures);
};

/** Of a source that is told what it measures. */
const checkMetricSource: Check = (source, path, failures) => {
  const name = text(part(source, "metric"), "name");
  if (name === "") failures.push(required(`${path}.metric.name`, "must specify a metric name"));
  else checkText(pathSegment, name, `${path}.metric.name`, failures);
  checkTarget(part(source, "target"), `${path}.target`, failures);
};

const needsAverage = (source: Fields, path: string, why: string, failures: Failure[]) => {
  if (!isSet(part(source, "target")["averageValue"]))
    failures.push(required(`${path}.target.averageValue`, why));
};

const checkPodsSource: Check = (source, path, failures) => {
  checkMetricSource(source, path, failures);
  needsAverage(source, path, "must specify a positive target averageValue", failures);
};

const checkObjectSource: Check = (source, path, failures) => {
  const described = part(source, "describedObject");
  checkReference(described, `${path}.describedObject`, failures);
  checkGroupVersion(described, `${path}.describedObject`, true, failures);
  checkMetricSource(source, path, failures);
  if (!isSet(part(source, "target")["value"]))
    needsAverage(source, path, "must set either a target value or averageValue", failures);
};

const checkExternalSource: Check = (source, path, failures) => {
  checkMetricSource(source, path, failures);
  const { averageValue, value } = part(source, "target");
  if (!isSet(value))
    needsAverage(source, path, "must set either a target value for metric or a per-pod target", failures);
  else if (isSet(averageValue))
    failures.push(
      forbiddenField(
        `${path}.target.value`,
        "may not set both a target value for metric and a per-pod target",
      ),
    );
};

/** [type, its field, what is checked there], in upstream's order: only the first that is given is looked at. */
const SOURCES: readonly (readonly [string, string, Check])[] = [
  ["Object", "object", checkObjectSource],
  ["External", "external", checkExternalSource],
  ["Pods", "pods", checkPodsSource],
  ["Resource", "resource", checkResourceSource],
  ["ContainerResource", "containerResource", checkContainerSource],
];

const checkMetric: Check = (metric, path, failures) => {
  const type = text(metric, "type");
  if (type === "") failures.push(required(`${path}.type`, "must specify a metric source type"));
  if (!METRIC_TYPES.includes(type)) failures.push(unsupported(`${path}.type`, type, METRIC_TYPES));
  const given = SOURCES.filter(([, field]) => isSet(metric[field]));
  for (const [, field, check] of given.slice(0, 1)) check(part(metric, field), `${path}.${field}`, failures);
  const wanted = SOURCES.find(([name]) => name === type)?.[1];
  // Said twice, as upstream does.
  if (wanted === undefined) failures.push(unsupported(`${path}.type`, type, METRIC_TYPES));
  if (wanted !== undefined && !isSet(metric[wanted]))
    failures.push(required(`${path}.${wanted}`, "must populate information for the given metric source"));
  if (given.length > 1)
    for (const [, field] of given)
      if (field !== wanted)
        failures.push(forbiddenField(`${path}.${field}`, "must populate the given metric source only"));
};

const checkTarget: Check = (target, path, failures) => {
  const type = text(target, "type");
  if (type === "") failures.push(required(`${path}.type`, "must specify a metric target type"));
  if (!TARGET_TYPES.includes(type))
    failures.push(invalidValue(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  for (const name of ["value", "averageValue"]) {
    const amount = target[name];
    if (isSet(amount) && (quantityMilliValue(amount as string) ?? 0) <= 0)
      failures.push(invalidValue(`${path}.${name}`, String(amount), "must be positive"));
  }
  const utilization = target["averageUtilization"];
  if (typeof utilization === "number" && utilization < 1)
    failures.push(invalidValue(`${path}.averageUtilization`, utilization, "must be greater than 0"));
};

const checkScalingRules: Check = (rules, path, failures) => {
  const window = rules["stabilizationWindowSeconds"];
  if (typeof window === "number" && (window < 0 || window > WINDOW_SECONDS_MAX))
    failures.push(
      invalidValue(
        `${path}.stabilizationWindowSeconds`,
        window,
        window < 0
          ? "must be greater than or equal to zero"
          : `must be less than or equal to ${WINDOW_SECONDS_MAX}`,
      ),
    );
  checkChoice(rules["selectPolicy"], SELECT_POLICIES, `${path}.selectPolicy`, failures);
  const policies = items(rules, "policies");
  if (policies.length === 0) failures.push(required(`${path}.policies`, "must specify at least one Policy"));
  policies.forEach((policy, index) => {
    checkScalingPolicy(policy, `${path}.policies[${index}]`, failures);
  });
  const tolerance = rules["tolerance"];
  if (isSet(tolerance) && (quantityMilliValue(tolerance as string) ?? 0) < 0)
    failures.push(invalidValue(`${path}.tolerance`, String(tolerance), "must be greater than or equal to 0"));
};

const checkScalingPolicy: Check = (policy, path, failures) => {
  checkChoice(policy["type"] ?? "", ["Percent", "Pods"], `${path}.type`, failures);
  for (const name of ["value", "periodSeconds"]) {
    const count = (policy[name] as number | undefined | null) ?? 0;
    if (count <= 0) failures.push(invalidValue(`${path}.${name}`, count, "must be greater than zero"));
    else if (name === "periodSeconds" && count > PERIOD_SECONDS_MAX)
      failures.push(
        invalidValue(`${path}.${name}`, count, `must be less than or equal to ${PERIOD_SECONDS_MAX}`),
      );
  }
};
