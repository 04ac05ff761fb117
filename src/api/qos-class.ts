// Quality of service, as the server writes it: from what a Pod's containers ask for and may use at most.
// Source: pkg/apis/core/helper/qos/qos.go (ComputePodQOS).
import { quantityMilliValue } from "./quantity.js";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

type Amounts = Readonly<Record<string, string | number>>;

interface Container {
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
}

export interface QosSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

const COUNTED = ["cpu", "memory"];

/** Guaranteed: every container's cpu and memory have limits that its requests equal. BestEffort: none has either. */
export function qosClass({ containers = [], initContainers = [] }: QosSpec): QosClass {
  const all = [...initContainers, ...containers];
  const asks = ({ resources }: Container) =>
    COUNTED.some((name) => amountOf(resources?.requests, name) > 0 || amountOf(resources?.limits, name) > 0);
  if (!all.some(asks)) return "BestEffort";
  return all.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function isGuaranteed({ resources }: Container): boolean {
  return COUNTED.every((name) => {
    const limit = amountOf(resources?.limits, name);
    const isAsked = resources?.requests?.[name] !== undefined;
    return limit > 0 && (!isAsked || amountOf(resources?.requests, name) === limit);
  });
}

function amountOf(amounts: Amounts | undefined, name: string): number {
  return quantityMilliValue(String(amounts?.[name] ?? 0)) ?? 0;
}
