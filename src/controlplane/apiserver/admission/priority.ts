// The priority of a Pod is its class's; without a class the default class's, without that zero.
// Source: plugin/pkg/admission/priority.
import type { PodSpec } from "kubernetes-types/core/v1.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { found, kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { type PodObject, podOf, withSpec } from "./pod-parts.js";

const CLASSES = kindRow("scheduling.k8s.io", "priorityclasses");

interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: "Never" | "PreemptLowerPriority";
}

export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "Priority",
    operations: ["CREATE", "UPDATE"],
    resources: ["pods", "priorityclasses.scheduling.k8s.io"],
    mutate(request): Eventually<KubeObject | null> {
      if (request.kind === CLASSES) return request.object;
      const pod = podOf(request);
      if (request.operation === "UPDATE") return kept(pod, request.oldObject as PodObject);
      const name = pod.spec.priorityClassName;
      if (!name) return withPriority(request, pod, defaultClass(reader));
      const looking = found(reader, CLASSES, "", name) as Eventually<PriorityClass | undefined>;
      const chosen = (priorityClass: PriorityClass | undefined) => {
        if (priorityClass === undefined)
          throw refused(request, `no PriorityClass with name ${name} was found`);
        return withPriority(request, pod, priorityClass);
      };
      return looking instanceof Promise ? looking.then(chosen) : chosen(looking);
    },
    validate(request): void {
      if (request.kind === CLASSES) refuseSecondDefault(reader, request);
    },
  };
}

/** An update that leaves them out does not change them. */
function kept(pod: PodObject, old: PodObject): PodObject {
  const before = old.spec;
  const change: Partial<PodSpec> = {
    ...(pod.spec.priority === undefined && before?.priority !== undefined
      ? { priority: before.priority }
      : {}),
    ...(pod.spec.preemptionPolicy === undefined && before?.preemptionPolicy !== undefined
      ? { preemptionPolicy: before.preemptionPolicy }
      : {}),
  };
  return Object.keys(change).length === 0 ? pod : withSpec(pod, change);
}

function withPriority(
  request: AdmissionRequest,
  pod: PodObject,
  priorityClass: PriorityClass | null,
): PodObject {
  const { spec } = pod;
  const value = priorityClass?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== value)
    throw refused(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  const policy = priorityClass === null ? "PreemptLowerPriority" : priorityClass.preemptionPolicy;
  if (policy !== undefined && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
    throw refused(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  return withSpec(pod, {
    priority: value,
    ...(priorityClass === null ? {} : { priorityClassName: priorityClass.metadata.name }),
    ...(policy === undefined ? {} : { preemptionPolicy: policy }),
  });
}

/** Of several, the least important. */
function defaultClass(reader: ObjectReader): PriorityClass | null {
  let chosen: PriorityClass | null = null;
  for (const each of reader.list(CLASSES, "") as Iterable<PriorityClass>)
    if (each.globalDefault === true && (chosen === null || each.value < chosen.value)) chosen = each;
  return chosen;
}

function refuseSecondDefault(reader: ObjectReader, request: AdmissionRequest): void {
  if ((request.object as PriorityClass).globalDefault !== true) return;
  const other = defaultClass(reader);
  if (
    other !== null &&
    (request.operation === "CREATE" || other.metadata.name !== request.object?.metadata.name)
  )
    throw refused(
      request,
      `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
    );
}
