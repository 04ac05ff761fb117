// Keeps the EndpointSlices of Services that select Pods.
// Cost: O(Pods and slices of the Service) a reconcile; a Pod's change finds its Services by label, not by looking at all.
// Source: pkg/controller/endpointslice/endpointslice_controller.go.
import { isStatus } from "../../../api/status.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Node, Pod } from "../../client/object-types.js";
import { clientOf, NODES, PODS } from "../../client/resources.js";
import {
  type AddressType,
  ENDPOINT_SLICES,
  type EndpointSlice,
  type Service,
  SERVICES,
} from "../../client/cluster-resources.js";
import { ChangeTriggers } from "../harness/change-trigger.js";
import { gatherMs } from "../harness/gather.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { OwnWrites } from "../harness/own-writes.js";
import { isNamespaceTerminating } from "../harness/refusals.js";
import { SelectedPods } from "../harness/selected-pods.js";
import { MANAGED_BY, planSlices, SERVICE_NAME, SLICE_CONTROLLER, type SlicePlan } from "./service-slices.js";
import { cpuSharesByZone, REFUSAL_MESSAGES, type Refusal } from "./topology-hints.js";

export interface EndpointSliceOptions {
  /** Endpoints of one slice; upstream's default is 100. */
  readonly endpointsMax: number;
  /** How long changes of Pods are gathered, ms; upstream's default is 0. */
  readonly batchMs: number;
}

const ENDPOINT_SLICE_DEFAULTS: EndpointSliceOptions = { endpointsMax: 100, batchMs: 0 };

/** When the cache does not show an own write in this time, it is decided anew from what it shows. */
const OWN_WRITE_MS = 1000;
/** Looking at a Pod costs more here than where Pods are only counted: changes are gathered longer. */
const GATHER_FACTOR = 4;
const SERVICE_INDEX = "endpointslice service";

export function endpointSliceController(options = ENDPOINT_SLICE_DEFAULTS): Controller {
  return {
    name: "endpointslice",
    component: "endpoint-slice-controller",
    workersCount: 5,
    start(context) {
      const shell = new SliceShell(options, context);
      return (key) => shell.reconcile(key);
    },
  };
}

/** "namespace/service" of the slices that this controller manages. */
function serviceKeysOf({ metadata }: EndpointSlice): readonly string[] {
  const service = metadata.labels?.[SERVICE_NAME];
  if (service === undefined || metadata.labels?.[MANAGED_BY] !== SLICE_CONTROLLER) return [];
  return [`${metadata.namespace}/${service}`];
}

class SliceShell {
  readonly #options: EndpointSliceOptions;
  readonly #context: ControllerContext;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #selected: SelectedPods;
  readonly #triggers = new ChangeTriggers();
  readonly #own = new OwnWrites();
  /** Pods at the last look, by Service. */
  readonly #sizes = new Map<string, number>();
  readonly #hinted = new Map<string, "enabled" | Refusal>();
  /** Services that share endpoints out by CPU: they change with the nodes. */
  readonly #auto = new Set<string>();
  #shares: ReadonlyMap<string, number> | null | undefined = undefined;

  constructor(options: EndpointSliceOptions, context: ControllerContext) {
    const { informers, queue } = context;
    this.#options = options;
    this.#context = context;
    this.#services = informers.informer(SERVICES);
    this.#slices = informers.informer(ENDPOINT_SLICES);
    this.#nodes = informers.informer(NODES);
    this.#slices.addIndex(SERVICE_INDEX, serviceKeysOf);
    const pods: Informer<Pod> = informers.informer(PODS);
    this.#selected = new SelectedPods(this.#services, pods, (key) => queue.addAfter(key, this.#waitMs(key)));
    const enqueue = (service: Service): void => queue.add(keyOf(service));
    this.#services.addHandler({
      onAdd: enqueue,
      onUpdate: (_, service) => enqueue(service),
      onDelete: enqueue,
    });
    this.#slices.addHandler({
      onAdd: (slice) => this.#sliceSeen(slice),
      onUpdate: (before, slice) => {
        // Somebody relabelled it: the Service that lost it must look, too.
        for (const key of serviceKeysOf(before)) if (!serviceKeysOf(slice).includes(key)) queue.add(key);
        this.#sliceSeen(slice);
      },
      onDelete: (slice) => this.#sliceGone(slice),
    });
    this.#nodes.addHandler({
      onAdd: () => this.#nodesChanged(),
      onUpdate: (before, node) => {
        if (nodeText(before) !== nodeText(node)) this.#nodesChanged();
      },
      onDelete: () => this.#nodesChanged(),
    });
  }

  async reconcile(key: string): Promise<void> {
    const service = this.#services.lister.get(key);
    if (service === undefined) return this.#forget(key);
    if (service.spec?.type === "ExternalName" || service.spec?.selector == null) return;
    if (service.metadata.deletionTimestamp !== undefined) return;
    if (this.#own.isPending(key)) {
      // The slice that comes will add the key again; a write that the cache never shows must not block it for ever.
      this.#context.timers.after(OWN_WRITE_MS, () => {
        if (!this.#own.isPending(key)) return;
        this.#own.forget(key);
        this.#context.queue.add(key);
      });
      return;
    }
    const pods = this.#selected.of(service);
    this.#sizes.set(key, pods.length);
    const plan = planSlices({
      service,
      pods,
      nodeOf: (name) => this.#nodes.lister.get(name),
      slices: this.#slices.lister.byIndex(SERVICE_INDEX, key),
      endpointsMax: this.#options.endpointsMax,
      cpuShares: () => this.#cpuShares(),
      triggerTime: this.#triggers.triggerOf(key, service, pods),
    });
    await this.#carryOut(key, service, plan);
    this.#tellOfHints(key, service, plan.hints);
    if (plan.unknownNodes.length > 0)
      throw new Error(
        `Pods of Service ${key} are on nodes that do not exist: ${plan.unknownNodes.join(", ")}`,
      );
  }

  async #carryOut(key: string, service: Service, plan: SlicePlan): Promise<void> {
    const { client, events } = this.#context;
    const slices = clientOf(client, ENDPOINT_SLICES, service.metadata.namespace ?? "");
    try {
      for (const slice of plan.create) this.#own.written(key, await slices.create(slice));
      for (const slice of plan.update) this.#own.written(key, await slices.update(slice));
      for (const slice of plan.remove) {
        this.#own.removed(key, slice);
        await slices.delete(slice.metadata.name).catch((error: unknown) => {
          this.#own.seenGone(key, slice);
          if (!isStatus(error, "NotFound")) throw error;
        });
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const { name, namespace } = service.metadata;
      if (!isStatus(error, "Conflict") && !isStatus(error, "NotFound"))
        events.record(
          service,
          "Warning",
          "FailedToUpdateEndpointSlices",
          `Error updating Endpoint Slices for Service ${namespace}/${name}: ${(error as Error).message}`,
        );
      throw error;
    }
    // The informer may have been quicker than the answer.
    for (const slice of this.#slices.lister.byIndex(SERVICE_INDEX, key)) this.#own.seen(key, slice);
  }

  #sliceSeen(slice: EndpointSlice): void {
    for (const key of serviceKeysOf(slice)) {
      const wasPending = this.#own.isPending(key);
      // Its own writes need no second look; anybody else's do.
      if (this.#own.seen(key, slice) || !wasPending) this.#context.queue.addAfter(key, this.#waitMs(key));
    }
  }

  #sliceGone(slice: EndpointSlice): void {
    for (const key of serviceKeysOf(slice)) {
      this.#own.seenGone(key, slice);
      this.#context.queue.addAfter(key, this.#waitMs(key));
    }
  }

  #waitMs(key: string): number {
    return Math.max(this.#options.batchMs, GATHER_FACTOR * gatherMs(this.#sizes.get(key) ?? 0));
  }

  #nodesChanged(): void {
    this.#shares = undefined;
    for (const key of this.#auto) this.#context.queue.add(key);
  }

  #cpuShares(): ReadonlyMap<string, number> | null {
    if (this.#shares === undefined) this.#shares = cpuSharesByZone(this.#nodes.lister.list());
    return this.#shares;
  }

  #tellOfHints(key: string, service: Service, hints: SlicePlan["hints"]): void {
    if (hints.size > 0) this.#auto.add(key);
    else this.#auto.delete(key);
    for (const addressType of ["IPv4", "IPv6"] as const) {
      const id = `${key} ${addressType}`;
      const before = this.#hinted.get(id);
      const now = hints.get(addressType);
      if (now === before) continue;
      if (now === undefined) this.#hinted.delete(id);
      else this.#hinted.set(id, now);
      this.#recordHints(service, addressType, before, now);
    }
  }

  #recordHints(
    service: Service,
    addressType: AddressType,
    before: "enabled" | Refusal | undefined,
    now: "enabled" | Refusal | undefined,
  ): void {
    const { events } = this.#context;
    const suffix = `addressType: ${addressType}`;
    if (now === "enabled") {
      const message = `Topology Aware Hints has been enabled, ${suffix}`;
      events.record(service, "Normal", "TopologyAwareHintsEnabled", message);
    } else if (now !== undefined || before === "enabled") {
      const why = now === undefined ? "Topology Aware Hints has been disabled" : REFUSAL_MESSAGES[now];
      const type = now === undefined ? "Normal" : "Warning";
      events.record(service, type, "TopologyAwareHintsDisabled", `${why}, ${suffix}`);
    }
  }

  /** Slices go with their owner: the garbage collector sees to it. */
  #forget(key: string): void {
    this.#triggers.forget(key);
    this.#sizes.delete(key);
    this.#own.forget(key);
    this.#auto.delete(key);
    for (const addressType of ["IPv4", "IPv6"]) this.#hinted.delete(`${key} ${addressType}`);
  }
}

/** What of a node shows in endpoints or in shares. */
function nodeText({ metadata, status }: Node): string {
  const ready = (status?.conditions ?? []).find(({ type }) => type === "Ready")?.status ?? "";
  const zone = metadata.labels?.["topology.kubernetes.io/zone"] ?? "";
  return `${zone}|${ready}|${status?.allocatable?.["cpu"] ?? ""}`;
}
