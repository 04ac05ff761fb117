// IPVS as a packet meets it: behind INPUT and OUTPUT it takes packets to virtual services and sends them to real servers;
// behind FORWARD, INPUT and OUTPUT it gives replies the virtual address back.
// Lookups per packet, as the kernel's hooks make them: at INPUT and OUTPUT one for a reply, then one for a request; at
// FORWARD one for a reply. A new flow adds one of the service table, and with session affinity one for the template.
// Left out: ICMP errors about a connection, FTP, fwmark services, the synchronisation between directors.
// Source: Linux net/netfilter/ipvs/ip_vs_core.c (ip_vs_out, ip_vs_in, ip_vs_schedule, ip_vs_sched_persist).
import { ipWords, joinHostPort, type Family } from "../../base/ip.js";
import { TCP_FLAGS, type Packet, type Protocol } from "../packet.js";
import type { IpvsModel } from "../rule-model.js";
import type { Flight, LocalResult, LocalStage } from "../tracer/trace.js";
import { ConnectionTable, type Connection, type FlowKey } from "./connection-table.js";
import type { RealServer, VirtualServer } from "./model.js";
import { bindScheduler, inListOrder, type LoadedServer, type Scheduler } from "./schedulers.js";
import { ServiceTable, type ServiceTableVariant } from "./service-table.js";

/** How the kernel's tables are sized. */
export interface IpvsOptions {
  readonly serviceTable: ServiceTableVariant;
  readonly connectionsMax: number;
  /** by-chance: any server with a weight, as a flight's chance has it. What the schedulers say when missing. */
  readonly scheduling?: "by-chance";
}

/** Every server that may get a new connection to a virtual server: weight decides, not the scheduler's state. */
export function ipvsTargetSet(server: VirtualServer): readonly RealServer[] {
  return server.realServers.filter(({ weight }) => weight > 0);
}

/**
 * Every server that a first packet may be sent to; null when it is for no virtual server. This is the target set of a
 * traced packet: one walk shows one of them, and the scheduler's state, not chance, decides which.
 */
export function ipvsPossibleTargets(model: IpvsModel, packet: Packet): readonly RealServer[] | null {
  const server = model.virtualServers.find(
    ({ protocol, ip, port }) =>
      protocol === packet.protocol && ip === packet.destination && port === packet.destinationPort,
  );
  return server === undefined ? null : ipvsTargetSet(server);
}

/**
 * A virtual server with what its scheduler remembers, made when it is first asked: a tracer is made anew for each path
 * of a conversation, which asks few of thousands of virtual servers.
 */
class BoundService {
  readonly virtual: VirtualServer;
  readonly protocol: VirtualServer["protocol"];
  readonly ip: string;
  readonly port: number;
  #servers: readonly LoadedServer[] | null = null;
  #scheduler: Scheduler | null = null;

  constructor(virtual: VirtualServer) {
    this.virtual = virtual;
    this.protocol = virtual.protocol;
    this.ip = virtual.ip;
    this.port = virtual.port;
  }

  /** In list order. */
  get servers(): readonly LoadedServer[] {
    this.#servers ??= inListOrder(this.virtual.realServers).map(({ ip, port, weight }) => ({
      ip,
      port,
      weight,
      active: 0,
      inactive: 0,
    }));
    return this.#servers;
  }

  get scheduler(): Scheduler {
    this.#scheduler ??= bindScheduler(this.virtual, this.servers);
    return this.#scheduler;
  }
}

const LOCAL: LocalResult = { kind: "local" };
const FORWARDED: LocalResult = { kind: "forwarded" };
const REFUSED: LocalResult = { kind: "drop", reason: "connections-full" };
/** Conntrack knows the flow of a connection that is over. */
const FORGOTTEN: LocalResult = { kind: "drop", reason: "no-endpoint", forgetsFlow: true };
const UNSERVED: LocalResult = { kind: "reject", reason: "no-endpoint" };

export class IpvsStage implements LocalStage {
  readonly #services: ServiceTable<BoundService>;
  readonly #connections: ConnectionTable;
  readonly #isByChance: boolean;
  /** Flights that were through IPVS (skb->ipvs_property): a second hook leaves them alone. */
  readonly #handled = new WeakSet<Flight>();

  constructor(family: Family, virtualServers: readonly VirtualServer[], options: IpvsOptions) {
    const services = virtualServers.map((server) => new BoundService(server));
    this.#services = new ServiceTable(family, options.serviceTable, services);
    this.#connections = new ConnectionTable(options.connectionsMax);
    this.#isByChance = options.scheduling === "by-chance";
  }

  deliver(flight: Flight): LocalResult {
    if (!isBalanced(flight.protocol) || this.#handled.has(flight)) return LOCAL;
    if (this.reply(flight)) return LOCAL;
    const key = flowKey(flight);
    flight.counts.ipvsConnLookups++;
    let connection = this.#connections.find(key);
    if (connection !== null && startsAnew(connection, flight)) {
      this.#connections.remove(connection);
      if (flight.isKnown) return FORGOTTEN;
      connection = null;
    }
    if (connection === null) {
      const opened = this.#open(key, flight);
      if ("kind" in opened) return opened;
      connection = opened;
    }
    this.#connections.touch(connection, "client", flight.packet.tcpFlags, flight.timeMs);
    const { ip, port } = connection.server;
    note(flight, `${joinHostPort(key.virtual, key.virtualPort)}`, `to ${joinHostPort(ip, port)}`);
    flight.destination = ip;
    flight.destinationPort = port;
    this.#handled.add(flight);
    return FORWARDED;
  }

  /** Give a reply its virtual address back. @returns whether the flight is a reply of a connection */
  reply(flight: Flight): boolean {
    if (!isBalanced(flight.protocol) || this.#handled.has(flight)) return false;
    this.#connections.sweep(flight.timeMs);
    flight.counts.ipvsConnLookups++;
    const server = { ip: flight.source, port: flight.sourcePort };
    const client = { ip: flight.destination, port: flight.destinationPort };
    const connection = this.#connections.findReply(flight.protocol, server, client);
    if (connection === null) return false;
    this.#connections.touch(connection, "server", flight.packet.tcpFlags, flight.timeMs);
    const { virtual, virtualPort } = connection.key;
    note(
      flight,
      `reply of ${joinHostPort(server.ip, server.port)}`,
      `from ${joinHostPort(virtual, virtualPort)}`,
    );
    flight.source = virtual;
    flight.sourcePort = virtualPort;
    this.#handled.add(flight);
    return true;
  }

  /** A flow without a connection: find its service and schedule it, or say why not. */
  #open(key: FlowKey, flight: Flight): Connection | LocalResult {
    if (flight.protocol === "tcp" && !opensTcp(flight.packet.tcpFlags)) return LOCAL;
    flight.counts.ipvsServiceLookups++;
    const { found, nodesCompared } = this.#services.find(key.protocol, key.virtual, key.virtualPort);
    flight.counts.hashNodesCompared += nodesCompared;
    if (found === null) return LOCAL;
    const seconds = found.virtual.persistentSeconds;
    const server =
      seconds === null ? this.#schedule(found, flight) : this.#sticky(found, seconds, key, flight);
    if ("kind" in server) return server;
    if (this.#connections.isFull) return REFUSED;
    flight.counts.ipvsConnInserts++;
    return this.#connections.add(key, server, flight.timeMs);
  }

  #schedule(service: BoundService, flight: Flight): LoadedServer | LocalResult {
    if (this.#isByChance) {
      const candidates = service.servers.filter(({ weight }) => weight > 0);
      return candidates[candidates.length > 1 ? flight.chance.below(candidates.length) : 0] ?? UNSERVED;
    }
    const { position, steps } = service.scheduler.schedule({
      client: ipWords(flight.source),
      clientPort: flight.sourcePort,
      virtual: ipWords(service.ip),
    });
    flight.counts.schedulerSteps += steps;
    const server = service.servers[position];
    if (server === undefined) note(flight, `${service.virtual.scheduler} finds no server`, "reject");
    return server ?? UNSERVED;
  }

  /** Session affinity: the client's template names the server, or a new one is scheduled for all its connections. */
  #sticky(service: BoundService, seconds: number, key: FlowKey, flight: Flight): LoadedServer | LocalResult {
    flight.counts.ipvsConnLookups++;
    let template = this.#connections.findTemplate(key);
    if (template === null) {
      const server = this.#schedule(service, flight);
      if ("kind" in server) return server;
      if (this.#connections.isFull) return REFUSED;
      flight.counts.ipvsConnInserts++;
      template = this.#connections.addTemplate(key, server);
    }
    this.#connections.renewTemplate(template, seconds, flight.timeMs);
    return template.server;
  }
}

function isBalanced(protocol: Protocol): boolean {
  return protocol === "tcp" || protocol === "udp" || protocol === "sctp";
}

/** Only a SYN finds a service; anything else without a connection is the host's own (which answers with a RST). */
function opensTcp(tcpFlags: number): boolean {
  return (tcpFlags & (TCP_FLAGS.SYN | TCP_FLAGS.RST)) === TCP_FLAGS.SYN;
}

/**
 * A client reuses the port of a connection that ended. While conntrack knows the old flow, it forgets it and the packet
 * is lost; the client's next SYN finds neither.
 */
function startsAnew({ state }: Connection, flight: Flight): boolean {
  return state === "ended" && opensTcp(flight.packet.tcpFlags);
}

function flowKey(flight: Flight): FlowKey {
  return {
    protocol: flight.protocol,
    client: flight.source,
    clientPort: flight.sourcePort,
    virtual: flight.destination,
    virtualPort: flight.destinationPort,
  };
}

function note(flight: Flight, text: string, effect: string): void {
  flight.steps?.push({ place: "ipvs", text, matched: true, effect });
}
