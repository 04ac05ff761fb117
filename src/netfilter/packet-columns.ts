// Many packets as columns: what a traffic generator hands to the tracer's tests and to the WASM core's batches.
// Why columns: a million packets as objects would cost more to make than to evaluate.
import type { Family } from "../base/ip.js";
import { ipText } from "../base/ip.js";
import { PROTOCOL_NUMBERS, type Packet, type Protocol } from "./packet.js";

/** `count` packets of one family. Addresses are four words each, most significant first, as in base/ip. */
export class PacketColumns {
  readonly family: Family;
  readonly count: number;
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  readonly protocol: Uint8Array;
  readonly tcpFlags: Uint8Array;
  /** 1 for a packet made on the node itself. */
  readonly fromNode: Uint8Array;
  /** Index into `interfaces`; 0 is none named. */
  readonly inInterface: Uint16Array;
  readonly payloadBytes: Uint32Array;
  /** Arrival, ms since the start of the run. */
  readonly timeMs: Uint32Array;
  readonly interfaces: readonly string[];

  constructor(family: Family, count: number, interfaces: readonly string[] = [""]) {
    this.family = family;
    this.count = count;
    this.interfaces = interfaces;
    this.source = new Uint32Array(count * 4);
    this.destination = new Uint32Array(count * 4);
    this.sourcePort = new Uint16Array(count);
    this.destinationPort = new Uint16Array(count);
    this.protocol = new Uint8Array(count);
    this.tcpFlags = new Uint8Array(count);
    this.fromNode = new Uint8Array(count);
    this.inInterface = new Uint16Array(count);
    this.payloadBytes = new Uint32Array(count);
    this.timeMs = new Uint32Array(count);
  }

  /** Packet `index` as an object, for the tracer and for messages. */
  at(index: number): Packet {
    const words = (column: Uint32Array) => {
      const [a = 0, b = 0, c = 0, d = 0] = column.subarray(index * 4, index * 4 + 4);
      return ipText([a, b, c, d], this.family);
    };
    return {
      protocol: protocolName(this.protocol[index] as number),
      source: words(this.source),
      sourcePort: this.sourcePort[index] as number,
      destination: words(this.destination),
      destinationPort: this.destinationPort[index] as number,
      inInterface:
        this.fromNode[index] === 1 ? null : (this.interfaces[this.inInterface[index] as number] ?? ""),
      tcpFlags: this.tcpFlags[index] as number,
      payloadBytes: this.payloadBytes[index] as number,
    };
  }
}

const NAMES = new Map<number, Protocol>(
  Object.entries(PROTOCOL_NUMBERS).map(([name, number]) => [number, name as Protocol]),
);

function protocolName(number: number): Protocol {
  const name = NAMES.get(number);
  if (name === undefined) throw new RangeError(`protocol ${number} has no name here`);
  return name;
}
