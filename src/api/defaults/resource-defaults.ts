// Amounts of resources: no finer than a thousandth, and requests that follow limits.
// Source: pkg/apis/core/v1/defaults.go (SetDefaults_ResourceList, SetDefaults_Pod).
import { quantityMilliValue } from "../quantity.js";
import { type Fields, isObject, type Rule, within } from "./rule.js";

/** Amounts below a thousandth are rounded up to one. */
export const resourceList: Rule = (value) => {
  if (!isObject(value)) return value;
  let result = value as Record<string, unknown>;
  for (const name in value) {
    const amount = value[name];
    if (typeof amount !== "string" || !isFine(amount)) continue;
    const milli = quantityMilliValue(amount);
    if (milli === null) continue;
    if (result === value) result = { ...value };
    result[name] = `${milli}m`;
  }
  return result;
};

/** Nano or micro. */
function isFine(amount: string): boolean {
  const last = amount.charCodeAt(amount.length - 1);
  return last === 0x6e || last === 0x75;
}

export const resources = within({ limits: resourceList, requests: resourceList });

/** Of a Pod, not of a template: what is limited and not requested is requested as much as it is limited to. */
export const requestsFollowLimits: Rule = (value) => {
  if (!isObject(value) || !isObject(value["limits"])) return value;
  const limits = value["limits"];
  const requests = (value["requests"] ?? {}) as Fields;
  return Object.keys(limits).every((name) => Object.hasOwn(requests, name))
    ? value
    : { ...value, requests: { ...limits, ...requests } };
};
