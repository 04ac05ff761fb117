// The connections of IPVS: which real server a client's flow goes to, and for how long that is remembered.
// Slow twin of asm/ipvs/connections.ts. What is simplified, in both alike:
//   - a TCP connection is open (900 s) or, after a FIN or RST, closed by one side or ended (120 s); UDP lives 300 s, SCTP
//     900 s. The kernel has eleven TCP states with shorter times for half-open ones, in which a RST of the client does
//     not count, and takes an SCTP connection for inactive until it is established;
//   - a packet moves the deadline only when that gains a second, so that most packets leave the expiry lists alone;
//   - a template (session affinity of one client to one service) lives from the last new connection on; the kernel
//     also keeps it while one of its connections lives;
//   - a full table refuses connections; the kernel's grows until memory ends.
// Time never goes backwards. Source: Linux net/netfilter/ipvs/ip_vs_conn.c, ip_vs_proto_tcp.c.
import { assert } from "../../base/assert.js";
import { TCP_FLAGS, type Protocol } from "../packet.js";
import type { LoadedServer } from "./schedulers.js";

const TCP_TIMEOUT_MS = 900_000;
const CLOSING_TIMEOUT_MS = 120_000;
const UDP_TIMEOUT_MS = 300_000;
const REFRESH_GRANULARITY_MS = 1000;
/** Deadlines stop here: 32 bits of milliseconds, the largest number kept for "never". */
const DEADLINE_MAX_MS = 0xfffffffe;

const TIMEOUTS_MS = {
  open: TCP_TIMEOUT_MS,
  "client-closed": CLOSING_TIMEOUT_MS,
  "server-closed": CLOSING_TIMEOUT_MS,
  ended: CLOSING_TIMEOUT_MS,
  datagram: UDP_TIMEOUT_MS,
} as const;
type ConnectionState = keyof typeof TIMEOUTS_MS;

/** What a packet from a client names. */
export interface FlowKey {
  readonly protocol: Protocol;
  readonly client: string;
  readonly clientPort: number;
  readonly virtual: string;
  readonly virtualPort: number;
}

export interface Connection {
  readonly key: FlowKey;
  readonly server: LoadedServer;
  state: ConnectionState;
  deadlineMs: number;
}

interface Template {
  readonly server: LoadedServer;
  deadlineMs: number;
}

export class ConnectionTable {
  readonly #connectionsMax: number;
  readonly #byFlow = new Map<string, Connection>();
  /** Newest first: one client's flows to two services may end at one server, and the kernel answers with the newest. */
  readonly #byReply = new Map<string, Connection[]>();
  readonly #templates = new Map<string, Template>();
  /** Connections of one timeout, oldest deadline first. */
  readonly #expiring: Record<ConnectionState, Set<Connection>> = {
    open: new Set(),
    "client-closed": new Set(),
    "server-closed": new Set(),
    ended: new Set(),
    datagram: new Set(),
  };

  /** @param connectionsMax connections and templates together */
  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax;
  }

  get isFull(): boolean {
    return this.#byFlow.size + this.#templates.size >= this.#connectionsMax;
  }

  /** Forget what expired by now. To be called before each packet's first lookup. */
  sweep(nowMs: number): void {
    for (const connections of Object.values(this.#expiring)) {
      for (const connection of connections) {
        if (connection.deadlineMs > nowMs) break;
        this.remove(connection);
      }
    }
    for (const [key, template] of this.#templates) {
      if (template.deadlineMs <= nowMs) this.#templates.delete(key);
    }
  }

  find(key: FlowKey): Connection | null {
    return this.#byFlow.get(flowText(key)) ?? null;
  }

  /** The connection that a packet from a server to a client answers. */
  findReply(protocol: Protocol, server: Endpoint, client: Endpoint): Connection | null {
    return this.#byReply.get(replyText(protocol, server, client))?.[0] ?? null;
  }

  /** Remember a new connection, open, on its server. The table must not be full. */
  add(key: FlowKey, server: LoadedServer, nowMs: number): Connection {
    assert(!this.isFull, "a connection is added to a full table");
    const state = key.protocol === "udp" ? "datagram" : "open";
    const connection: Connection = { key, server, state, deadlineMs: deadline(nowMs, TIMEOUTS_MS[state]) };
    this.#byFlow.set(flowText(key), connection);
    const reply = replyTextOf(connection);
    this.#byReply.set(reply, [connection, ...(this.#byReply.get(reply) ?? [])]);
    this.#expiring[state].add(connection);
    countOn(connection, 1);
    return connection;
  }

  /** A packet of the connection, in either direction. */
  touch(connection: Connection, from: "client" | "server", tcpFlags: number, nowMs: number): void {
    const state = stateAfter(connection, from, tcpFlags);
    const deadlineMs = deadline(nowMs, TIMEOUTS_MS[state]);
    if (state === connection.state && deadlineMs - connection.deadlineMs < REFRESH_GRANULARITY_MS) return;
    this.#expiring[connection.state].delete(connection);
    countOn(connection, -1);
    connection.state = state;
    connection.deadlineMs = deadlineMs;
    this.#expiring[state].add(connection);
    countOn(connection, 1);
  }

  remove(connection: Connection): void {
    this.#byFlow.delete(flowText(connection.key));
    const reply = replyTextOf(connection);
    const others = (this.#byReply.get(reply) ?? []).filter((other) => other !== connection);
    if (others.length > 0) this.#byReply.set(reply, others);
    else this.#byReply.delete(reply);
    this.#expiring[connection.state].delete(connection);
    countOn(connection, -1);
  }

  findTemplate(key: FlowKey): Template | null {
    return this.#templates.get(templateText(key)) ?? null;
  }

  /** The table must not be full. */
  addTemplate(key: FlowKey, server: LoadedServer): Template {
    assert(!this.isFull, "a template is added to a full table");
    const template = { server, deadlineMs: 0 };
    this.#templates.set(templateText(key), template);
    return template;
  }

  /** Affinity counts from its client's last new connection. */
  renewTemplate(template: Template, persistentSeconds: number, nowMs: number): void {
    template.deadlineMs = deadline(nowMs, persistentSeconds * 1000);
  }
}

interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** Source: ip_vs_proto_tcp.c, tcp_states: CLOSE_WAIT, FIN_WAIT; TIME_WAIT and CLOSE are "ended". */
function stateAfter(
  { key, state }: Connection,
  from: "client" | "server",
  tcpFlags: number,
): ConnectionState {
  if (key.protocol !== "tcp") return state;
  if ((tcpFlags & TCP_FLAGS.RST) !== 0) return "ended";
  if ((tcpFlags & TCP_FLAGS.SYN) !== 0) return "open";
  if ((tcpFlags & TCP_FLAGS.FIN) === 0) return state;
  const closed = `${from}-closed` as const;
  return state === "open" || state === closed ? closed : "ended";
}

/** The kernel takes a connection for inactive until its protocol says otherwise, and UDP never says anything. */
function countOn({ server, state }: Connection, by: number): void {
  if (state === "open") server.active += by;
  else server.inactive += by;
}

function deadline(nowMs: number, timeoutMs: number): number {
  return Math.min(DEADLINE_MAX_MS, nowMs + timeoutMs);
}

function flowText({ protocol, client, clientPort, virtual, virtualPort }: FlowKey): string {
  return `${protocol} ${client} ${clientPort} ${virtual} ${virtualPort}`;
}

function templateText({ protocol, client, virtual, virtualPort }: FlowKey): string {
  return `${protocol} ${client} ${virtual} ${virtualPort}`;
}

function replyText(protocol: Protocol, server: Endpoint, client: Endpoint): string {
  return `${protocol} ${server.ip} ${server.port} ${client.ip} ${client.port}`;
}

function replyTextOf({ key, server }: Connection): string {
  return replyText(key.protocol, server, { ip: key.client, port: key.clientPort });
}
