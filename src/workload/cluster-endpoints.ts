// Endpoints of Services, by the first source that an input has for them:
//   1. EndpointSlices as they are   2. an Endpoints object   3. Pods that the selector matches
// Pods of the input come before Pods that workloads would make: a dump with both has only the former counted.
// Source: the EndpointSlice and EndpointSliceMirroring controllers.
import { canonicalIp, type Family, familyOf } from "../base/ip.js";
import { matchesLabels } from "../api/selector.js";
import {
  type EndpointAddress,
  type Endpoints,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  type EndpointSlicePort,
  LABEL_SERVICE_NAME,
  LABEL_ZONE,
  type Node,
  type Service,
} from "../api/types.js";
import { makeSlices } from "./cluster-parts.js";
import type { SelectablePod } from "./cluster-pods.js";
import { podPorts } from "./pod-ports.js";

export interface EndpointSources {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly endpoints: readonly Endpoints[];
  readonly livePods: readonly SelectablePod[];
  readonly templatePods: readonly SelectablePod[];
  readonly nodes: readonly Node[];
  readonly families: readonly Family[];
}

/** What became of the Services that needed endpoints. Names are "namespace/name". */
export interface EndpointResult {
  /** The input's own first, then those made. */
  readonly endpointSlices: readonly EndpointSlice[];
  readonly madeFromEndpoints: number;
  readonly madeFromPods: number;
  readonly madeFromTemplates: number;
  readonly selectNothing: readonly string[];
  readonly withoutSelector: readonly string[];
  /** The Pods selected have no port of a name that the Service asks for. */
  readonly withoutPort: readonly string[];
}

export function completeEndpoints(sources: EndpointSources): EndpointResult {
  const hasSlices = new Set(sources.endpointSlices.map(serviceOfSlice));
  const objects = new Map(sources.endpoints.map((object) => [keyOf(object.metadata), object]));
  const zones = new Map(sources.nodes.map(({ metadata }) => [metadata.name, metadata.labels?.[LABEL_ZONE]]));
  const live = new PodIndex(sources.livePods);
  const templates = new PodIndex(sources.templatePods);
  const made: EndpointSlice[] = [];
  const count = { madeFromEndpoints: 0, madeFromPods: 0, madeFromTemplates: 0 };
  const lists = {
    selectNothing: [] as string[],
    withoutSelector: [] as string[],
    withoutPort: [] as string[],
  };
  for (const service of sources.services) {
    const key = keyOf(service.metadata);
    if (service.spec.type === "ExternalName" || hasSlices.has(key)) continue;
    const object = objects.get(key);
    const selector = service.spec.selector ?? {};
    if (object !== undefined) {
      made.push(...slicesOfEndpoints(service, object, zones));
      count.madeFromEndpoints++;
    } else if (Object.keys(selector).length === 0) lists.withoutSelector.push(key);
    else {
      const lived = live.select(service);
      const pods = lived.length > 0 ? lived : templates.select(service);
      if (pods.length === 0) lists.selectNothing.push(key);
      else if (lived.length > 0) count.madeFromPods++;
      else count.madeFromTemplates++;
      if (lacksPort(service, pods)) lists.withoutPort.push(key);
      made.push(...sources.families.flatMap((family) => slicesOfPods(service, family, pods, zones)));
    }
  }
  return { endpointSlices: [...sources.endpointSlices, ...made], ...count, ...lists };
}

type Zones = ReadonlyMap<string, string | undefined>;

/** Pods by namespace and by each of their labels, so that a selector looks at those only that share its rarest pair. */
class PodIndex {
  readonly #byLabel = new Map<string, SelectablePod[]>();

  constructor(pods: readonly SelectablePod[]) {
    for (const pod of pods) {
      for (const [key, value] of Object.entries(pod.labels)) {
        const entry = labelKey(pod.namespace, key, value);
        const list = this.#byLabel.get(entry);
        if (list === undefined) this.#byLabel.set(entry, [pod]);
        else list.push(pod);
      }
    }
  }

  select({ metadata, spec }: Service): SelectablePod[] {
    const selector = spec.selector ?? {};
    const lists = Object.entries(selector).map(
      ([key, value]) => this.#byLabel.get(labelKey(metadata.namespace ?? "default", key, value)) ?? [],
    );
    const shortest = lists.reduce((best, list) => (list.length < best.length ? list : best), lists[0] ?? []);
    return shortest.filter((pod) => matchesLabels(pod.labels, selector));
  }
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

/** One slice chain per set of ports: Pods may give different numbers to one port name. */
function slicesOfPods(
  service: Service,
  family: Family,
  pods: readonly SelectablePod[],
  zones: Zones,
): EndpointSlice[] {
  if (!servesFamily(service, family)) return [];
  const groups = new Map<
    string,
    { ports: readonly EndpointSlicePort[]; endpoints: EndpointSliceEndpoint[] }
  >();
  for (const pod of pods) {
    const address = pod.addresses.find((ip) => familyOf(ip) === family);
    if (address === undefined) continue;
    const ports = podPorts(service.spec.ports ?? [], pod.spec);
    const key = ports.map(({ port }) => port).join(" ");
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(podEndpoint(service, pod, { address, zone: zones.get(pod.nodeName ?? "") }));
  }
  return numbered([...groups.values()], service, family);
}

function podEndpoint(
  service: Service,
  pod: SelectablePod,
  { address, zone }: { address: string; zone: string | undefined },
): EndpointSliceEndpoint {
  const conditions = service.spec.publishNotReadyAddresses
    ? { ...pod.conditions, ready: true }
    : pod.conditions;
  return {
    addresses: [address],
    conditions,
    ...(pod.nodeName === undefined ? {} : { nodeName: pod.nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function lacksPort(service: Service, pods: readonly SelectablePod[]): boolean {
  const ports = service.spec.ports ?? [];
  return pods.some((pod) => podPorts(ports, pod.spec).length < ports.length);
}

/** Each subset keeps its ports; addresses of both families may stand in one. */
function slicesOfEndpoints(service: Service, object: Endpoints, zones: Zones): EndpointSlice[] {
  const families: readonly Family[] = ["IPv4", "IPv6"];
  return families.flatMap((family) => {
    const groups = (object.subsets ?? []).map((subset) => {
      const of = (addresses: readonly EndpointAddress[] | undefined, ready: boolean) =>
        (addresses ?? [])
          .map((address) => ({ ...address, ip: canonicalIp(address.ip) ?? address.ip }))
          .filter(({ ip }) => familyOf(ip) === family)
          .map((address) => mirrored(address, ready, zones));
      return {
        ports: (subset.ports ?? []).map((port) => ({ name: "", protocol: "TCP" as const, ...port })),
        endpoints: [...of(subset.addresses, true), ...of(subset.notReadyAddresses, false)],
      };
    });
    return numbered(groups, service, family);
  });
}

function mirrored({ ip, nodeName }: EndpointAddress, ready: boolean, zones: Zones): EndpointSliceEndpoint {
  const zone = zones.get(nodeName ?? "");
  return {
    addresses: [ip],
    conditions: { ready, serving: ready, terminating: false },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function numbered(
  groups: readonly { ports: readonly EndpointSlicePort[]; endpoints: readonly EndpointSliceEndpoint[] }[],
  service: Service,
  family: Family,
): EndpointSlice[] {
  const slices: EndpointSlice[] = [];
  for (const { ports, endpoints } of groups) {
    slices.push(...makeSlices({ service, family, ports, endpoints, number: slices.length }));
  }
  return slices;
}

function servesFamily(service: Service, family: Family): boolean {
  const { ipFamilies } = service.spec;
  return ipFamilies === undefined || ipFamilies.length === 0 || ipFamilies.includes(family);
}

/** "namespace/name" of the Service that a slice belongs to. */
function serviceOfSlice({ metadata }: EndpointSlice): string {
  return keyOf({ ...metadata, name: metadata.labels?.[LABEL_SERVICE_NAME] ?? "" });
}

function keyOf({
  namespace = "default",
  name,
}: {
  readonly namespace?: string;
  readonly name: string;
}): string {
  return `${namespace}/${name}`;
}
