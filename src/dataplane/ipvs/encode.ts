// Mode ipvs: rule model -> table image: the constant rules and their sets, and the virtual servers.
// A changed virtual server or set element is written in place, in time independent of the rest.
// Cost: about a microsecond per real server; 64 bytes and eight bucket words per virtual server, 16 bytes (IPv6: 32) per
// real server, and 16 bytes of private state per worker for each of both.
import { IMAGE_HEAD_IPVS_CONNECTION_BYTES, IMAGE_HEAD_STATE_BYTES } from "../../../asm/abi/image.js";
import { IPTABLES_REGION_LOCAL } from "../../../asm/abi/iptables.js";
import { SET_HEADER_BYTES } from "../../../asm/abi/ipset.js";
import * as abi from "../../../asm/abi/ipvs.js";
import { assert } from "../../base/assert.js";
import type { RuleChange } from "../../netfilter/rule-change.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import { ImageWriter } from "../image-writer.js";
import { SetTable } from "../ipset/set-table.js";
import { expectedRuleBytes } from "../iptables/encode.js";
import { RuleRegions } from "../iptables/rule-regions.js";
import type { EncodeOptions, ImageEncoder, TableImage } from "../table-image.js";
import { ServiceRegions } from "./service-regions.js";

/** The set with an element per service port, of address and port. */
const SERVICE_SET = /^KUBE-(6-)?CLUSTER-IP$/;
const SERVICE_SET_DIMENSIONS = 2;

/** The set of addresses of kube-ipvs0, which are local addresses of the node: KUBE-IPVS-IPS or KUBE-6-IPVS-IPS. */
const BOUND_ADDRESSES_SET = /^KUBE-(6-)?IPVS-IPS$/;

/**
 * Pack an ipvs model into the image the core reads.
 *
 * After update() a worker's private state stays valid, unless the head's IMAGE_HEAD_STATE_BYTES grew (a quarter more
 * Services or servers than at first): then the worker needs a larger region and init().
 *
 * @throws {PlumbError} InvalidInput for rules that name what is not there, LimitExceeded for an image too large
 */
export function encodeIpvs(model: IpvsModel, options: EncodeOptions): ImageEncoder {
  return new IpvsEncoder(model, options);
}

class IpvsEncoder implements ImageEncoder {
  readonly #writer: ImageWriter;
  readonly #rules: RuleRegions;
  readonly #local: SetTable;
  readonly #services: ServiceRegions;
  readonly #options: EncodeOptions;
  /** Index of the set, -1 when there is none. */
  readonly #serviceSet: number;
  #changes = 0;

  constructor(model: IpvsModel, options: EncodeOptions) {
    const { ipvsConnectionsMax } = options;
    assert(
      ipvsConnectionsMax > 0 && (ipvsConnectionsMax & (ipvsConnectionsMax - 1)) === 0,
      `ipvsConnectionsMax ${ipvsConnectionsMax} is not a power of two`,
    );
    this.#options = options;
    this.#writer = new ImageWriter("ipvs", model.family, expectedBytes(model));
    const bound = model.ipsets.find(({ name }) => BOUND_ADDRESSES_SET.test(name))?.elements ?? new Set();
    const own = model.localAddresses.filter((address) => !bound.has(address));
    this.#rules = new RuleRegions(this.#writer, { ...model, localAddresses: own });
    const serviceSet = model.ipsets.find(({ name }) => SERVICE_SET.test(name));
    this.#serviceSet = this.#rules.sets.indexFor(serviceSet?.name ?? "", SERVICE_SET_DIMENSIONS) ?? -1;
    this.#local = this.#writeLocal(model.localAddresses);
    this.#services = new ServiceRegions(this.#writer, model.virtualServers, options.ipvsTables);
    const head = this.#writer.allocate(abi.IPVS_HEAD_LENGTH);
    this.#writer.setRegion(abi.IPVS_REGION_HEAD, head, abi.IPVS_HEAD_LENGTH);
    this.#writeHead();
  }

  get image(): TableImage {
    const { mode, family } = this.#writer;
    return { mode, family, bytes: this.#writer.used(), interfaces: this.#rules.interfaces };
  }

  update(change: RuleChange): void {
    assert(change.mode === "ipvs", `a change of mode ${change.mode} given to an ipvs image`);
    for (const set of change.sets) {
      this.#rules.sets.update(set.name, set);
      if (!BOUND_ADDRESSES_SET.test(set.name)) continue;
      for (const address of set.remove) this.#local.remove(address);
      for (const address of set.add) this.#local.add(address);
    }
    if (change.chains.length > 0) this.#rules.update({ chains: change.chains });
    for (const server of change.removedServers) this.#services.remove(server);
    for (const server of change.virtualServers) this.#services.put(server);
    this.#changes++;
    this.#writeHead();
  }

  /** Region LOCAL anew, as a set that this encoder can change: addresses of kube-ipvs0 come and go with Services. */
  #writeLocal(addresses: readonly string[]): SetTable {
    const header = this.#writer.allocate(SET_HEADER_BYTES);
    this.#writer.setRegion(IPTABLES_REGION_LOCAL, header, SET_HEADER_BYTES);
    const options = { family: this.#writer.family, range: null, elementsExpected: addresses.length };
    const table = new SetTable(this.#writer, () => header, { type: "hash:ip", ...options });
    for (const address of addresses) table.add(address);
    return table;
  }

  #writeHead(): void {
    const writer = this.#writer;
    const { ipvsTables, ipvsConnectionsMax } = this.#options;
    const services = this.#services;
    const stateAt = Math.ceil(this.#rules.private.stateBytes / 64) * 64;
    const loadsAt = stateAt + services.serviceSlots * abi.SERVICE_STATE_BYTES;
    const stateBytes = loadsAt - stateAt + services.serverSlots * abi.SERVER_STATE_BYTES;
    const fields: readonly (readonly [number, number])[] = [
      [abi.IPVS_HEAD_VARIANT, ipvsTables === "fixed" ? abi.IPVS_VARIANT_FIXED : abi.IPVS_VARIANT_RESIZABLE],
      [abi.IPVS_HEAD_BUCKET_MASK, services.bucketMask],
      [abi.IPVS_HEAD_CHANGES, this.#changes],
      [abi.IPVS_HEAD_STATE_AT, stateAt],
      [abi.IPVS_HEAD_STATE_BYTES, stateBytes],
      [abi.IPVS_HEAD_CONNECTIONS_MAX, ipvsConnectionsMax],
      [abi.IPVS_HEAD_SERVER_BYTES, services.serverBytes],
      [abi.IPVS_HEAD_LOADS_AT, loadsAt],
      [abi.IPVS_HEAD_SERVICE_SET, this.#serviceSet + 1],
    ];
    const at = writer.regionOffset(abi.IPVS_REGION_HEAD);
    for (const [field, value] of fields) writer.words[(at + field) >>> 2] = value;
    writer.head(IMAGE_HEAD_STATE_BYTES, stateAt + stateBytes);
    writer.head(IMAGE_HEAD_IPVS_CONNECTION_BYTES, connectionTableBytes(ipvsConnectionsMax));
  }
}

/** Private bytes of a worker's connection table. */
function connectionTableBytes(connectionsMax: number): number {
  return abi.CONNECTIONS_HEADER_BYTES + connectionsMax * (4 + abi.CONNECTION_BYTES + abi.LINKS_BYTES);
}

/** A first guess of the image's size, so that encoding does not copy it over and over. */
function expectedBytes(model: IpvsModel): number {
  let bytes = expectedRuleBytes(model) + model.localAddresses.length * 64;
  for (const { elements } of model.ipsets) bytes += elements.size * (model.family === "IPv4" ? 64 : 192);
  for (const { realServers } of model.virtualServers) bytes += 128 + realServers.length * 48;
  return bytes;
}
