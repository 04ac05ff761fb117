// The connection table of one worker: found by client address, client port and protocol, in either direction; expired
// in order. Twin: src/netfilter/ipvs/connection-table.ts, which says what is simplified.
// Why the client's side is the key: a request and its reply share it, so one chain serves both lookups, as in the kernel.
// Why expiry lists: all connections of a state have one timeout, so a list in order of refreshing is in order of
// deadline, and the oldest is always at its head. Templates have timeouts of their own; they are collected when room is
// needed, and an expired one is as good as none before that.
// Cost: a lookup one bucket word and one 64-byte line per connection compared. Source: Linux ip_vs_conn.c.
import { CONTEXT_NOW_MS } from "../abi/context";
import {
  CONNECTION_BYTES,
  CONNECTION_CLIENT,
  CONNECTION_CLIENT_PORT,
  CONNECTION_DATAGRAM,
  CONNECTION_DEADLINE,
  CONNECTION_ENDED,
  CONNECTION_EXPIRING_STATES,
  CONNECTION_NEXT,
  CONNECTION_OPEN,
  CONNECTION_PROTOCOL,
  CONNECTION_SERVER,
  CONNECTION_SERVER_PORT,
  CONNECTION_STATE,
  CONNECTION_TEMPLATE,
  CONNECTION_UNUSED,
  CONNECTION_VIRTUAL,
  CONNECTIONS_COUNT,
  CONNECTIONS_ENTRIES_AT,
  CONNECTIONS_FREE,
  CONNECTIONS_FRESH,
  CONNECTIONS_HEADER_BYTES,
  CONNECTIONS_MAX,
  CONNECTIONS_SWEPT,
  CONNECTIONS_TEMPLATE_SOONEST,
  IPVS_CLOSING_TIMEOUT_MS,
  IPVS_REFRESH_GRANULARITY_MS,
  IPVS_TCP_TIMEOUT_MS,
  IPVS_UDP_TIMEOUT_MS,
  SERVER_PORT,
} from "../abi/ipvs";
import { PROTOCOL_TCP, PROTOCOL_UDP, TCP_FLAG_FIN, TCP_FLAG_RST, TCP_FLAG_SYN } from "../abi/packet";
import { sameAddress, storeAddress } from "../packet/address";
import { appendConnection, bindServer, connectionsOf, listHead, unlinkConnection } from "./connection-lists";
import { connectionHash } from "./hash";
import { serverAddress, serverOf } from "./regions";

/** Drop what expired by now. To be called before a packet's first lookup. */
export function sweep<A>(context: usize): void {
  const table = connectionsOf(context);
  const now = load<u32>(context, CONTEXT_NOW_MS);
  if (load<u32>(table, CONNECTIONS_SWEPT) === now) return;
  store<u32>(table, now, CONNECTIONS_SWEPT);
  for (let state: u32 = 0; state < (CONNECTION_EXPIRING_STATES as u32); state++) {
    while (true) {
      const oldest = listHead(table, state);
      if (oldest === 0) break;
      if (load<u32>(oldest, CONNECTION_DEADLINE) > now) break;
      removeConnection<A>(context, oldest);
    }
  }
}

/** The connection of a packet from a client, or 0. `ports`: client port | virtual port << 16. */
export function findRequest<A>(context: usize, client: A, virtual: A, ports: u32, protocol: u32): usize {
  const table = connectionsOf(context);
  let next = load<u32>(bucketOf<A>(table, client, ports & 0xffff, protocol));
  while (next !== 0) {
    const connection = entryAt(table, next);
    if (load<u32>(connection, CONNECTION_CLIENT_PORT) === ports) {
      if (sameAddress<A>(load<A>(connection, CONNECTION_CLIENT), client)) {
        if (sameAddress<A>(load<A>(connection, CONNECTION_VIRTUAL), virtual)) {
          if (isConnectionOf(connection, protocol)) return connection;
        }
      }
    }
    next = load<u32>(connection, CONNECTION_NEXT);
  }
  return 0;
}

/** The connection that a packet from a server to a client answers, or 0. */
export function findReply<A>(
  context: usize,
  server: A,
  serverPort: u32,
  client: A,
  clientPort: u32,
  protocol: u32,
): usize {
  const table = connectionsOf(context);
  let next = load<u32>(bucketOf<A>(table, client, clientPort, protocol));
  while (next !== 0) {
    const connection = entryAt(table, next);
    if (load<u16>(connection, CONNECTION_CLIENT_PORT) === clientPort) {
      if (load<u16>(connection, CONNECTION_SERVER_PORT) === serverPort) {
        if (sameAddress<A>(load<A>(connection, CONNECTION_CLIENT), client)) {
          if (sameAddress<A>(load<A>(connection, CONNECTION_SERVER), server)) {
            if (isConnectionOf(connection, protocol)) return connection;
          }
        }
      }
    }
    next = load<u32>(connection, CONNECTION_NEXT);
  }
  return 0;
}

/** The living template of a client and a service, or 0. */
export function findTemplate<A>(
  context: usize,
  client: A,
  virtual: A,
  virtualPort: u32,
  protocol: u32,
): usize {
  const table = connectionsOf(context);
  const ports = virtualPort << 16;
  let next = load<u32>(bucketOf<A>(table, client, 0, protocol));
  while (next !== 0) {
    const connection = entryAt(table, next);
    next = load<u32>(connection, CONNECTION_NEXT);
    if (load<u8>(connection, CONNECTION_STATE) !== CONNECTION_TEMPLATE) continue;
    if (load<u32>(connection, CONNECTION_CLIENT_PORT) !== ports) continue;
    if (load<u8>(connection, CONNECTION_PROTOCOL) !== protocol) continue;
    if (!sameAddress<A>(load<A>(connection, CONNECTION_CLIENT), client)) continue;
    if (!sameAddress<A>(load<A>(connection, CONNECTION_VIRTUAL), virtual)) continue;
    if (load<u32>(connection, CONNECTION_DEADLINE) > load<u32>(context, CONTEXT_NOW_MS)) return connection;
    removeConnection<A>(context, connection);
    return 0;
  }
  return 0;
}

/** Remember a new connection, open, on a server. @returns its entry, or 0 when the table is full */
export function addConnection<A>(
  context: usize,
  client: A,
  virtual: A,
  ports: u32,
  protocol: u32,
  serverId: u32,
): usize {
  const connection = makeEntry<A>(context, client, virtual, ports, protocol, serverId);
  if (connection === 0) return 0;
  const state: u32 = protocol === PROTOCOL_UDP ? CONNECTION_DATAGRAM : CONNECTION_OPEN;
  store<u8>(connection, state as u8, CONNECTION_STATE);
  store<u32>(connection, deadlineAfter(context, timeoutOf(state)), CONNECTION_DEADLINE);
  appendConnection(context, connection);
  return connection;
}

/** Remember which server a client's next connections go to. @returns its entry, or 0 when the table is full */
export function addTemplate<A>(
  context: usize,
  client: A,
  virtual: A,
  virtualPort: u32,
  protocol: u32,
  serverId: u32,
): usize {
  const template = makeEntry<A>(context, client, virtual, virtualPort << 16, protocol, serverId);
  if (template === 0) return 0;
  store<u8>(template, CONNECTION_TEMPLATE as u8, CONNECTION_STATE);
  return template;
}

/** A template lives from its client's last new connection on. */
export function renewTemplate(context: usize, template: usize, persistentMs: u32): void {
  const deadline = deadlineAfter(context, persistentMs);
  store<u32>(template, deadline, CONNECTION_DEADLINE);
  const table = connectionsOf(context);
  if (deadline < load<u32>(table, CONNECTIONS_TEMPLATE_SOONEST)) {
    store<u32>(table, deadline, CONNECTIONS_TEMPLATE_SOONEST);
  }
}

/**
 * A packet of the connection: its flags may change the state, and its time moves the deadline.
 * @param sender what the sender's FIN makes of an open connection: CONNECTION_CLIENT_CLOSED or CONNECTION_SERVER_CLOSED
 */
export function touch(context: usize, connection: usize, tcpFlags: u32, sender: u32): void {
  const before = load<u8>(connection, CONNECTION_STATE) as u32;
  const state = stateAfter(connection, before, tcpFlags, sender);
  const deadline = deadlineAfter(context, timeoutOf(state));
  if (state === before) {
    if (deadline - load<u32>(connection, CONNECTION_DEADLINE) < (IPVS_REFRESH_GRANULARITY_MS as u32)) return;
  }
  unlinkConnection(context, connection);
  store<u8>(connection, state as u8, CONNECTION_STATE);
  store<u32>(connection, deadline, CONNECTION_DEADLINE);
  appendConnection(context, connection);
}

/** Take a connection or template out. */
export function removeConnection<A>(context: usize, connection: usize): void {
  const table = connectionsOf(context);
  const index =
    (((connection - table - load<u32>(table, CONNECTIONS_ENTRIES_AT)) / CONNECTION_BYTES) as u32) + 1;
  const client = load<A>(connection, CONNECTION_CLIENT);
  const port = load<u16>(connection, CONNECTION_CLIENT_PORT) as u32;
  let link = bucketOf<A>(table, client, port, load<u8>(connection, CONNECTION_PROTOCOL) as u32);
  while (load<u32>(link) !== index) link = entryAt(table, load<u32>(link)) + CONNECTION_NEXT;
  store<u32>(link, load<u32>(connection, CONNECTION_NEXT));
  if (load<u8>(connection, CONNECTION_STATE) !== CONNECTION_TEMPLATE) unlinkConnection(context, connection);
  store<u8>(connection, CONNECTION_UNUSED as u8, CONNECTION_STATE);
  store<u32>(connection, load<u32>(table, CONNECTIONS_FREE), CONNECTION_NEXT);
  store<u32>(table, index, CONNECTIONS_FREE);
  store<u32>(table, load<u32>(table, CONNECTIONS_COUNT) - 1, CONNECTIONS_COUNT);
}

function entryAt(table: usize, next: u32): usize {
  return table + load<u32>(table, CONNECTIONS_ENTRIES_AT) + ((next - 1) as usize) * CONNECTION_BYTES;
}

/** Address of the bucket's first index. There are as many buckets as connections at most, a power of two. */
function bucketOf<A>(table: usize, client: A, clientPort: u32, protocol: u32): usize {
  const mask = load<u32>(table, CONNECTIONS_MAX) - 1;
  const bucket = connectionHash<A>(client, clientPort, protocol) & mask;
  return table + CONNECTIONS_HEADER_BYTES + ((bucket as usize) << 2);
}

function isConnectionOf(connection: usize, protocol: u32): bool {
  if (load<u8>(connection, CONNECTION_PROTOCOL) !== protocol) return false;
  return load<u8>(connection, CONNECTION_STATE) !== CONNECTION_TEMPLATE;
}

function makeEntry<A>(
  context: usize,
  client: A,
  virtual: A,
  ports: u32,
  protocol: u32,
  serverId: u32,
): usize {
  const table = connectionsOf(context);
  const index = takeFree<A>(context, table);
  if (index === 0) return 0;
  const connection = entryAt(table, index);
  const server = serverOf(context, serverId);
  storeAddress<A>(connection + CONNECTION_CLIENT, client);
  storeAddress<A>(connection + CONNECTION_VIRTUAL, virtual);
  storeAddress<A>(connection + CONNECTION_SERVER, serverAddress<A>(server));
  store<u32>(connection, ports, CONNECTION_CLIENT_PORT);
  store<u16>(connection, load<u16>(server, SERVER_PORT), CONNECTION_SERVER_PORT);
  store<u8>(connection, protocol as u8, CONNECTION_PROTOCOL);
  bindServer(context, connection, serverId);
  const bucket = bucketOf<A>(table, client, ports & 0xffff, protocol);
  store<u32>(connection, load<u32>(bucket), CONNECTION_NEXT);
  store<u32>(bucket, index);
  store<u32>(table, load<u32>(table, CONNECTIONS_COUNT) + 1, CONNECTIONS_COUNT);
  return connection;
}

/** Index + 1 of an entry that nobody uses, or 0. */
function takeFree<A>(context: usize, table: usize): u32 {
  const limit = load<u32>(table, CONNECTIONS_MAX);
  if (load<u32>(table, CONNECTIONS_COUNT) >= limit) collectTemplates<A>(context, table);
  if (load<u32>(table, CONNECTIONS_COUNT) >= limit) return 0;
  const free = load<u32>(table, CONNECTIONS_FREE);
  if (free !== 0) {
    store<u32>(table, load<u32>(entryAt(table, free), CONNECTION_NEXT), CONNECTIONS_FREE);
    return free;
  }
  const fresh = load<u32>(table, CONNECTIONS_FRESH) + 1;
  store<u32>(table, fresh, CONNECTIONS_FRESH);
  return fresh;
}

/** Remove expired templates, and learn when the next one expires. */
function collectTemplates<A>(context: usize, table: usize): void {
  const now = load<u32>(context, CONTEXT_NOW_MS);
  if (now < load<u32>(table, CONNECTIONS_TEMPLATE_SOONEST)) return;
  const fresh = load<u32>(table, CONNECTIONS_FRESH);
  let soonest = u32.MAX_VALUE;
  for (let index: u32 = 1; index <= fresh; index++) {
    const entry = entryAt(table, index);
    if (load<u8>(entry, CONNECTION_STATE) !== CONNECTION_TEMPLATE) continue;
    const deadline = load<u32>(entry, CONNECTION_DEADLINE);
    if (deadline <= now) removeConnection<A>(context, entry);
    else if (deadline < soonest) soonest = deadline;
  }
  store<u32>(table, soonest, CONNECTIONS_TEMPLATE_SOONEST);
}

function stateAfter(connection: usize, state: u32, tcpFlags: u32, sender: u32): u32 {
  if (load<u8>(connection, CONNECTION_PROTOCOL) !== PROTOCOL_TCP) return state;
  if ((tcpFlags & TCP_FLAG_RST) !== 0) return CONNECTION_ENDED;
  if ((tcpFlags & TCP_FLAG_SYN) !== 0) return CONNECTION_OPEN;
  if ((tcpFlags & TCP_FLAG_FIN) === 0) return state;
  return state === CONNECTION_OPEN || state === sender ? sender : CONNECTION_ENDED;
}

function timeoutOf(state: u32): u32 {
  if (state === CONNECTION_OPEN) return IPVS_TCP_TIMEOUT_MS;
  return state === CONNECTION_DATAGRAM ? IPVS_UDP_TIMEOUT_MS : IPVS_CLOSING_TIMEOUT_MS;
}

function deadlineAfter(context: usize, timeoutMs: u32): u32 {
  const sum = (load<u32>(context, CONTEXT_NOW_MS) as u64) + (timeoutMs as u64);
  return sum >= (u32.MAX_VALUE as u64) ? u32.MAX_VALUE - 1 : (sum as u32);
}
