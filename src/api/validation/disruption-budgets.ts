// How many Pods there must be: disruption budgets.
// Source: pkg/apis/policy/validation/validation.go.
import {
  checkChoice,
  checkCountOrPercent,
  checkNotAbove100Percent,
  checkSelector,
  type Fields,
  isSet,
  part,
} from "./checks.js";
import { type Failure, invalidValue } from "./failure.js";

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
