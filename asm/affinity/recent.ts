// The recent match: remember or ask whether an address was seen, per list. Twin of net/netfilter/xt_recent.c: at most
// ip_list_tot clients per list, the least recently used goes first; stamps are kept only as far as a rule asks for them.
import {
  AFFINITY_ENTRY_NEXT_STAMP,
  AFFINITY_ENTRY_SEEN_MS,
  AFFINITY_ENTRY_STAMPS,
  AFFINITY_ENTRY_STAMPS_MS,
  AFFINITY_STAMPS_MAX,
  RECENT_CLIENTS_MAX,
} from "../abi/affinity";
import { CONTEXT_AFFINITY, CONTEXT_NOW_MS } from "../abi/context";
import { RECENT_REMOVE, RECENT_SET, RECENT_UPDATE } from "../abi/iptables";
import { FLIGHT_DESTINATION, FLIGHT_SOURCE } from "../packet/flight";
import { addClient, clientCount, findClient, oldestClient, removeClient, touchClient } from "./store";

/** A RECENT match record (abi/iptables) against the flight, before negation. */
export function recentHolds<A>(context: usize, match: usize): bool {
  const clients = load<u32>(context, CONTEXT_AFFINITY) as usize;
  const list = load<u32>(match, 4);
  const operation = load<u8>(match, 16) as u32;
  const now = load<u32>(context, CONTEXT_NOW_MS);
  const address = load<u8>(match, 17)
    ? load<A>(context, FLIGHT_DESTINATION)
    : load<A>(context, FLIGHT_SOURCE);
  const entry = findClient<A>(clients, list, address);
  if (entry === 0) {
    if (operation !== RECENT_SET) return false;
    rememberClient<A>(clients, list, address, now);
    return true;
  }
  if (operation === RECENT_SET) {
    stamp(clients, entry, now);
    return true;
  }
  if (operation === RECENT_REMOVE) {
    removeClient(clients, entry);
    return true;
  }
  const seen = wasSeen(clients, entry, now, load<u32>(match, 8), load<u32>(match, 12));
  const refresh = operation === RECENT_UPDATE && seen;
  if (load<u8>(match, 18)) reapOldest(clients, list, refresh ? entry : 0, now, load<u32>(match, 8));
  if (refresh) stamp(clients, entry, now);
  return seen;
}

function rememberClient<A>(clients: usize, list: u32, address: A, now: u32): void {
  if (clientCount(clients, list) >= (RECENT_CLIENTS_MAX as u32))
    removeClient(clients, oldestClient(clients, list));
  const entry = addClient<A>(clients, list, address, now);
  if (entry !== 0) keepStamp(clients, entry, now);
}

function stamp(clients: usize, entry: usize, now: u32): void {
  keepStamp(clients, entry, now);
  touchClient(clients, entry, now);
}

/** Write the arrival time into the ring of the last `stamps max`. */
function keepStamp(clients: usize, entry: usize, now: u32): void {
  const limit = load<u32>(clients, AFFINITY_STAMPS_MAX);
  const next = (load<u16>(entry, AFFINITY_ENTRY_NEXT_STAMP) as u32) % limit;
  store<u32>(entry + ((next as usize) << 2), now, AFFINITY_ENTRY_STAMPS_MS);
  store<u16>(entry, (next + 1) as u16, AFFINITY_ENTRY_NEXT_STAMP);
  if (next + 1 > (load<u16>(entry, AFFINITY_ENTRY_STAMPS) as u32)) {
    store<u16>(entry, (next + 1) as u16, AFFINITY_ENTRY_STAMPS);
  }
}

/** Whether enough stamps lie within the last `seconds` (0: any age); a hit count of 0 asks for one. */
function wasSeen(clients: usize, entry: usize, now: u32, seconds: u32, hitcount: u32): bool {
  let hits: u32 = 0;
  const stamps = load<u16>(entry, AFFINITY_ENTRY_STAMPS) as u32;
  for (let index: u32 = 0; index < stamps; index++) {
    const age = now - load<u32>(entry + ((index as usize) << 2), AFFINITY_ENTRY_STAMPS_MS);
    if (seconds !== 0 && (age as u64) > (seconds as u64) * 1000) continue;
    hits++;
    if (hits >= hitcount) return true;
  }
  return false;
}

/** --reap: forget the oldest client of the list when it is older than `seconds`, unless it is about to be refreshed. */
function reapOldest(clients: usize, list: u32, keep: usize, now: u32, seconds: u32): void {
  const oldest = oldestClient(clients, list);
  if (oldest === 0 || oldest === keep) return;
  const age = now - load<u32>(oldest, AFFINITY_ENTRY_SEEN_MS);
  if ((age as u64) > (seconds as u64) * 1000) removeClient(clients, oldest);
}
