// What the API server gives to Services: cluster IPs, node ports, the port of health checks; and their IP families.
// Deterministic: the same requests in the same order get the same addresses from the same seed.
// Source: pkg/registry/core/service/storage/alloc.go, docs "Avoiding collisions in ClusterIP and NodePort allocation".
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { ServicePortSpec, ServiceSpec } from "../../../api/types.js";
import { invalidStatus } from "../../../api/validation/validate.js";
import { type Failure, invalidValue } from "../../../api/validation/failure.js";
import type { Clock } from "../../../base/clock.js";
import { type Family, familyOf } from "../../../base/ip.js";
import type { Prng } from "../../../base/prng.js";
import type { AdmissionRequest } from "../access.js";
import type { AdmissionPlugin } from "../admission/admission-plugin.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AddressRange, addressRange, staticCount } from "./address-range.js";
import { carriedOver } from "./carried-over.js";
import { type Claimant, NumberClaims } from "./number-claims.js";

const SERVICES = kindRow("", "services");
const NONE = "None";

export interface ServiceAddressOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly prng: Prng;
  /** One, or one of each family: ["10.96.0.0/12", "fd00:10:96::/112"]. The first is the default. */
  readonly serviceRanges: readonly string[];
  /** Inclusive: [30000, 32767]. */
  readonly nodePorts: readonly [first: number, last: number];
}

type Service = KubeObject & { readonly spec?: ServiceSpec };

interface Pool {
  readonly range: AddressRange;
  readonly claims: NumberClaims;
}

export function serviceAddresses(options: ServiceAddressOptions): AdmissionPlugin {
  const addresses = new Addresses(options);
  return {
    name: "ServiceAddresses",
    operations: ["CREATE", "UPDATE", "DELETE"],
    resources: ["services"],
    mutate(request) {
      if (request.operation !== "DELETE") return addresses.given(request);
      addresses.letGo(request.oldObject as Service);
      return request.object;
    },
  };
}

class Addresses {
  readonly #options: ServiceAddressOptions;
  /** In order of preference. */
  readonly #pools = new Map<Family, Pool>();
  readonly #ports: NumberClaims;

  constructor(options: ServiceAddressOptions) {
    const { reader, clock, prng, serviceRanges, nodePorts } = options;
    this.#options = options;
    const stored = ({ namespace, name }: Claimant) =>
      reader.get(SERVICES, namespace, name) as Service | undefined;
    for (const range of serviceRanges.map(addressRange)) {
      const claims = new NumberClaims({
        size: range.size,
        staticCount: range.staticCount,
        clock,
        prng: prng.fork(range.cidr),
        isHeld: (index, claimant) => addressesOf(stored(claimant)?.spec).includes(range.addressAt(index)),
      });
      this.#pools.set(range.family, { range, claims });
    }
    const size = nodePorts[1] - nodePorts[0] + 1;
    this.#ports = new NumberClaims({
      size,
      staticCount: staticCount(size, { step: 32, min: 16, max: 128 }),
      clock,
      prng: prng.fork("node ports"),
      isHeld: (index, claimant) => portsOf(stored(claimant)?.spec).includes(nodePorts[0] + index),
    });
    for (const service of reader.list(SERVICES, "") as Iterable<Service>) this.#restore(service);
  }

  #restore(service: Service): void {
    const claimant = claimantOf(service);
    for (const address of addressesOf(service.spec)) {
      const pool = this.#pools.get(familyOf(address));
      const index = pool?.range.indexOf(address) ?? null;
      if (index !== null) pool?.claims.restore(index, claimant);
    }
    for (const port of portsOf(service.spec))
      this.#ports.restore(port - this.#options.nodePorts[0], claimant);
  }

  /** A deleted Service's numbers are free as soon as it is gone. */
  letGo(service: Service): void {
    for (const address of addressesOf(service.spec)) {
      const pool = this.#pools.get(familyOf(address));
      const index = pool?.range.indexOf(address) ?? null;
      if (index !== null) pool?.claims.letGo(index);
    }
    for (const port of portsOf(service.spec)) this.#ports.letGo(port - this.#options.nodePorts[0]);
  }

  /** @throws {StatusError} Invalid for what cannot be had */
  given(request: AdmissionRequest): Service {
    const service = request.object as Service;
    const before = (request.oldObject as Service | null)?.spec ?? null;
    if (service.spec === undefined) return service;
    const spec = before === null ? service.spec : carriedOver(service.spec, before);
    if (before !== null && before.type !== spec.type) this.letGo(request.oldObject as Service);
    const claimant = { ...claimantOf(service), namespace: request.namespace };
    const refuse = (failure: Failure) => invalidStatus(service, [failure]);
    if (spec.type === "ExternalName") return spec === service.spec ? service : { ...service, spec };
    const addressed = this.#withAddresses(spec, claimant, refuse);
    const ported = this.#withNodePorts(addressed, claimant, refuse);
    const given = { ...service, spec: this.#withHealthPort(ported, claimant, refuse) };
    // Nothing will be stored: what the answer shows stays free.
    if (request.isDryRun) this.letGo(given);
    return given;
  }

  #withAddresses(spec: ServiceSpec, claimant: Claimant, refuse: Refuse): ServiceSpec {
    const asked = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
    const isHeadless = asked[0] === NONE;
    const policy =
      spec.ipFamilyPolicy ?? (isHeadless && isSelectorless(spec) ? "RequireDualStack" : "SingleStack");
    const families = this.#families(spec, asked, policy, refuse);
    const common = { ...spec, ipFamilies: families, ipFamilyPolicy: policy };
    if (isHeadless) return { ...common, clusterIP: NONE, clusterIPs: [NONE] };
    const clusterIPs = families.map((family, index) => this.#address(family, asked, index, claimant, refuse));
    return { ...common, clusterIP: clusterIPs[0] as string, clusterIPs };
  }

  #families(spec: ServiceSpec, asked: readonly string[], policy: string, refuse: Refuse): readonly Family[] {
    const given = spec.ipFamilies ?? [];
    const families: Family[] = [...given];
    asked.forEach((address, index) => {
      if (address !== NONE && index >= families.length) families.push(familyOf(address));
    });
    const [standard] = this.#pools.keys();
    if (families.length === 0) families.push(standard as Family);
    const isFree = asked[0] === NONE && isSelectorless(spec);
    if (policy === "RequireDualStack" && this.#pools.size < 2 && !isFree)
      throw refuse(
        invalidValue("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services"),
      );
    families.forEach((family, index) => {
      if (!this.#pools.has(family) && !isFree)
        throw refuse(invalidValue(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"));
    });
    if (policy === "SingleStack") return families.slice(0, 1);
    const other: Family = families[0] === "IPv4" ? "IPv6" : "IPv4";
    if (families.length === 1 && (this.#pools.has(other) || isFree)) families.push(other);
    return families;
  }

  #address(
    family: Family,
    asked: readonly string[],
    position: number,
    claimant: Claimant,
    refuse: Refuse,
  ): string {
    const { range, claims } = this.#pools.get(family) as Pool;
    const wanted = asked[position];
    if (wanted === undefined || wanted === "") {
      const index = claims.takeAny(claimant);
      if (index === null) throw full(`failed to allocate a serviceIP for Service "${claimant.name}"`);
      return range.addressAt(index);
    }
    const index = range.indexOf(wanted);
    const why =
      index === null
        ? `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${range.cidr}`
        : claims.take(index, claimant)
          ? null
          : "provided IP is already allocated";
    if (why !== null)
      throw refuse(invalidValue("spec.clusterIPs", asked, `failed to allocate IP ${wanted}: ${why}`));
    return wanted;
  }

  #withNodePorts(spec: ServiceSpec, claimant: Claimant, refuse: Refuse): ServiceSpec {
    const takes =
      spec.type === "NodePort" ||
      (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
    const ports = spec.ports ?? [];
    if (!takes && !ports.some((port) => port.nodePort)) return spec;
    // One number may serve a Service over several protocols.
    const shared = new Map<number, number>();
    const given = ports.map((port, index): ServicePortSpec => {
      if (port.nodePort) {
        this.#takePort(port.nodePort, `spec.ports[${index}].nodePort`, claimant, refuse);
        shared.set(port.port, port.nodePort);
        return port;
      }
      if (!takes) return port;
      const nodePort = shared.get(port.port) ?? this.#anyPort(claimant);
      shared.set(port.port, nodePort);
      return { ...port, nodePort };
    });
    return { ...spec, ports: given };
  }

  #takePort(port: number, path: string, claimant: Claimant, refuse: Refuse): void {
    const [first, last] = this.#options.nodePorts;
    if (port < first || port > last)
      throw refuse(
        invalidValue(
          path,
          port,
          `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
        ),
      );
    if (!this.#ports.take(port - first, claimant))
      throw refuse(invalidValue(path, port, "provided port is already allocated"));
  }

  #anyPort(claimant: Claimant): number {
    const index = this.#ports.takeAny(claimant);
    if (index === null) throw full("failed to allocate a nodePort");
    return this.#options.nodePorts[0] + index;
  }

  #withHealthPort(spec: ServiceSpec, claimant: Claimant, refuse: Refuse): ServiceSpec {
    const isNeeded = spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
    if (!isNeeded) return spec;
    if (!spec.healthCheckNodePort) return { ...spec, healthCheckNodePort: this.#anyPort(claimant) };
    this.#takePort(spec.healthCheckNodePort, "spec.healthCheckNodePort", claimant, refuse);
    return spec;
  }
}

type Refuse = (failure: Failure) => StatusError;

function full(what: string): StatusError {
  return new StatusError("InternalError", `Internal error occurred: ${what}: range is full`);
}

function claimantOf({ metadata }: Service): Claimant {
  return { namespace: metadata.namespace ?? "", name: metadata.name };
}

function isSelectorless(spec: ServiceSpec): boolean {
  return Object.keys(spec.selector ?? {}).length === 0;
}

function addressesOf(spec: ServiceSpec | undefined): readonly string[] {
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []);
  return addresses.filter((address) => address !== NONE && address !== "");
}

function portsOf(spec: ServiceSpec | undefined): readonly number[] {
  const ports = (spec?.ports ?? []).map((port) => port.nodePort ?? 0);
  return [...ports, spec?.healthCheckNodePort ?? 0].filter((port) => port !== 0);
}
