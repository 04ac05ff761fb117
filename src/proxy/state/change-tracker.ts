// Service and EndpointSlice events -> what changed since the last sync, and the state after it.
// Changes accumulate as previous -> current per object, so that an object which ends as it began costs no sync.
// The tracker compares with what it applied, not with what an event calls "old": events may be repeated or missed.
// Source: kube-proxy pkg/proxy/servicechangetracker.go, endpointschangetracker.go.
import { isDeepStrictEqual } from "node:util";
import type { EndpointSlice, Service } from "../../api/types.js";
import type { ProxyState, ServicePort } from "../service-port.js";
import { serviceProgram, stateOf, type ServiceProgram, type StateConfig } from "./build-state.js";
import { mergeSlices, serviceOfSlice, type ServiceEndpoints } from "./endpoints-map.js";
import { namespacedName, servicePortsOf } from "./service-map.js";

/** Namespaced names of Services, by what of them changed. */
export interface AppliedChanges {
  readonly services: ReadonlySet<string>;
  readonly endpoints: ReadonlySet<string>;
  /** Either of the two: the Services whose rules must be written again. */
  readonly changed: ReadonlySet<string>;
}

type Slices = Map<string, EndpointSlice>;

/** Follows the objects of one cluster for one node and family. */
export class ChangeTracker {
  readonly #config: StateConfig;
  /** What the last applyChanges() left, in order of first arrival. */
  readonly #services = new Map<string, readonly ServicePort[]>();
  readonly #slices = new Map<string, Slices>();
  readonly #endpoints = new Map<string, ServiceEndpoints>();
  readonly #programs = new Map<string, ServiceProgram>();
  /** What differs from that; null stands for "gone". Invariant: no entry equals its applied counterpart. */
  readonly #pendingServices = new Map<string, readonly ServicePort[] | null>();
  readonly #pendingSlices = new Map<string, Map<string, EndpointSlice | null>>();
  /** Service of each known slice, so that a slice can be moved from one Service to another. */
  readonly #sliceOwners = new Map<string, string>();

  constructor(config: StateConfig) {
    this.#config = config;
  }

  /** An object was added or updated. @returns whether its kind now has something to apply */
  upsert(object: Service | EndpointSlice): boolean {
    return object.kind === "Service" ? this.#upsertService(object) : this.#upsertSlice(object);
  }

  /** An object was deleted. @returns whether its kind now has something to apply */
  remove(object: Service | EndpointSlice): boolean {
    return object.kind === "Service"
      ? this.#setService(namespacedName(object), null)
      : this.#moveSlice(namespacedName(object), null, null);
  }

  /** Services with a pending change, by kind: kubeproxy_sync_proxy_rules_{service,endpoint}_changes_pending. */
  get pending(): { readonly services: number; readonly endpoints: number } {
    return { services: this.#pendingServices.size, endpoints: this.#pendingSlices.size };
  }

  /** Take over all pending changes and name the Services they touch. Cost: proportional to the change. */
  applyChanges(): AppliedChanges {
    const services = new Set(this.#pendingServices.keys());
    const endpoints = new Set(this.#pendingSlices.keys());
    for (const [name, ports] of this.#pendingServices) this.#applyService(name, ports);
    for (const [name, slices] of this.#pendingSlices) this.#applySlices(name, slices);
    this.#pendingServices.clear();
    this.#pendingSlices.clear();
    const changed = new Set([...services, ...endpoints]);
    for (const name of changed) this.#reprogram(name);
    return { services, endpoints, changed };
  }

  /** The state that the last applyChanges() left. Entries of Services it did not name are the same objects as before. */
  state(): ProxyState {
    return stateOf(this.#programs.values(), this.#config);
  }

  #upsertService(service: Service): boolean {
    const ports = servicePortsOf(service, this.#config.family);
    return this.#setService(namespacedName(service), ports.length === 0 ? null : ports);
  }

  #setService(name: string, ports: readonly ServicePort[] | null): boolean {
    if (isDeepStrictEqual(this.#services.get(name) ?? null, ports)) this.#pendingServices.delete(name);
    else this.#pendingServices.set(name, ports);
    return this.#pendingServices.size > 0;
  }

  #upsertSlice(slice: EndpointSlice): boolean {
    return this.#moveSlice(namespacedName(slice), serviceOfSlice(slice, this.#config.family), slice);
  }

  #moveSlice(sliceName: string, owner: string | null, slice: EndpointSlice | null): boolean {
    const known = this.#sliceOwners.get(sliceName) ?? null;
    if (known !== null && known !== owner) this.#setSlice(known, sliceName, null);
    if (owner !== null) {
      this.#sliceOwners.set(sliceName, owner);
      this.#setSlice(owner, sliceName, slice);
    } else this.#sliceOwners.delete(sliceName);
    return this.#pendingSlices.size > 0;
  }

  #setSlice(service: string, sliceName: string, slice: EndpointSlice | null): void {
    const pending = this.#pendingSlices.get(service) ?? new Map<string, EndpointSlice | null>();
    const applied = this.#slices.get(service)?.get(sliceName) ?? null;
    if (isSameSlice(applied, slice)) pending.delete(sliceName);
    else pending.set(sliceName, slice);
    if (pending.size === 0) this.#pendingSlices.delete(service);
    else this.#pendingSlices.set(service, pending);
  }

  #applyService(name: string, ports: readonly ServicePort[] | null): void {
    if (ports === null) this.#services.delete(name);
    else this.#services.set(name, ports);
  }

  #applySlices(service: string, pending: ReadonlyMap<string, EndpointSlice | null>): void {
    const slices: Slices = this.#slices.get(service) ?? new Map();
    for (const [name, slice] of pending) {
      if (slice === null) slices.delete(name);
      else slices.set(name, slice);
    }
    if (slices.size === 0) {
      this.#slices.delete(service);
      this.#endpoints.delete(service);
      return;
    }
    this.#slices.set(service, slices);
    const { family, node } = this.#config;
    this.#endpoints.set(service, mergeSlices([...slices.values()], family, node.name));
  }

  #reprogram(name: string): void {
    const ports = this.#services.get(name);
    if (ports === undefined) {
      this.#programs.delete(name);
      return;
    }
    this.#programs.set(
      name,
      serviceProgram(ports, this.#endpoints.get(name) ?? new Map(), this.#config.node),
    );
  }
}

/** Only what the proxy reads: a changed annotation is no change. */
function isSameSlice(a: EndpointSlice | null, b: EndpointSlice | null): boolean {
  if (a === null || b === null) return a === b;
  return a === b || (isDeepStrictEqual(a.endpoints, b.endpoints) && isDeepStrictEqual(a.ports, b.ports));
}
