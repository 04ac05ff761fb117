// What the cluster's names mean: an authoritative answer for every question, from shared informers.
// Why this way: an event only forgets the names of its Service; they are made again when somebody asks. A change of an
// endpoint costs O(1), a question one look-up of the Service and one below it, whatever the number of Services.
// Addresses of Services and endpoints are indices of the informers, for PTR.
// Source: Kubernetes DNS-based service discovery 1.1.0; CoreDNS plugin/kubernetes (parse.go, kubernetes.go, reverse.go)
// with kubeadm's Corefile: pods insecure, ttl 30.
import { canonicalIp } from "../../../base/ip.js";
import { type Timers, wallMs } from "../../../base/timers.js";
import type { KubeObject } from "../../../api/meta.js";
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  NAMESPACES,
  type Namespace,
  SERVICES,
  type Service,
} from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import type { InformerFactory } from "../../client/informer-factory.js";
import type { Lister } from "../../client/object-store.js";
import type { Pod } from "../../client/object-types.js";
import { PODS } from "../../client/resources.js";
import { addressRecord, type Answer, type RecordData, type ResourceRecord } from "./records.js";
import { REVERSE_ZONES, reverseName } from "./reverse-name.js";
import { endpointHost, type NameRecords, type ServiceNames, serviceNames } from "./service-names.js";

/** How names of Pods are answered: for any address, or only for those of Pods of the namespace. */
export type PodNames = "insecure" | "verified";

export interface ClusterZoneOptions {
  readonly informers: InformerFactory;
  readonly timers: Timers;
  /** "cluster.local" */
  readonly domain: string;
  readonly ttlSeconds: number;
  readonly pods: PodNames;
  /** Of the server itself: ns.dns.cluster.local. */
  readonly address: string;
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const BY_SERVICE = "dns/service";
const BY_ADDRESS = "dns/address";
/** Version of the specification that names follow. */
const SCHEMA_VERSION = "1.1.0";
const SCHEMA_TTL_SECONDS = 28_800;
/** Names that stand for names that stand for names. */
const ALIASES_MAX = 8;

export class ClusterZone {
  readonly #options: ClusterZoneOptions;
  readonly #suffix: string;
  readonly #services: Lister<Service>;
  readonly #slices: Lister<EndpointSlice>;
  readonly #namespaces: Lister<Namespace>;
  readonly #pods: Lister<Pod> | null;
  /** Of Services that were asked for since they changed, by key. */
  readonly #names = new Map<string, ServiceNames>();
  readonly #removeHandlers: (() => void)[];
  #serial: number;

  constructor(options: ClusterZoneOptions) {
    const { informers, timers, domain } = options;
    this.#options = options;
    this.#suffix = `.${domain}`;
    this.#serial = serialNow(timers);
    const services = informers.informer(SERVICES);
    services.addIndex(BY_ADDRESS, addressesOfService);
    const slices = informers.informer(ENDPOINT_SLICES);
    slices.addIndex(BY_SERVICE, serviceKeysOf);
    slices.addIndex(BY_ADDRESS, addressesOfSlice);
    this.#services = services.lister;
    this.#slices = slices.lister;
    this.#namespaces = informers.informer(NAMESPACES).lister;
    this.#pods = options.pods === "verified" ? podsByAddress(informers.informer(PODS)) : null;
    const forget = (object: KubeObject, keys: readonly string[]) => {
      for (const key of keys) this.#names.delete(key);
      this.#serial = serialNow(timers);
      return object;
    };
    this.#removeHandlers = [
      services.addHandler(onEveryChange((service) => forget(service, [keyOfService(service)]))),
      slices.addHandler(onEveryChange((slice) => forget(slice, serviceKeysOf(slice)))),
    ];
  }

  get domain(): string {
    return this.#options.domain;
  }

  stop(): void {
    for (const remove of this.#removeHandlers) remove();
    this.#names.clear();
  }

  /**
   * @param name in lower case, without the last dot
   * @param type "A", "SRV", "TYPE65"...: of types that are not served the answer has no records
   */
  answer(name: string, type: string): Answer {
    if (name === this.domain || name.endsWith(this.#suffix)) return this.#inDomain(name, type);
    for (const zone of REVERSE_ZONES)
      if (name === zone || name.endsWith(`.${zone}`)) return this.#inReverse(name, type, zone);
    return REFUSED;
  }

  #inDomain(name: string, type: string): Answer {
    const aliases: ResourceRecord[] = [];
    let target = name;
    while (target === this.domain || target.endsWith(this.#suffix)) {
      const found = this.#find(target, type);
      if (found === null) return this.#without("NXDOMAIN", aliases);
      const { alias, records, additional } = found;
      if (alias === null && records.length === 0) return this.#without("NOERROR", aliases);
      if (alias === null) return answered([...aliases, ...records], additional);
      aliases.push(alias);
      target = targetOf(alias.data);
      if (type === "CNAME" || aliases.length === ALIASES_MAX) break;
    }
    return answered(aliases, []);
  }

  /** null: there is no such name. */
  #find(name: string, type: string): Found | null {
    const relative = name.slice(0, Math.max(0, name.length - this.#suffix.length));
    if (relative === "") return this.#apex(type);
    const labels = relative.split(".");
    switch (labels.pop()) {
      case "svc":
        return this.#findService(labels, type);
      case "pod":
        return this.#findPod(name, labels, type);
      case "dns":
        return this.#findServer(name, labels, type);
      case "dns-version":
        return labels.length > 0
          ? null
          : chosen(type, [textRecord(name, SCHEMA_VERSION, SCHEMA_TTL_SECONDS)]);
      default:
        return null;
    }
  }

  #apex(type: string): Found {
    if (type === "SOA") return records([this.#soa(this.domain)]);
    if (type !== "NS") return NOTHING;
    const { ttlSeconds, address } = this.#options;
    const target = `ns.dns.${this.domain}`;
    const record = { name: this.domain, ttlSeconds, data: { type: "NS", target } } as const;
    return { ...records([record]), additional: [addressRecord(target, address, ttlSeconds)] };
  }

  #findService(labels: string[], type: string): Found | null {
    const namespace = labels.pop();
    if (namespace === undefined) return NOTHING;
    const service = labels.pop();
    if (service === undefined) return this.#namespaces.get(namespace) === undefined ? null : NOTHING;
    const found = this.#namesOf(`${namespace}/${service}`)?.get(labels.join("."));
    return found === undefined ? null : ofType(found, type);
  }

  #namesOf(key: string): ServiceNames | null {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const service = this.#services.get(key);
    if (service === undefined) return null;
    const { name, namespace } = service.metadata;
    const domain = `${name}.${namespace ?? ""}.svc${this.#suffix}`;
    const slices = this.#slices.byIndex(BY_SERVICE, key);
    const names = serviceNames(service, slices, { domain, ttlSeconds: this.#options.ttlSeconds });
    this.#names.set(key, names);
    return names;
  }

  #findPod(name: string, labels: string[], type: string): Found | null {
    const namespace = labels.pop();
    if (namespace === undefined) return NOTHING;
    const [pod] = labels;
    if (labels.length > 1 || this.#namespaces.get(namespace) === undefined) return null;
    if (pod === undefined) return NOTHING;
    const ip = addressOfPodName(pod);
    if (ip === null || !this.#isPodAddress(ip, namespace)) return null;
    return chosen(type, [addressRecord(name, ip, this.#options.ttlSeconds)]);
  }

  #isPodAddress(ip: string, namespace: string): boolean {
    if (this.#pods === null) return true;
    return this.#pods.byIndex(BY_ADDRESS, ip).some(({ metadata }) => metadata.namespace === namespace);
  }

  #findServer(name: string, labels: readonly string[], type: string): Found | null {
    if (labels.length === 0) return NOTHING;
    if (labels.length > 1 || labels[0] !== "ns") return null;
    return chosen(type, [addressRecord(name, this.#options.address, this.#options.ttlSeconds)]);
  }

  #inReverse(name: string, type: string, zone: (typeof REVERSE_ZONES)[number]): Answer {
    const before = name.slice(0, Math.max(0, name.length - zone.length - 1));
    if (before === "" && type === "SOA") return answered([this.#soa(zone)], []);
    const reverse = reverseName(before === "" ? [] : before.split("."), zone);
    const targets = reverse.kind === "address" ? this.#hostsOf(reverse.ip) : [];
    if (reverse.kind !== "partial" && targets.length === 0) return this.#without("NXDOMAIN", [], zone);
    if (type !== "PTR" || targets.length === 0) return this.#without("NOERROR", [], zone);
    const { ttlSeconds } = this.#options;
    return answered(
      targets.map((target) => ({ name, ttlSeconds, data: { type: "PTR", target } })),
      [],
    );
  }

  /** The Service of an address, else the endpoints that have it. */
  #hostsOf(ip: string): readonly string[] {
    const [service] = this.#services.byIndex(BY_ADDRESS, ip);
    if (service !== undefined)
      return [`${service.metadata.name}.${service.metadata.namespace ?? ""}.svc${this.#suffix}`];
    const hosts = this.#slices.byIndex(BY_ADDRESS, ip).flatMap((slice) => {
      const [name = ""] = serviceKeysOf(slice);
      const [namespace, service] = name.split("/");
      const endpoint = slice.endpoints?.find(({ addresses }) =>
        addresses.some((each) => canonicalIp(each) === ip),
      );
      if (service === undefined || endpoint === undefined) return [];
      return [`${endpointHost(endpoint.hostname, ip)}.${service}.${namespace}.svc${this.#suffix}`];
    });
    return [...new Set(hosts)];
  }

  /** No records of the type, or no such name: the SOA says for how long that holds. */
  #without(
    rcode: "NOERROR" | "NXDOMAIN",
    aliases: readonly ResourceRecord[],
    zone: string = this.domain,
  ): Answer {
    return { rcode, isAuthoritative: true, answers: aliases, authority: [this.#soa(zone)], additional: [] };
  }

  #soa(zone: string): ResourceRecord {
    const { ttlSeconds, domain } = this.#options;
    const data: RecordData = {
      type: "SOA",
      server: `ns.dns.${zone}`,
      mailbox: `hostmaster.${domain}`,
      serial: this.#serial,
      minimumSeconds: ttlSeconds,
    };
    return { name: zone, ttlSeconds, data };
  }
}

/** What is known of a name that exists, reduced to a type. */
interface Found {
  readonly alias: ResourceRecord | null;
  readonly records: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

const NOTHING: Found = { alias: null, records: [], additional: [] };

const REFUSED: Answer = {
  rcode: "REFUSED",
  isAuthoritative: false,
  answers: [],
  authority: [],
  additional: [],
};

function answered(answers: readonly ResourceRecord[], additional: readonly ResourceRecord[]): Answer {
  return { rcode: "NOERROR", isAuthoritative: true, answers, authority: [], additional };
}

function records(found: readonly ResourceRecord[]): Found {
  return { alias: null, records: found, additional: [] };
}

function chosen(type: string, found: readonly ResourceRecord[]): Found {
  return records(found.filter(({ data }) => data.type === type));
}

function ofType(names: NameRecords, type: string): Found {
  const { alias, additional } = names;
  if (type === "SRV") return { alias, records: names.SRV, additional };
  return { alias, records: type === "A" || type === "AAAA" ? names[type] : [], additional: [] };
}

function textRecord(name: string, text: string, ttlSeconds: number): ResourceRecord {
  return { name, ttlSeconds, data: { type: "TXT", text } };
}

function targetOf(data: RecordData): string {
  return "target" in data ? data.target : "";
}

/** "10-244-0-5" or "fd00--5"; null when it stands for no address. */
function addressOfPodName(name: string): string | null {
  const isV4 = /^\d+-\d+-\d+-\d+$/.test(name);
  return canonicalIp(name.replaceAll("-", isV4 ? "." : ":"));
}

function serialNow(timers: Timers): number {
  return Math.floor(wallMs(timers) / 1000) >>> 0;
}

function onEveryChange<Kind>(change: (object: Kind) => void) {
  return { onAdd: change, onUpdate: (_: Kind, after: Kind) => change(after), onDelete: change };
}

function keyOfService({ metadata: { name, namespace = "" } }: Service): string {
  return `${namespace}/${name}`;
}

function addressesOfService({ spec }: Service): readonly string[] {
  return (spec?.clusterIPs ?? [spec?.clusterIP ?? ""]).map(canonicalIp).filter((ip) => ip !== null);
}

function serviceKeysOf({ metadata: { labels, namespace = "" } }: EndpointSlice): readonly string[] {
  const name = labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${namespace}/${name}`];
}

/** Of ready endpoints. */
function addressesOfSlice({ addressType, endpoints }: EndpointSlice): readonly string[] {
  if (addressType === "FQDN") return [];
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map(canonicalIp))
    .filter((ip) => ip !== null);
}

function addressesOfPod({ status }: Pod): readonly string[] {
  return (status?.podIPs ?? []).map(({ ip = "" }) => canonicalIp(ip)).filter((ip) => ip !== null);
}

function podsByAddress(informer: Informer<Pod>): Lister<Pod> {
  informer.addIndex(BY_ADDRESS, addressesOfPod);
  return informer.lister;
}
