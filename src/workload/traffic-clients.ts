// Who sends the flows, and from which port: every flow gets a source address and port that no flow before it had.
// How: each client counts through its 64,512 ports (1024-65535) in a scattered but complete cycle; a client that is
// through passes its flows on to the next one. Linux uses 32768-60999 by default; the wider range buys fresh 5-tuples.
import type { Prng } from "../base/prng.js";
import { PlumbError } from "../base/errors.js";
import { canonicalIp, type Cidr, type Family, familyOf, ipWords, parseCidr, knownCidr } from "../base/ip.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import { ADDRESS_RANGES, cidrSize, nodeAddress, nthAddress } from "./address-ranges.js";
import { WeightedIndex } from "./distributions.js";
import { planPodAddresses } from "./pod-addresses.js";
import type { TrafficClients } from "./traffic-spec.js";

const PORT_FIRST = 1024;
const PORTS = 65536 - PORT_FIRST;
/** Coprime to PORTS = 2^10 x 3^2 x 7, so that its multiples visit every port once. */
const PORT_STEP = 40507;

/** Interfaces that packets come in by, as PacketColumns lists them; 0 is none. */
const POD_INTERFACE = 1;
const OUTSIDE_INTERFACE = 2;

interface ClientGroup {
  /** Four words per client. */
  readonly words: Uint32Array;
  readonly used: Uint32Array;
  readonly firstPort: Uint32Array;
  readonly fromNode: 0 | 1;
  readonly inInterface: number;
}

/** Draws the source of one flow after another. */
export class FlowSources {
  readonly #groups: readonly ClientGroup[];
  readonly #groupOf: WeightedIndex;
  readonly #groupStream: Prng;
  readonly #clientStream: Prng;
  /** The source drawn last. */
  #group: ClientGroup;
  #client = 0;
  #port = 0;

  constructor(clients: TrafficClients, family: Family, prng: Prng) {
    const { pod, outside, node } = clients.weights;
    this.#groupStream = prng.fork("client-kind");
    this.#clientStream = prng.fork("client");
    const ports = prng.fork("first-port");
    this.#groups = [
      group(pod > 0 ? podClients(clients, family) : [], ports, { fromNode: 0, inInterface: POD_INTERFACE }),
      group(outside > 0 ? outsideClients(clients, family) : [], ports, {
        fromNode: 0,
        inInterface: OUTSIDE_INTERFACE,
      }),
      group(node > 0 ? nodeClients(clients, family) : [], ports, { fromNode: 1, inInterface: 0 }),
    ];
    this.#group = this.#groups[0] as ClientGroup;
    this.#groupOf = new WeightedIndex([pod, outside, node]);
  }

  static interfaces(clients: TrafficClients): readonly string[] {
    return ["", clients.podInterface, clients.outsideInterface];
  }

  /** Choose the source of the next flow. @throws {PlumbError} LimitExceeded when every client's ports are used up */
  draw(): void {
    const group = this.#groups[this.#groupOf.draw(this.#groupStream)] as ClientGroup;
    const count = group.used.length;
    const first = this.#clientStream.below(count);
    for (let tried = 0; tried < count; tried++) {
      const client = (first + tried) % count;
      const used = group.used[client] as number;
      if (used === PORTS) continue;
      group.used[client] = used + 1;
      this.#group = group;
      this.#client = client;
      this.#port = PORT_FIRST + (((group.firstPort[client] as number) + used * PORT_STEP) % PORTS);
      return;
    }
    throw new PlumbError(
      "LimitExceeded",
      `Cannot open another flow: ${count} clients have used ${PORTS} ports each`,
      {
        hint: "raise clients.count, or lower the share of flows from the node itself",
      },
    );
  }

  /** Write the source drawn last into packet `index`. */
  write(columns: PacketColumns, index: number): void {
    const words = this.#group.words;
    for (let word = 0; word < 4; word++)
      columns.source[index * 4 + word] = words[this.#client * 4 + word] as number;
    columns.sourcePort[index] = this.#port;
    columns.fromNode[index] = this.#group.fromNode;
    columns.inInterface[index] = this.#group.inInterface;
  }
}

function group(
  addresses: readonly string[],
  ports: Prng,
  way: Pick<ClientGroup, "fromNode" | "inInterface">,
): ClientGroup {
  const words = new Uint32Array(addresses.length * 4);
  for (const [index, address] of addresses.entries()) words.set(ipWords(address), index * 4);
  const firstPort = Uint32Array.from(addresses, () => ports.below(PORTS));
  return { words, used: new Uint32Array(addresses.length), firstPort, ...way };
}

/** From the top of the CIDR, where a small cluster's endpoints, numbered from the bottom, are not. */
function podClients(clients: TrafficClients, family: Family): string[] {
  const usual = planPodAddresses({ family, nodes: 1, podsPerNode: 1 }).nodeCidr(0);
  const cidr = givenCidr("clients.podCIDR", clients.podCIDR ?? usual, family);
  const last = cidrSize(cidr) - 2;
  checkRoom("clients.podCIDR", cidr, clients.count);
  return Array.from({ length: clients.count }, (_, index) => nthAddress(cidr, last - index));
}

function outsideClients(clients: TrafficClients, family: Family): string[] {
  const ranges = ADDRESS_RANGES[family].clients.map(knownCidr);
  const usual = ranges.find((range) => cidrSize(range) - 2 >= clients.count) ?? (ranges.at(-1) as Cidr);
  const cidr =
    clients.outsideCIDR === null ? usual : givenCidr("clients.outsideCIDR", clients.outsideCIDR, family);
  checkRoom("clients.outsideCIDR", cidr, clients.count);
  return Array.from({ length: clients.count }, (_, index) => nthAddress(cidr, 1 + index));
}

function nodeClients(clients: TrafficClients, family: Family): string[] {
  const given = clients.nodeAddress ?? nodeAddress(family, 0);
  const address = canonicalIp(given);
  if (address !== null && familyOf(address) === family) return [address];
  throw new PlumbError(
    "InvalidInput",
    `Cannot send from clients.nodeAddress '${given}': expected an ${family} address`,
  );
}

function givenCidr(name: string, text: string, family: Family): Cidr {
  const cidr = parseCidr(text);
  if (cidr !== null && cidr.family === family) return cidr;
  throw new PlumbError("InvalidInput", `Cannot send from ${name} '${text}': expected an ${family} CIDR`);
}

function checkRoom(name: string, cidr: Cidr, count: number): void {
  const room = cidrSize(cidr) - 2;
  if (count <= room) return;
  throw new PlumbError(
    "LimitExceeded",
    `Cannot number ${count} clients: ${name} ${cidr.text} has room for ${room}`,
    {
      hint: "lower clients.count or give a larger CIDR",
    },
  );
}
