// What an API server fills in before it stores an object, as far as a scheduler can tell: identity, requests from
// limits, priority from its class, the condition of gated Pods.
// Pods of one template share their spec; it is completed once and the completed one shared again, so that admitting a
// Pod costs no more than its metadata.
// Source: kubernetes pkg/apis/core/v1/defaults.go, plugin/pkg/admission/priority, pkg/registry/core/pod/strategy.go.
import { PlumbError } from "../../base/errors.js";
import type { PriorityClass, ResourceRequirements } from "../../api/scheduling.js";
import type { Container, Pod, PodCondition, PodSpec } from "../../api/types.js";

const EMPTY_SPEC: PodSpec = {};
const PENDING: Pod["status"] = { phase: "Pending" };
const GATED: PodCondition = {
  type: "PodScheduled",
  status: "False",
  reason: "SchedulingGated",
  message: "Scheduling is blocked due to non-empty scheduling gates",
};
const PENDING_GATED: Pod["status"] = { phase: "Pending", conditions: [GATED] };

/** Classes that every cluster has. */
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

export class PodAdmission {
  readonly #classes: () => Iterable<PriorityClass>;
  #completed = new WeakMap<PodSpec, PodSpec>();

  constructor(classes: () => Iterable<PriorityClass>) {
    this.#classes = classes;
  }

  /** Specs are to be completed anew. */
  classesChanged(): void {
    this.#completed = new WeakMap();
  }

  /** @throws {PlumbError} InvalidInput for a priority class that does not exist */
  spec(pod: Pod): PodSpec {
    const written = pod.spec ?? EMPTY_SPEC;
    const known = this.#completed.get(written);
    if (known !== undefined) return known;
    const spec = this.#complete(written, pod.metadata.name);
    this.#completed.set(written, spec);
    return spec;
  }

  status({ spec, status }: Pod): Pod["status"] {
    const isGated = (spec?.schedulingGates?.length ?? 0) > 0;
    if (status?.phase !== undefined && !isGated) return status;
    return isGated ? PENDING_GATED : { ...status, ...PENDING };
  }

  #complete(spec: PodSpec, podName: string): PodSpec {
    const { containers, initContainers } = spec;
    const priorityClass = spec.priority === undefined ? this.#classOf(spec, podName) : null;
    return {
      ...spec,
      ...(containers === undefined ? {} : { containers: containers.map(withRequests) }),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withRequests) }),
      ...(priorityClass === null ? {} : { priority: priorityClass.value }),
      ...(priorityClass?.preemptionPolicy === undefined
        ? {}
        : { preemptionPolicy: priorityClass.preemptionPolicy }),
    };
  }

  #classOf(
    { priorityClassName = "" }: PodSpec,
    podName: string,
  ): Pick<PriorityClass, "value" | "preemptionPolicy"> | null {
    if (priorityClassName === "") return this.#defaultClass();
    const value = SYSTEM_PRIORITIES[priorityClassName];
    if (value !== undefined) return { value };
    for (const each of this.#classes()) if (each.metadata.name === priorityClassName) return each;
    throw new PlumbError(
      "InvalidInput",
      `Cannot create Pod '${podName}': no PriorityClass with name ${priorityClassName} was found`,
    );
  }

  /** Of several defaults the lowest counts. */
  #defaultClass(): PriorityClass | null {
    let lowest: PriorityClass | null = null;
    for (const each of this.#classes())
      if (each.globalDefault === true && (lowest === null || each.value < lowest.value)) lowest = each;
    return lowest;
  }
}

/** Who limits a resource and names no request requests as much. */
function withRequests<Each extends Container>(container: Each): Each {
  const { resources } = container;
  if (resources?.limits === undefined || !lacksRequests(resources)) return container;
  return {
    ...container,
    resources: { ...resources, requests: { ...resources.limits, ...resources.requests } },
  };
}

function lacksRequests({ limits = {}, requests = {} }: ResourceRequirements): boolean {
  return Object.keys(limits).some((resource) => requests[resource] === undefined);
}
