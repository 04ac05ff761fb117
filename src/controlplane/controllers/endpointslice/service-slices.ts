// A Service and its Pods -> what must become of its EndpointSlices.
// One set of slices for each family and each set of ports: Pods of one Service may have different numbers for a named
// port. A Service without endpoints has one empty slice, so that proxies know it.
// Source: endpointslice/reconciler.go, utils.go.
import type {
  AddressType,
  EndpointSlice,
  Service,
  SliceEndpoint,
  SlicePort,
} from "../../client/cluster-resources.js";
import type { Node, Pod } from "../../client/object-types.js";
import { LAST_CHANGE_TRIGGER_TIME } from "../harness/change-trigger.js";
import { controllerReference } from "../harness/owners.js";
import {
  addressesOf,
  addressTypesOf,
  endpointOf,
  hasEndpoint,
  isHeadless,
  portsOf,
} from "../harness/pod-endpoint.js";
import { type Packing, packSlices } from "./pack-slices.js";
import {
  autoZones,
  distributionHints,
  isTrafficDistribution,
  type Refusal,
  withHints,
} from "./topology-hints.js";

export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const SLICE_CONTROLLER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";
const RESERVED_LABELS: readonly string[] = [SERVICE_NAME, MANAGED_BY, HEADLESS];

export interface ServiceState {
  readonly service: Service;
  readonly pods: readonly Pod[];
  readonly nodeOf: (name: string) => Node | undefined;
  /** Of this Service and this controller. */
  readonly slices: readonly EndpointSlice[];
  readonly endpointsMax: number;
  readonly cpuShares: () => ReadonlyMap<string, number> | null;
  /** RFC 3339, for the annotation. */
  readonly triggerTime: string | null;
}

/** A slice on its way to the server. */
export type NewSlice = Omit<EndpointSlice, "metadata"> & { readonly metadata: EndpointSlice["metadata"] };

export interface SlicePlan {
  readonly create: readonly NewSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Whether endpoints are shared out to zones, by family; absent when nobody asked. */
  readonly hints: ReadonlyMap<AddressType, "enabled" | Refusal>;
  /** Nodes that Pods are on and nobody knows: those Pods are left out. */
  readonly unknownNodes: readonly string[];
}

interface Draft {
  readonly slice: EndpointSlice | null;
  readonly addressType: AddressType;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  readonly isChanged: boolean;
}

export function planSlices(state: ServiceState): SlicePlan {
  const types = addressTypesOf(state.service);
  const remove = state.slices.filter(({ addressType }) => !types.includes(addressType));
  const unknownNodes = new Set<string>();
  const hints = new Map<AddressType, "enabled" | Refusal>();
  const drafts: Draft[] = [];
  for (const addressType of types) {
    const packed = packFamily(state, addressType, unknownNodes);
    remove.push(...packed.remove);
    const { drafts: hinted, outcome } = withTopology(state, packed.drafts);
    if (outcome !== null) hints.set(addressType, outcome);
    drafts.push(...hinted);
  }
  return {
    create: drafts.filter(({ slice }) => slice === null).map((draft) => newSlice(state, draft)),
    update: drafts.flatMap((draft) =>
      draft.slice !== null && draft.isChanged ? [changedSlice(state, draft.slice, draft)] : [],
    ),
    remove,
    hints,
    unknownNodes: [...unknownNodes],
  };
}

interface Family {
  readonly drafts: readonly Draft[];
  readonly remove: readonly EndpointSlice[];
}

function packFamily(state: ServiceState, addressType: AddressType, unknownNodes: Set<string>): Family {
  const wanted = endpointsByPorts(state, addressType, unknownNodes);
  const existing = slicesByPorts(state.slices.filter((slice) => slice.addressType === addressType));
  if (wanted.size === 0) return placeholder(state, addressType, existing);
  const drafts: Draft[] = [];
  const remove: EndpointSlice[] = [];
  const labels = labelsFor(state.service);
  for (const [key, { ports, endpoints }] of wanted) {
    const packing = packSlices({
      existing: existing.get(key) ?? [],
      desired: endpoints,
      endpointsMax: state.endpointsMax,
      isMislabelled: (slice) => !isSameRecord(slice.metadata.labels ?? {}, labels),
    });
    existing.delete(key);
    drafts.push(...draftsOf(packing, addressType, ports));
    remove.push(...packing.remove);
  }
  remove.push(...[...existing.values()].flat());
  return { drafts, remove };
}

function slicesByPorts(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = portsKey(slice.ports ?? []);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [slice]);
    else group.push(slice);
  }
  return groups;
}

function draftsOf(packing: Packing, addressType: AddressType, ports: readonly SlicePort[]): Draft[] {
  const same = { addressType, ports };
  return [
    ...packing.create.map((endpoints) => ({ ...same, slice: null, endpoints, isChanged: true })),
    ...packing.update.map(({ slice, endpoints }) => ({ ...same, slice, endpoints, isChanged: true })),
    ...packing.keep.map((slice) => ({ ...same, slice, endpoints: slice.endpoints ?? [], isChanged: false })),
  ];
}

/** One slice without endpoints and ports; another one that is there goes. */
function placeholder(
  state: ServiceState,
  addressType: AddressType,
  existing: ReadonlyMap<string, readonly EndpointSlice[]>,
): Family {
  const all = [...existing.values()].flat();
  const labels = labelsFor(state.service);
  const kept = all.find(
    ({ endpoints, ports, metadata }) =>
      (endpoints ?? []).length === 0 &&
      (ports ?? []).length === 0 &&
      isSameRecord(metadata.labels ?? {}, labels),
  );
  const draft = { addressType, ports: [], endpoints: [], slice: kept ?? null, isChanged: kept === undefined };
  return { drafts: [draft], remove: all.filter((slice) => slice !== kept) };
}

interface PortGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: SliceEndpoint[];
}

function endpointsByPorts(
  { service, pods, nodeOf }: ServiceState,
  addressType: AddressType,
  unknownNodes: Set<string>,
): ReadonlyMap<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    if (!hasEndpoint(pod) || addressesOf(pod, addressType).length === 0) continue;
    const { nodeName } = pod.spec ?? {};
    const node = nodeName ? nodeOf(nodeName) : undefined;
    if (nodeName && node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      unknownNodes.add(nodeName);
      continue;
    }
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    let group = groups.get(key);
    if (group === undefined) {
      group = { ports, endpoints: [] };
      groups.set(key, group);
    }
    group.endpoints.push(endpointOf(pod, service, node, addressType));
  }
  return groups;
}

function portsKey(ports: readonly SlicePort[]): string {
  return ports
    .map(
      ({ name = "", port = 0, protocol = "TCP", appProtocol = "" }) =>
        `${name}/${port}/${protocol}/${appProtocol}`,
    )
    .sort()
    .join(",");
}

/** Drafts of one family with their hints, and what came of sharing them out. */
function withTopology(
  { service, cpuShares }: ServiceState,
  drafts: readonly Draft[],
): { readonly drafts: readonly Draft[]; readonly outcome: "enabled" | Refusal | null } {
  if (isAuto(service)) {
    const zones = autoZones(
      drafts.flatMap(({ endpoints }) => endpoints),
      cpuShares(),
    );
    if (typeof zones === "string") return { drafts: hinted(drafts, () => undefined), outcome: zones };
    let index = 0;
    const next = (): SliceEndpoint["hints"] => {
      const zone = zones[index++] ?? null;
      return zone === null ? undefined : { forZones: [{ name: zone }] };
    };
    return { drafts: hinted(drafts, next), outcome: "enabled" };
  }
  const { trafficDistribution: distribution } = (service.spec ?? {}) as { trafficDistribution?: string };
  if (!isTrafficDistribution(distribution)) return { drafts: hinted(drafts, () => undefined), outcome: null };
  return { drafts: hinted(drafts, (endpoint) => distributionHints(endpoint, distribution)), outcome: null };
}

function isAuto({ metadata }: Service): boolean {
  const value =
    metadata.annotations?.["service.kubernetes.io/topology-mode"] ??
    metadata.annotations?.["service.kubernetes.io/topology-aware-hints"];
  return value === "Auto" || value === "auto";
}

function hinted(
  drafts: readonly Draft[],
  hintsFor: (endpoint: SliceEndpoint) => SliceEndpoint["hints"],
): Draft[] {
  return drafts.map((draft) => {
    const endpoints = draft.endpoints.map((endpoint) => withHints(endpoint, hintsFor(endpoint)));
    const isSame = endpoints.every((endpoint, index) => endpoint === draft.endpoints[index]);
    return isSame ? draft : { ...draft, endpoints, isChanged: true };
  });
}

function newSlice({ service, triggerTime }: ServiceState, draft: Draft): NewSlice {
  const { name, namespace = "default" } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels: labelsFor(service),
      ...(triggerTime === null ? {} : { annotations: { [LAST_CHANGE_TRIGGER_TIME]: triggerTime } }),
      ownerReferences: [controllerReference(service, { apiVersion: "v1", kind: "Service" })],
    },
    addressType: draft.addressType,
    endpoints: draft.endpoints,
    ports: draft.ports,
  };
}

function changedSlice(
  { service, triggerTime }: ServiceState,
  slice: EndpointSlice,
  draft: Draft,
): EndpointSlice {
  const { [LAST_CHANGE_TRIGGER_TIME]: _before, ...others } = slice.metadata.annotations ?? {};
  const annotations = triggerTime === null ? others : { ...others, [LAST_CHANGE_TRIGGER_TIME]: triggerTime };
  return {
    ...slice,
    metadata: { ...slice.metadata, labels: labelsFor(service), annotations },
    endpoints: draft.endpoints,
    ports: draft.ports,
  };
}

/** The Service's own labels, and those that say whose the slice is. */
function labelsFor(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(
    ([name]) => !RESERVED_LABELS.includes(name),
  );
  return {
    ...Object.fromEntries(own),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: SLICE_CONTROLLER,
    ...(isHeadless(service) ? { [HEADLESS]: "" } : {}),
  };
}

function isSameRecord(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
