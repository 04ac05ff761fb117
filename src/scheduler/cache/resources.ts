// Amounts of resources: what nodes have, Pods ask for, and is taken.
// Source: kube-scheduler framework/types.go (Resource), component-helpers resource/helpers.go (PodRequests).
import { quantityMilliValue, quantityValue } from "../../api/quantity.js";
import type { ResourceList } from "../../api/scheduling.js";
import type { Container, PodSpec } from "../../api/types.js";

/** Requests counted for a container that names none, in the "non-zero" sums that scores use. */
const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

/** Names of the resources that have a field of their own. */
export const CPU = "cpu";
export const MEMORY = "memory";
export const EPHEMERAL_STORAGE = "ephemeral-storage";
export const PODS = "pods";

/** Whole numbers: thousandths of a core, bytes, Pods; extended resources in their own unit. */
export class Resources {
  milliCpu = 0;
  memory = 0;
  ephemeralStorage = 0;
  pods = 0;
  readonly scalar = new Map<string, number>();

  static fromList(list: ResourceList | undefined): Resources {
    const resources = new Resources();
    for (const [name, quantity] of Object.entries(list ?? {}))
      resources.set(name, resourceAmount(name, quantity));
    return resources;
  }

  get(name: string): number {
    switch (name) {
      case CPU:
        return this.milliCpu;
      case MEMORY:
        return this.memory;
      case EPHEMERAL_STORAGE:
        return this.ephemeralStorage;
      case PODS:
        return this.pods;
      default:
        return this.scalar.get(name) ?? 0;
    }
  }

  set(name: string, amount: number): void {
    switch (name) {
      case CPU:
        this.milliCpu = amount;
        return;
      case MEMORY:
        this.memory = amount;
        return;
      case EPHEMERAL_STORAGE:
        this.ephemeralStorage = amount;
        return;
      case PODS:
        this.pods = amount;
        return;
      default:
        this.scalar.set(name, amount);
    }
  }

  /** Adds `other` taken `times` times; -1 subtracts. `pods` is left alone: it is a limit, not a request. */
  add(other: Resources, times = 1): void {
    this.milliCpu += other.milliCpu * times;
    this.memory += other.memory * times;
    this.ephemeralStorage += other.ephemeralStorage * times;
    for (const [name, amount] of other.scalar)
      this.scalar.set(name, (this.scalar.get(name) ?? 0) + amount * times);
  }

  /** Takes the larger amount of each resource. */
  max(other: Resources): void {
    this.milliCpu = Math.max(this.milliCpu, other.milliCpu);
    this.memory = Math.max(this.memory, other.memory);
    this.ephemeralStorage = Math.max(this.ephemeralStorage, other.ephemeralStorage);
    for (const [name, amount] of other.scalar)
      this.scalar.set(name, Math.max(this.scalar.get(name) ?? 0, amount));
  }

  clone(): Resources {
    const copy = new Resources();
    copy.add(this);
    copy.pods = this.pods;
    return copy;
  }
}

/** An amount as the scheduler counts it; an unreadable quantity counts as none (validation is the API server's). */
export function resourceAmount(name: string, quantity: string | number): number {
  return (name === CPU ? quantityMilliValue(quantity) : quantityValue(quantity)) ?? 0;
}

export interface PodRequests {
  /** What must fit. */
  readonly exact: Resources;
  /**
   * With defaults where a container asks for no CPU or memory, and without what the Pod as a whole asks for, which
   * upstream overlooks here: what NodeResourcesFit's scores look at while the Pod waits.
   */
  readonly nonZero: NonZeroRequests;
  /**
   * What it adds to its node's sum of them. Where the Pod as a whole asks for something, defaults stand in only for
   * what nothing of it asks for.
   */
  readonly nonZeroOnNode: NonZeroRequests;
}

export interface NonZeroRequests {
  readonly milliCpu: number;
  readonly memory: number;
}

/** Pod-level requests override what the containers ask for; overhead comes on top. */
export function podRequests(spec: PodSpec): PodRequests {
  const exact = sumRequests(spec, (container) => Resources.fromList(container.resources?.requests));
  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) {
    const overhead = spec.overhead?.[name] ?? 0;
    exact.set(name, resourceAmount(name, quantity) + resourceAmount(name, overhead));
  }
  const { milliCpu, memory } = sumRequests(spec, nonZeroRequests);
  const nonZero = { milliCpu, memory };
  return { exact, nonZero, nonZeroOnNode: nonZeroOnNode(spec, exact, nonZero) };
}

/** Source: kube-scheduler framework/types.go (getNonMissingContainerRequests); its scores differ (resource_allocation.go). */
function nonZeroOnNode(spec: PodSpec, exact: Resources, nonZero: NonZeroRequests): NonZeroRequests {
  if (Object.keys(spec.resources?.requests ?? {}).length === 0) return nonZero;
  const lists = [...(spec.containers ?? []), ...(spec.initContainers ?? []), spec].map(
    ({ resources }) => resources?.requests,
  );
  const names = new Set([...lists, spec.overhead].flatMap((list) => Object.keys(list ?? {})));
  return {
    milliCpu: names.has(CPU) ? exact.milliCpu : nonZero.milliCpu,
    memory: names.has(MEMORY) ? exact.memory : nonZero.memory,
  };
}

/** max(containers and sidecars, each step of the init sequence) + overhead. */
function sumRequests(spec: PodSpec, requestsOf: (container: Container) => Resources): Resources {
  const total = new Resources();
  for (const container of spec.containers ?? []) total.add(requestsOf(container));
  const sidecars = new Resources();
  const init = new Resources();
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === "Always") {
      total.add(requests);
      sidecars.add(requests);
      init.max(sidecars);
    } else {
      requests.add(sidecars);
      init.max(requests);
    }
  }
  total.max(init);
  total.add(Resources.fromList(spec.overhead));
  return total;
}

/** An explicit 0 stays 0. */
function nonZeroRequests(container: Container): Resources {
  const requests = container.resources?.requests ?? {};
  const resources = Resources.fromList(requests);
  if (!Object.hasOwn(requests, CPU)) resources.milliCpu = DEFAULT_MILLI_CPU;
  if (!Object.hasOwn(requests, MEMORY)) resources.memory = DEFAULT_MEMORY_BYTES;
  return resources;
}
