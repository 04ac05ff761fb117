// All names below one Service and their records, made from the Service and its EndpointSlices:
//
//   ""              the Service: its addresses, or those of its ready endpoints when it is headless
//   "_http._tcp"    a named port
//   "web-0"         an endpoint: its hostname, else its address with dashes
//
// Cost: O(ports) of a Service with an address, O(endpoints x ports) of a headless one.
// Source: Kubernetes DNS-based service discovery 1.1.0; CoreDNS plugin/kubernetes (findServices, endpointHostname) and
// plugin/backend_lookup.go (weights).
import { canonicalIp } from "../../../base/ip.js";
import type { EndpointSlice, Service } from "../../client/cluster-resources.js";
import { addressData, type RecordData, type ResourceRecord } from "./records.js";

export interface NameRecords {
  /** Another name stands for this one: nothing else is here. */
  readonly alias: ResourceRecord | null;
  readonly A: readonly ResourceRecord[];
  readonly AAAA: readonly ResourceRecord[];
  readonly SRV: readonly ResourceRecord[];
  /** Addresses of what SRV points to. */
  readonly additional: readonly ResourceRecord[];
}

/** Relative name -> records. */
export type ServiceNames = ReadonlyMap<string, NameRecords>;

/** One address behind one port, under the name that SRV records point to. */
interface Place {
  /** Relative to the Service: "" is the Service itself. */
  readonly host: string;
  readonly address: RecordData;
  /** null: no port, hence no SRV. */
  readonly port: { readonly name: string; readonly protocol: string; readonly number: number } | null;
}

const NO_RECORDS: NameRecords = { alias: null, A: [], AAAA: [], SRV: [], additional: [] };

/** @param domain "web.default.svc.cluster.local" */
export function serviceNames(
  service: Service,
  slices: readonly EndpointSlice[],
  { domain, ttlSeconds }: { readonly domain: string; readonly ttlSeconds: number },
): ServiceNames {
  const { spec } = service;
  const names = new Map<string, NameRecords>();
  if (spec?.type === "ExternalName") {
    const target = (spec.externalName ?? "").toLowerCase().replace(/\.$/, "");
    if (target === "" || canonicalIp(target) !== null) return names;
    const alias = { name: domain, ttlSeconds, data: { type: "CNAME", target } } as const;
    return names.set("", { ...NO_RECORDS, alias });
  }
  const endpoints = slices.flatMap(placesOfSlice);
  const own = isHeadless(service) ? endpoints : placesOfService(service);
  const write = (name: string, places: readonly Place[]) =>
    names.set(name, recordsOf(name, places, { domain, ttlSeconds }));
  if (own.length > 0) write("", own);
  for (const [name, places] of grouped(own, portName)) {
    write(name, places);
    // The name above it has no records, but it is there.
    names.set(name.slice(name.indexOf(".") + 1), NO_RECORDS);
  }
  for (const [host, places] of grouped(endpoints, ({ host }) => host)) write(host, places);
  return names;
}

export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === "None";
}

function placesOfService({ spec }: Service): readonly Place[] {
  const ips = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  const addresses = ips.flatMap((ip) => addressOf(ip));
  return (spec?.ports ?? []).flatMap(({ name = "", protocol = "TCP", port }) =>
    addresses.map((address) => ({ host: "", address, port: { name, protocol, number: port } })),
  );
}

function placesOfSlice({ addressType, endpoints, ports }: EndpointSlice): readonly Place[] {
  if (addressType === "FQDN") return [];
  const numbered = (ports ?? []).flatMap(({ name, protocol, port }) =>
    port === undefined ? [] : [{ name: name ?? "", protocol: protocol ?? "TCP", number: port }],
  );
  const places: Place[] = [];
  for (const { addresses, conditions, hostname } of endpoints ?? []) {
    if (conditions?.ready === false) continue;
    for (const address of addresses.flatMap((ip) => addressOf(ip))) {
      const host = endpointHost(hostname, address);
      for (const port of numbered.length === 0 ? [null] : numbered) places.push({ host, address, port });
    }
  }
  return places;
}

function addressOf(ip: string): readonly (RecordData & { readonly address: string })[] {
  const canonical = canonicalIp(ip);
  if (canonical === null) return [];
  const data = addressData(canonical);
  return "address" in data ? [data] : [];
}

/** "web-0"; of an endpoint without a hostname "10-244-0-5". */
function endpointHost(hostname: string | undefined, address: { readonly address: string }): string {
  return hostname === undefined || hostname === "" ? dashed(address.address) : hostname.toLowerCase();
}

export function dashed(ip: string): string {
  return ip.replaceAll(/[.:]/g, "-");
}

function portName({ port }: Place): string | null {
  return port === null || port.name === ""
    ? null
    : `_${port.name.toLowerCase()}._${port.protocol.toLowerCase()}`;
}

/** null: in no group. */
function grouped(places: readonly Place[], nameOf: (place: Place) => string | null) {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const name = nameOf(place);
    if (name === null) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [place]);
    else group.push(place);
  }
  return groups;
}

function recordsOf(
  name: string,
  places: readonly Place[],
  { domain, ttlSeconds }: { readonly domain: string; readonly ttlSeconds: number },
): NameRecords {
  const absolute = (relative: string) => (relative === "" ? domain : `${relative}.${domain}`);
  const owner = absolute(name);
  const addresses = new Map<string, RecordData>();
  const targets = new Map<string, { readonly target: string; readonly port: number }>();
  const hosts = new Map<string, ResourceRecord>();
  for (const { host, address, port } of places) {
    const text = "address" in address ? address.address : "";
    addresses.set(text, address);
    if (port === null) continue;
    const target = absolute(host);
    targets.set(`${target}:${port.number}`, { target, port: port.number });
    hosts.set(`${target}/${text}`, { name: target, ttlSeconds, data: address });
  }
  const record = (data: RecordData): ResourceRecord => ({ name: owner, ttlSeconds, data });
  const all = [...addresses.values()].map(record);
  const weight = Math.max(1, Math.floor(100 / targets.size));
  return {
    alias: null,
    A: all.filter(({ data }) => data.type === "A"),
    AAAA: all.filter(({ data }) => data.type === "AAAA"),
    SRV: [...targets.values()].map((each) => record({ type: "SRV", priority: 0, weight, ...each })),
    additional: [...hosts.values()],
  };
}
