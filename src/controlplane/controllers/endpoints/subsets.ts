// Pods of a Service -> the subsets of its Endpoints: addresses that have the same ports stand together.
// Source: pkg/controller/endpoint/endpoints_controller.go, pkg/api/v1/endpoints/util.go (RepackSubsets).
import type { Service, SlicePort } from "../../client/cluster-resources.js";
import type { Pod } from "../../client/object-types.js";
import { addressesOf, addressTypesOf, hasEndpoint, portsOf } from "../harness/pod-endpoint.js";
import { isReady, isTerminating } from "../harness/pod-state.js";

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
}

export interface EndpointPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

export interface Subset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

/** Addresses that one Endpoints object holds. */
const ADDRESSES_MAX = 1000;

export function subsetsOf(service: Service, pods: readonly Pod[]): readonly Subset[] {
  const [family = "IPv4"] = addressTypesOf(service);
  const publishes = service.spec?.publishNotReadyAddresses === true;
  const groups = new Map<
    string,
    { ports: readonly EndpointPort[]; ready: EndpointAddress[]; not: EndpointAddress[] }
  >();
  for (const pod of pods) {
    const [ip] = addressesOf(pod, family);
    if (ip === undefined || !hasEndpoint(pod) || (isTerminating(pod) && !publishes)) continue;
    const ports = portsOf(service, pod).map(endpointPort);
    const isPortless = (service.spec?.ports ?? []).length === 0 && service.spec?.clusterIP === "None";
    if (ports.length === 0 && !isPortless) continue;
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (group === undefined) {
      group = { ports, ready: [], not: [] };
      groups.set(key, group);
    }
    (publishes || isReady(pod) ? group.ready : group.not).push(addressOf(pod, service, ip));
  }
  return [...groups.keys()].sort().map((key) => subset(groups.get(key)));
}

function subset(
  group: { ports: readonly EndpointPort[]; ready: EndpointAddress[]; not: EndpointAddress[] } | undefined,
): Subset {
  const { ports = [], ready = [], not = [] } = group ?? {};
  return {
    ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
    ...(not.length === 0 ? {} : { notReadyAddresses: not.sort(byAddress) }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function byAddress(left: EndpointAddress, right: EndpointAddress): number {
  return left.ip < right.ip ? -1 : 1;
}

/** Endpoints leave out the name of a port that has none. */
function endpointPort({ name, port = 0, protocol = "TCP", appProtocol }: SlicePort): EndpointPort {
  return { ...(name ? { name } : {}), port, protocol, ...(appProtocol ? { appProtocol } : {}) };
}

function addressOf(pod: Pod, service: Service, ip: string): EndpointAddress {
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  const { name, namespace = "", uid } = pod.metadata;
  return {
    ip,
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: "Pod", namespace, name, ...(uid === undefined ? {} : { uid }) },
  };
}

/** At most ADDRESSES_MAX, in proportion over subsets, ready ones first. Null when there are not too many. */
export function truncated(subsets: readonly Subset[]): readonly Subset[] | null {
  const total = (field: "addresses" | "notReadyAddresses"): number =>
    subsets.reduce((sum, each) => sum + (each[field] ?? []).length, 0);
  const ready = total("addresses");
  const notReady = total("notReadyAddresses");
  if (ready + notReady <= ADDRESSES_MAX) return null;
  const cutsReady = ready > ADDRESSES_MAX;
  const field = cutsReady ? "addresses" : "notReadyAddresses";
  const room = cutsReady ? ADDRESSES_MAX : ADDRESSES_MAX - ready;
  let left = room;
  return subsets.map((each) => {
    const own = each[field] ?? [];
    const share = Math.ceil((own.length / (cutsReady ? ready : notReady)) * room);
    const kept = own.slice(0, Math.min(share, left));
    left -= kept.length;
    const { notReadyAddresses: _dropped, ...ofReady } = each;
    return { ...(cutsReady ? ofReady : each), [field]: kept };
  });
}
