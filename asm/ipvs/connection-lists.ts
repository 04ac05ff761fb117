// The expiry lists of connections and what a connection weighs on its server: the cold half of the connection table.
// A list links the connections of one state, oldest deadline first; links lie apart from the entries, because most
// packets need neither neighbours nor server slot.
import { CONTEXT_IPVS_CONNECTIONS } from "../abi/context";
import {
  CONNECTION_BYTES,
  CONNECTION_OPEN,
  CONNECTION_STATE,
  CONNECTIONS_ENTRIES_AT,
  CONNECTIONS_LINKS_AT,
  CONNECTIONS_LIST_BYTES,
  CONNECTIONS_LISTS,
  LINKS_BYTES,
  LINKS_NEWER,
  LINKS_OLDER,
  LINKS_SERVER,
  LINKS_SERVER_GENERATION,
  SERVER_GENERATION,
  SERVER_STATE_ACTIVE,
  SERVER_STATE_INACTIVE,
} from "../abi/ipvs";
import { serverOf, serverState } from "./regions";

/** The context's connection table. */
export function connectionsOf(context: usize): usize {
  return load<u32>(context, CONTEXT_IPVS_CONNECTIONS) as usize;
}

/** The connection of a state that expires first, or 0. */
export function listHead(table: usize, state: u32): usize {
  const oldest = load<u32>(listOf(table, state));
  return oldest === 0
    ? 0
    : table + load<u32>(table, CONNECTIONS_ENTRIES_AT) + (oldest - 1) * CONNECTION_BYTES;
}

/** Note the server that a connection or template goes to. */
export function bindServer(context: usize, connection: usize, serverId: u32): void {
  const links = linksOf(connectionsOf(context), indexOf(connectionsOf(context), connection));
  store<u32>(links, serverId, LINKS_SERVER);
  store<u32>(links, load<u32>(serverOf(context, serverId), SERVER_GENERATION), LINKS_SERVER_GENERATION);
}

/** Server id of a connection or template. */
export function boundServer(context: usize, connection: usize): u32 {
  return load<u32>(
    linksOf(connectionsOf(context), indexOf(connectionsOf(context), connection)),
    LINKS_SERVER,
  );
}

/** Whether the connection's server still stands in the image. */
export function hasServer(context: usize, connection: usize): bool {
  const links = linksOf(connectionsOf(context), indexOf(connectionsOf(context), connection));
  const generation = load<u32>(serverOf(context, load<u32>(links, LINKS_SERVER)), SERVER_GENERATION);
  return generation === load<u32>(links, LINKS_SERVER_GENERATION);
}

/** Append a connection to the list of its state, and count it on its server. */
export function appendConnection(context: usize, connection: usize): void {
  const table = connectionsOf(context);
  const index = indexOf(table, connection);
  const links = linksOf(table, index);
  const state = load<u8>(connection, CONNECTION_STATE) as u32;
  const list = listOf(table, state);
  const newest = load<u32>(list, 4);
  store<u32>(links, newest, LINKS_OLDER);
  store<u32>(links, 0, LINKS_NEWER);
  if (newest === 0) store<u32>(list, index);
  else store<u32>(linksOf(table, newest), index, LINKS_NEWER);
  store<u32>(list, index, 4);
  weigh(context, links, state, 1);
}

/** Take a connection out of the list of its state, and off its server's count. */
export function unlinkConnection(context: usize, connection: usize): void {
  const table = connectionsOf(context);
  const links = linksOf(table, indexOf(table, connection));
  const state = load<u8>(connection, CONNECTION_STATE) as u32;
  const list = listOf(table, state);
  const older = load<u32>(links, LINKS_OLDER);
  const newer = load<u32>(links, LINKS_NEWER);
  if (older === 0) store<u32>(list, newer);
  else store<u32>(linksOf(table, older), newer, LINKS_NEWER);
  if (newer === 0) store<u32>(list, older, 4);
  else store<u32>(linksOf(table, newer), older, LINKS_OLDER);
  weigh(context, links, state, -1);
}

/** Only open connections are active: UDP never is. A server whose slot went to another is no longer counted. */
function weigh(context: usize, links: usize, state: u32, by: i32): void {
  const id = load<u32>(links, LINKS_SERVER);
  const generation = load<u32>(links, LINKS_SERVER_GENERATION);
  if (load<u32>(serverOf(context, id), SERVER_GENERATION) !== generation) return;
  const weight =
    serverState(context, id) + (state === CONNECTION_OPEN ? SERVER_STATE_ACTIVE : SERVER_STATE_INACTIVE);
  store<u32>(weight, load<u32>(weight) + by);
}

function indexOf(table: usize, connection: usize): u32 {
  return (((connection - table - load<u32>(table, CONNECTIONS_ENTRIES_AT)) / CONNECTION_BYTES) as u32) + 1;
}

function linksOf(table: usize, index: u32): usize {
  return table + load<u32>(table, CONNECTIONS_LINKS_AT) + ((index - 1) as usize) * LINKS_BYTES;
}

/** Two words: index + 1 of the oldest and of the newest. */
function listOf(table: usize, state: u32): usize {
  return table + CONNECTIONS_LISTS + (state as usize) * CONNECTIONS_LIST_BYTES;
}
