// A Pod's runtime class decides what the runtime itself takes, and on which nodes the Pod can run.
// Source: plugin/pkg/admission/runtimeclass.
import type { Toleration } from "kubernetes-types/core/v1.js";
import { amountsOf, type Quantities } from "../../../api/amount.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { found, kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { type PodObject, podOf, withSpec } from "./pod-parts.js";

const RUNTIME_CLASSES = kindRow("node.k8s.io", "runtimeclasses");

interface RuntimeClass extends KubeObject {
  readonly overhead?: { readonly podFixed?: Record<string, string> };
  readonly scheduling?: {
    readonly nodeSelector?: Record<string, string>;
    readonly tolerations?: Toleration[];
  };
}

export function runtimeClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "RuntimeClass",
    operations: ["CREATE"],
    resources: ["pods"],
    mutate(request): Eventually<KubeObject | null> {
      const pod = podOf(request);
      const name = pod.spec.runtimeClassName;
      if (name === undefined) {
        if (pod.spec.overhead === undefined) return request.object;
        throw refused(
          request,
          "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        );
      }
      const looking = found(reader, RUNTIME_CLASSES, "", name);
      return looking instanceof Promise
        ? looking.then((late) => withClass(request, pod, late))
        : withClass(request, pod, looking);
    },
  };
}

function withClass(request: AdmissionRequest, pod: PodObject, runtime: RuntimeClass | undefined): PodObject {
  const name = pod.spec.runtimeClassName ?? "";
  if (runtime === undefined) throw refused(request, `pod rejected: RuntimeClass "${name}" not found`);
  return withScheduling(request, withOverhead(request, pod, runtime), runtime);
}

function withOverhead(request: AdmissionRequest, pod: PodObject, { overhead }: RuntimeClass): PodObject {
  const given = pod.spec.overhead;
  if (overhead === undefined) {
    if (given === undefined) return pod;
    throw refused(
      request,
      "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
    );
  }
  const fixed = overhead.podFixed ?? {};
  if (given !== undefined && Object.keys(given).length > 0 && !areEqual(given, fixed))
    throw refused(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  return withSpec(pod, { overhead: fixed });
}

function areEqual(one: Quantities, other: Quantities): boolean {
  const [left, right] = [amountsOf(one), amountsOf(other)];
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => left[name]?.milli === right[name]?.milli)
  );
}

function withScheduling(request: AdmissionRequest, pod: PodObject, { scheduling }: RuntimeClass): PodObject {
  if (scheduling === undefined) return pod;
  const own = pod.spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {}))
    if (own[key] !== undefined && own[key] !== value)
      throw refused(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`,
      );
  const tolerations = pod.spec.tolerations ?? [];
  const added = (scheduling.tolerations ?? []).filter(
    (each) => !tolerations.some((other) => isSame(each, other)),
  );
  return withSpec(pod, {
    nodeSelector: { ...own, ...scheduling.nodeSelector },
    ...(added.length === 0 ? {} : { tolerations: [...tolerations, ...added] }),
  });
}

function isSame(one: Toleration, other: Toleration): boolean {
  return (
    one.key === other.key &&
    one.operator === other.operator &&
    one.value === other.value &&
    one.effect === other.effect &&
    one.tolerationSeconds === other.tolerationSeconds
  );
}
