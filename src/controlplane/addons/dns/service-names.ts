// All names below one Service and their records, made from the Service and its EndpointSlices:
//
//   ""              the Service: its addresses, or those of its ready endpoints when it is headless
//   "_http._tcp"    a named port
//   "web-0"         an endpoint: its hostname, else its address with dashes
//
// Why lazily: a change of an endpoint is answered for by reading its slice anew, and nothing is made for names that
// nobody asks for. Cost: a look-up O(1), the first one after a change O(endpoints in changed slices), and O(endpoints of
// the Service) for those of its names that are asked for.
// Source: Kubernetes DNS-based service discovery 1.1.0; CoreDNS plugin/kubernetes (findServices, endpointHostname) and
// plugin/backend_lookup.go (weights).
import { canonicalIp } from "../../../base/ip.js";
import type { EndpointSlice, Service } from "../../client/cluster-resources.js";
import { type AddressData, addressData, type RecordData, type ResourceRecord } from "./records.js";

export interface NameRecords {
  /** Another name stands for this one: nothing else is here. */
  readonly alias: ResourceRecord | null;
  readonly A: readonly ResourceRecord[];
  readonly AAAA: readonly ResourceRecord[];
  readonly SRV: readonly ResourceRecord[];
  /** Addresses of what SRV points to. */
  readonly additional: readonly ResourceRecord[];
}

/** By relative name. */
export interface ServiceNames {
  get(name: string): NameRecords | undefined;
}

/** One address behind one port, under the name that SRV records point to. */
interface Place {
  /** Relative to the Service: "" is the Service itself. */
  readonly host: string;
  readonly address: AddressData;
  /** null: no port, hence no SRV. */
  readonly port: PlacePort | null;
}

interface PlacePort {
  /** "_http._tcp"; null: it has no name. */
  readonly name: string | null;
  /** "_tcp"; null: it has no name. */
  readonly protocolName: string | null;
  readonly number: number;
}

const NO_RECORDS: NameRecords = { alias: null, A: [], AAAA: [], SRV: [], additional: [] };

interface Origin {
  /** "web.default.svc.cluster.local" */
  readonly domain: string;
  readonly ttlSeconds: number;
}

export function serviceNames(
  service: Service,
  slices: readonly EndpointSlice[],
  origin: Origin,
): ServiceNames {
  return service.spec?.type === "ExternalName"
    ? new Map(aliasNames(service, origin))
    : new PlacedNames(service, slices, origin);
}

/** None for what is an address, which no name can stand for. */
function aliasNames(
  { spec }: Service,
  { domain, ttlSeconds }: Origin,
): readonly (readonly [string, NameRecords])[] {
  const target = (spec?.externalName ?? "").toLowerCase().replace(/\.$/, "");
  if (target === "" || canonicalIp(target) !== null) return [];
  const alias = { name: domain, ttlSeconds, data: { type: "CNAME", target } } as const;
  return [["", { ...NO_RECORDS, alias }]];
}

class PlacedNames implements ServiceNames {
  readonly #origin: Origin;
  readonly #slices: readonly EndpointSlice[];
  /** What the Service's own name stands for. */
  readonly #own: readonly Place[];
  readonly #records = new Map<string, NameRecords | undefined>();
  #byHost: ReadonlyMap<string, readonly Place[]> | null = null;

  constructor(service: Service, slices: readonly EndpointSlice[], origin: Origin) {
    this.#origin = origin;
    this.#slices = slices;
    this.#own = isHeadless(service) ? slices.flatMap(placesOfSlice) : placesOfService(service);
  }

  get(name: string): NameRecords | undefined {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    // Names that do not exist are not kept: there is no end to them.
    if (made !== undefined) this.#records.set(name, made);
    return made;
  }

  #make(name: string): NameRecords | undefined {
    // The name above named ports has no records, but it is there.
    if (/^_[^.]*$/.test(name) && this.#own.some(({ port }) => port?.protocolName === name)) return NO_RECORDS;
    const places = this.#places(name);
    return places.length === 0 ? undefined : new PlaceRecords(name, places, this.#origin);
  }

  #places(name: string): readonly Place[] {
    if (name === "") return this.#own;
    if (name.startsWith("_")) return this.#own.filter(({ port }) => port?.name === name);
    this.#byHost ??= placesByHost(this.#slices.flatMap(placesOfSlice));
    return this.#byHost.get(name) ?? [];
  }
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === "None";
}

function placesOfService({ spec }: Service): readonly Place[] {
  const ips = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  const addresses = ips.flatMap((ip) => addressOf(ip));
  return (spec?.ports ?? []).flatMap(({ name, protocol, port: number }) => {
    const port = placePort(name, protocol, number);
    return addresses.map((address) => ({ host: "", address, port }));
  });
}

/** Slices do not change, they are replaced: each is read once. */
const placesRead = new WeakMap<EndpointSlice, readonly Place[]>();

function placesOfSlice(slice: EndpointSlice): readonly Place[] {
  const known = placesRead.get(slice);
  if (known !== undefined) return known;
  const places = readSlice(slice);
  placesRead.set(slice, places);
  return places;
}

function readSlice({ addressType, endpoints, ports }: EndpointSlice): readonly Place[] {
  if (addressType === "FQDN") return [];
  const numbered = (ports ?? []).flatMap(({ name, protocol, port }) =>
    port === undefined ? [] : [placePort(name, protocol, port)],
  );
  const places: Place[] = [];
  for (const { addresses, conditions, hostname } of endpoints ?? []) {
    if (conditions?.ready === false) continue;
    for (const address of addresses.flatMap((ip) => addressOf(ip))) {
      const host = endpointHost(hostname, address.address);
      for (const port of numbered.length === 0 ? [null] : numbered) places.push({ host, address, port });
    }
  }
  return places;
}

function placePort(name: string | undefined, protocol: string | undefined, number: number): PlacePort {
  if (name === undefined || name === "") return { name: null, protocolName: null, number };
  const protocolName = `_${(protocol ?? "TCP").toLowerCase()}`;
  return { name: `_${name.toLowerCase()}.${protocolName}`, protocolName, number };
}

function addressOf(ip: string): readonly AddressData[] {
  const canonical = canonicalIp(ip);
  return canonical === null ? [] : [addressData(canonical)];
}

/** "web-0"; of an endpoint without a hostname "10-244-0-5". */
export function endpointHost(hostname: string | undefined, ip: string): string {
  return hostname === undefined || hostname === "" ? ip.replaceAll(/[.:]/g, "-") : hostname.toLowerCase();
}

function placesByHost(places: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const group = groups.get(place.host);
    if (group === undefined) groups.set(place.host, [place]);
    else group.push(place);
  }
  return groups;
}

/** The records of one name, those of each type made when they are asked for. */
class PlaceRecords implements NameRecords {
  readonly alias = null;
  readonly #owner: string;
  readonly #places: readonly Place[];
  readonly #origin: Origin;
  readonly #made: { -readonly [Type in "A" | "AAAA" | "SRV" | "additional"]?: readonly ResourceRecord[] } =
    {};

  constructor(name: string, places: readonly Place[], origin: Origin) {
    this.#places = places;
    this.#origin = origin;
    this.#owner = this.#absolute(name);
  }

  get A(): readonly ResourceRecord[] {
    this.#made.A ??= this.#addresses("A");
    return this.#made.A;
  }

  get AAAA(): readonly ResourceRecord[] {
    this.#made.AAAA ??= this.#addresses("AAAA");
    return this.#made.AAAA;
  }

  get SRV(): readonly ResourceRecord[] {
    this.#made.SRV ??= this.#services();
    return this.#made.SRV;
  }

  get additional(): readonly ResourceRecord[] {
    this.#made.additional ??= this.#hosts();
    return this.#made.additional;
  }

  #addresses(type: "A" | "AAAA"): readonly ResourceRecord[] {
    const distinct = new Map<string, AddressData>();
    for (const { address } of this.#places) if (address.type === type) distinct.set(address.address, address);
    return [...distinct.values()].map((data) => this.#record(this.#owner, data));
  }

  #services(): readonly ResourceRecord[] {
    const distinct = new Map<string, { readonly target: string; readonly port: number }>();
    for (const { host, port } of this.#places)
      if (port !== null)
        distinct.set(`${host}:${port.number}`, { target: this.#absolute(host), port: port.number });
    const weight = Math.max(1, Math.floor(100 / distinct.size));
    return [...distinct.values()].map((each) =>
      this.#record(this.#owner, { type: "SRV", priority: 0, weight, ...each }),
    );
  }

  #hosts(): readonly ResourceRecord[] {
    const distinct = new Map<string, ResourceRecord>();
    for (const { host, address, port } of this.#places)
      if (port !== null)
        distinct.set(`${host}/${address.address}`, this.#record(this.#absolute(host), address));
    return [...distinct.values()];
  }

  #record(name: string, data: RecordData): ResourceRecord {
    return { name, ttlSeconds: this.#origin.ttlSeconds, data };
  }

  #absolute(relative: string): string {
    return relative === "" ? this.#origin.domain : `${relative}.${this.#origin.domain}`;
  }
}
