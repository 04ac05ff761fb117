// Which elements of the shared sets and maps a few changed Services add and remove.
// Two Services may want the same key; which of them holds it is decided by the whole state, so keys that a changed
// Service touches are looked up in all of them. Only addresses are compared for that, not keys: a fraction of a
// microsecond per unchanged service port.
import type { NftChange, NftVerdict } from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import { type ElementSink, serviceElements } from "./service-elements.js";

export type ElementDelta = Pick<NftChange, "setElements" | "mapElements">;

interface Element {
  readonly holder: string;
  readonly key: string;
  /** Null for an element of a set. */
  readonly value: { readonly verdict: NftVerdict; readonly comment: string | null } | null;
}

type Elements = Map<string, Element>;

/**
 * A value that changed is removed and added again: an element cannot be replaced.
 *
 * @param changed the changed Services' entries of both states
 */
export function elementDelta(
  previous: ProxyState,
  next: ProxyState,
  changed: Iterable<ServiceEntry>,
  config: ProxyConfig,
): ElementDelta {
  const touched = new Touched(config);
  for (const entry of changed) touched.note(entry);
  const before = touched.held(previous);
  const after = touched.held(next);
  const removed = [...before.values()].filter((element) => !same(element, after.get(identity(element))));
  const added = [...after.values()].filter((element) => !same(element, before.get(identity(element))));
  return grouped(added, removed);
}

/** The keys that changed Services hold or held, and the addresses and node ports by which others may claim them. */
class Touched {
  readonly #config: ProxyConfig;
  readonly #keys = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #nodePorts = new Set<number>();
  readonly #localEndpoints = new Set<string>();

  constructor(config: ProxyConfig) {
    this.#config = config;
  }

  note(entry: ServiceEntry): void {
    const { port, reachable } = entry;
    for (const ip of [port.clusterIP, ...port.externalIPs, ...port.loadBalancerVIPs]) this.#addresses.add(ip);
    if (port.nodePort !== 0) this.#nodePorts.add(port.nodePort);
    for (const endpoint of reachable) if (endpoint.isLocal) this.#localEndpoints.add(endpoint.ip);
    serviceElements(
      entry,
      this.#config,
      recorder((element) => this.#keys.add(identity(element))),
    );
  }

  /** What touched keys hold in a state: the last claim in emission order. */
  held(state: ProxyState): Elements {
    const elements: Elements = new Map();
    const sink = recorder((element) => {
      const key = identity(element);
      if (this.#keys.has(key)) elements.set(key, element);
    });
    for (const entry of state.entries) if (this.#mayClaim(entry)) serviceElements(entry, this.#config, sink);
    return elements;
  }

  /** True for every changed entry too: its own ClusterIP was noted. */
  #mayClaim({ port, reachable }: ServiceEntry): boolean {
    const addresses = this.#addresses;
    if (addresses.has(port.clusterIP)) return true;
    if (port.nodePort !== 0 && this.#nodePorts.has(port.nodePort)) return true;
    for (const ip of port.externalIPs) if (addresses.has(ip)) return true;
    for (const ip of port.loadBalancerVIPs) if (addresses.has(ip)) return true;
    if (this.#localEndpoints.size === 0) return false;
    return reachable.some((endpoint) => endpoint.isLocal && this.#localEndpoints.has(endpoint.ip));
  }
}

function recorder(record: (element: Element) => void): ElementSink {
  return {
    set: (holder, key) => record({ holder, key, value: null }),
    map: (holder, key, verdict, comment) => record({ holder, key, value: { verdict, comment } }),
  };
}

function identity({ holder, key }: Element): string {
  return `${holder} ${key}`;
}

function same(element: Element, other: Element | undefined): boolean {
  return other !== undefined && JSON.stringify(element.value) === JSON.stringify(other.value);
}

function grouped(added: readonly Element[], removed: readonly Element[]): ElementDelta {
  const setElements = new Map<
    string,
    { add: ElementDelta["setElements"][number]["add"][number][]; remove: string[] }
  >();
  const mapElements = new Map<
    string,
    { add: ElementDelta["mapElements"][number]["add"][number][]; remove: string[] }
  >();
  const of = <T>(holders: Map<string, { add: T[]; remove: string[] }>, holder: string) => {
    const found = holders.get(holder) ?? { add: [], remove: [] };
    holders.set(holder, found);
    return found;
  };
  for (const { holder, key, value } of removed)
    of<unknown>(value === null ? setElements : mapElements, holder).remove.push(key);
  for (const { holder, key, value } of added) {
    if (value === null) of(setElements, holder).add.push({ key, comment: null });
    else of(mapElements, holder).add.push({ key, ...value });
  }
  return {
    setElements: [...setElements].map(([set, delta]) => ({ set, ...delta })),
    mapElements: [...mapElements].map(([map, delta]) => ({ map, ...delta })),
  };
}
