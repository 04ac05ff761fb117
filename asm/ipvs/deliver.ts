// IPVS as a packet meets it: behind INPUT and OUTPUT it takes packets to virtual services and sends them to real
// servers; behind FORWARD, INPUT and OUTPUT it gives replies the virtual address back.
// Twin: src/netfilter/ipvs/stage.ts, lookup by lookup. Source: Linux net/netfilter/ipvs/ip_vs_core.c, ip_vs_nfct.c.
import { CONTEXT_CONNTRACK } from "../abi/context";
import { COUNTER_IPVS_CONN_INSERTS, COUNTER_IPVS_CONN_LOOKUPS } from "../abi/context";
import { DROP_REASON_CONNECTIONS_FULL, DROP_REASON_NO_ENDPOINT } from "../abi/context";
import {
  CONNECTION_CLIENT_CLOSED,
  CONNECTION_ENDED,
  CONNECTION_SERVER,
  CONNECTION_SERVER_CLOSED,
  CONNECTION_SERVER_PORT,
  CONNECTION_STATE,
  CONNECTION_VIRTUAL,
  CONNECTION_VIRTUAL_PORT,
  IPVS_HEAD_CHANGES,
  IPVS_REGION_HEAD,
  SERVER_WEIGHT,
  SERVICE_PERSISTENT_MS,
} from "../abi/ipvs";
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP, TCP_FLAG_RST, TCP_FLAG_SYN } from "../abi/packet";
import { flightPorts } from "../conntrack/flow";
import { remove, storeTuple, tupleBytes } from "../conntrack/table";
import { storeAddress } from "../packet/address";
import { count } from "../packet/counters";
import {
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_ENTRY,
  FLIGHT_NEW_ENTRY,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  FLIGHT_TCP_FLAGS,
  hasBit,
  setBits,
  setReason,
} from "../packet/flight";
import { STEP_ACCEPT, STEP_DROP, STEP_FORWARDED, STEP_REJECT } from "../packet/step";
import { boundServer, hasServer } from "./connection-lists";
import {
  addConnection,
  addTemplate,
  findReply,
  findRequest,
  findTemplate,
  removeConnection,
  renewTemplate,
  sweep,
  touch,
} from "./connections";
import { regionAt, serverOf } from "./regions";
import { NO_SERVER, schedule } from "./schedule";
import { findService } from "./service-table";

/** The flight was through IPVS (skb->ipvs_property): a second hook leaves it alone. Beside the FLIGHT_BIT_ flags. */
const FLIGHT_BIT_IPVS: u32 = 0x100;

/** A packet behind INPUT, or behind OUTPUT on its way from the node. */
export function deliver<A>(context: usize): u32 {
  if (!isBalanced(context)) return STEP_ACCEPT;
  if (hasBit(context, FLIGHT_BIT_IPVS)) return STEP_ACCEPT;
  if (reply<A>(context)) return STEP_ACCEPT;
  const client = load<A>(context, FLIGHT_SOURCE);
  const virtual = load<A>(context, FLIGHT_DESTINATION);
  const ports = load<u32>(context, FLIGHT_SOURCE_PORT);
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  count(context, COUNTER_IPVS_CONN_LOOKUPS);
  let connection = findRequest<A>(context, client, virtual, ports, protocol);
  if (connection !== 0) {
    if (isOver(context, connection)) {
      removeConnection<A>(context, connection);
      connection = 0;
      if (!forgetFlow<A>(context)) return STEP_DROP;
    }
  }
  if (connection === 0) {
    const step = open<A>(context, client, virtual, ports, protocol);
    if (step !== STEP_FORWARDED) return step;
    connection = findRequest<A>(context, client, virtual, ports, protocol);
  }
  touch(context, connection, load<u8>(context, FLIGHT_TCP_FLAGS), CONNECTION_CLIENT_CLOSED);
  forward<A>(context, connection);
  return STEP_FORWARDED;
}

/** Give a reply its virtual address back. @returns whether the flight is a reply of a connection */
export function reply<A>(context: usize): bool {
  if (!isBalanced(context)) return false;
  if (hasBit(context, FLIGHT_BIT_IPVS)) return false;
  sweep<A>(context);
  count(context, COUNTER_IPVS_CONN_LOOKUPS);
  const connection = findReply<A>(
    context,
    load<A>(context, FLIGHT_SOURCE),
    load<u16>(context, FLIGHT_SOURCE_PORT),
    load<A>(context, FLIGHT_DESTINATION),
    load<u16>(context, FLIGHT_DESTINATION_PORT),
    load<u8>(context, FLIGHT_PROTOCOL),
  );
  if (connection === 0) return false;
  touch(context, connection, load<u8>(context, FLIGHT_TCP_FLAGS), CONNECTION_SERVER_CLOSED);
  storeAddress<A>(context + FLIGHT_SOURCE, load<A>(connection, CONNECTION_VIRTUAL));
  store<u16>(context, load<u16>(connection, CONNECTION_VIRTUAL_PORT), FLIGHT_SOURCE_PORT);
  setBits(context, FLIGHT_BIT_IPVS);
  return true;
}

function isBalanced(context: usize): bool {
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  return protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_SCTP;
}

/** Only a SYN finds a service; anything else without a connection is the host's own. */
function opensTcp(context: usize): bool {
  return (load<u8>(context, FLIGHT_TCP_FLAGS) & (TCP_FLAG_SYN | TCP_FLAG_RST)) === TCP_FLAG_SYN;
}

/** Its client reuses the port of a connection that ended, or its server is gone (expire_nodest_conn). */
function isOver(context: usize, connection: usize): bool {
  if (load<u32>(regionAt(context, IPVS_REGION_HEAD), IPVS_HEAD_CHANGES) !== 0) {
    if (!hasServer(context, connection)) return true;
  }
  if (load<u8>(connection, CONNECTION_STATE) !== CONNECTION_ENDED) return false;
  return opensTcp(context);
}

/**
 * The connection of a flow that conntrack knows has ended: conntrack forgets the flow too, and this packet is lost.
 * @returns whether the packet may open a new connection
 */
function forgetFlow<A>(context: usize): bool {
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  if (entry === 0 || entry === context + FLIGHT_NEW_ENTRY) return true;
  remove<A>(load<u32>(context, CONTEXT_CONNTRACK) as usize, entry);
  setReason(context, DROP_REASON_NO_ENDPOINT);
  return false;
}

/** Make the connection of a new flow: STEP_FORWARDED when there is one, else what becomes of the packet. */
function open<A>(context: usize, client: A, virtual: A, ports: u32, protocol: u32): u32 {
  if (protocol === PROTOCOL_TCP) {
    if (!opensTcp(context)) return STEP_ACCEPT;
  }
  const service = findService<A>(context);
  if (service === 0) return STEP_ACCEPT;
  const persistentMs = load<u32>(service, SERVICE_PERSISTENT_MS);
  const serverId =
    persistentMs === 0
      ? schedule<A>(context, service)
      : sticky<A>(context, service, client, virtual, ports >>> 16, protocol, persistentMs);
  if (serverId === NO_SERVER) {
    setReason(context, DROP_REASON_NO_ENDPOINT);
    return STEP_REJECT;
  }
  if (serverId !== TABLE_FULL) {
    if (addConnection<A>(context, client, virtual, ports, protocol, serverId) !== 0) {
      count(context, COUNTER_IPVS_CONN_INSERTS);
      return STEP_FORWARDED;
    }
  }
  setReason(context, DROP_REASON_CONNECTIONS_FULL);
  return STEP_DROP;
}

const TABLE_FULL: i32 = -2;

/** Session affinity: the server that the client's template names, or a newly scheduled one, noted in a template. */
function sticky<A>(
  context: usize,
  service: usize,
  client: A,
  virtual: A,
  virtualPort: u32,
  protocol: u32,
  persistentMs: u32,
): i32 {
  count(context, COUNTER_IPVS_CONN_LOOKUPS);
  let template = findTemplate<A>(context, client, virtual, virtualPort, protocol);
  if (template !== 0) {
    if (!servesNew(context, template)) {
      removeConnection<A>(context, template);
      template = 0;
    }
  }
  if (template === 0) {
    const serverId = schedule<A>(context, service);
    if (serverId === NO_SERVER) return NO_SERVER;
    template = addTemplate<A>(context, client, virtual, virtualPort, protocol, serverId);
    if (template === 0) return TABLE_FULL;
    count(context, COUNTER_IPVS_CONN_INSERTS);
  }
  renewTemplate(context, template, persistentMs);
  return boundServer(context, template);
}

/** Whether a template's server is there and takes connections (expire_quiescent_template). */
function servesNew(context: usize, template: usize): bool {
  if (!hasServer(context, template)) return false;
  return load<i32>(serverOf(context, boundServer(context, template)), SERVER_WEIGHT) > 0;
}

/** Send the packet to the connection's server; conntrack is told where replies of a new flow will come from. */
function forward<A>(context: usize, connection: usize): void {
  const server = load<A>(connection, CONNECTION_SERVER);
  const port = load<u16>(connection, CONNECTION_SERVER_PORT);
  storeAddress<A>(context + FLIGHT_DESTINATION, server);
  store<u16>(context, port, FLIGHT_DESTINATION_PORT);
  setBits(context, FLIGHT_BIT_IPVS);
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  if (entry !== context + FLIGHT_NEW_ENTRY) return;
  const ports = flightPorts(context);
  const swapped = (ports & 0xff00000000) | ((ports & 0xffff) << 16) | (port as u64);
  storeTuple<A>(entry + tupleBytes<A>(), server, load<A>(context, FLIGHT_SOURCE), swapped);
}
