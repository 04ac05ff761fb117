// The recent match: remember or ask whether an address was seen, per list. Twin of net/netfilter/xt_recent.c: at most
// ip_list_tot clients per list, the least recently used goes first; stamps are kept only as far as a rule asks for them.
import {
  AFFINITY_ENTRY_NEXT_STAMP,
  AFFINITY_ENTRY_SEEN_MS,
  AFFINITY_ENTRY_STAMPS,
  AFFINITY_ENTRY_STAMPS_MS,
  RECENT_CLIENTS_MAX,
} from "../abi/affinity";
import { CONTEXT_AFFINITY, CONTEXT_NOW_MS } from "../abi/context";
import { RECENT_REMOVE, RECENT_SET, RECENT_UPDATE } from "../abi/iptables";
import { FLIGHT_DESTINATION, FLIGHT_SOURCE } from "../packet/flight";
import { addClient, clientCount, findClient, oldestClient, removeClient, touchClient } from "./store";

/** A RECENT match record (abi/iptables) against the flight; --update refreshes only what holds after negation. */
export function recentHolds<A>(context: usize, match: usize, negated: bool): bool {
  const clients = load<u32>(context, CONTEXT_AFFINITY) as usize;
  const list = load<u32>(match, 4);
  const operation = load<u8>(match, 16) as u32;
  const now = load<u32>(context, CONTEXT_NOW_MS);
  const address = load<u8>(match, 17)
    ? load<A>(context, FLIGHT_DESTINATION)
    : load<A>(context, FLIGHT_SOURCE);
  const entry = findClient<A>(clients, list, address);
  if (entry === 0) {
    if (operation === RECENT_SET) remember<A>(clients, list, address, now, load<u32>(match, 20));
    return (operation === RECENT_SET) !== negated;
  }
  if (operation === RECENT_SET) {
    refresh(clients, entry, now, load<u32>(match, 20));
    return !negated;
  }
  if (operation === RECENT_REMOVE) {
    removeClient(clients, entry);
    return !negated;
  }
  const holds = wasSeen(entry, now, load<u32>(match, 8), load<u32>(match, 12)) !== negated;
  const refreshes = operation === RECENT_UPDATE && holds;
  if (load<u8>(match, 18)) reapOldest(clients, list, refreshes ? entry : 0, now, load<u32>(match, 8));
  if (refreshes) refresh(clients, entry, now, load<u32>(match, 20));
  return holds;
}

function remember<A>(clients: usize, list: u32, address: A, now: u32, stampsMax: u32): void {
  if (clientCount(clients, list) >= (RECENT_CLIENTS_MAX as u32))
    removeClient(clients, oldestClient(clients, list));
  const entry = addClient<A>(clients, list, address, now);
  if (entry !== 0) keepStamp(entry, now, stampsMax);
}

function refresh(clients: usize, entry: usize, now: u32, stampsMax: u32): void {
  keepStamp(entry, now, stampsMax);
  touchClient(clients, entry, now);
}

/** Write the arrival time into the ring of the last `stampsMax`. */
function keepStamp(entry: usize, now: u32, stampsMax: u32): void {
  const next = (load<u16>(entry, AFFINITY_ENTRY_NEXT_STAMP) as u32) % stampsMax;
  store<u32>(entry + ((next as usize) << 2), now, AFFINITY_ENTRY_STAMPS_MS);
  store<u16>(entry, (next + 1) as u16, AFFINITY_ENTRY_NEXT_STAMP);
  if (next + 1 > (load<u16>(entry, AFFINITY_ENTRY_STAMPS) as u32)) {
    store<u16>(entry, (next + 1) as u16, AFFINITY_ENTRY_STAMPS);
  }
}

/** Whether enough stamps are no older than `seconds` (0: of any age); a hit count of 0 asks for one. */
function wasSeen(entry: usize, now: u32, seconds: u32, hitcount: u32): bool {
  let hits: u32 = 0;
  const stamps = load<u16>(entry, AFFINITY_ENTRY_STAMPS) as u32;
  for (let index: u32 = 0; index < stamps; index++) {
    if (seconds !== 0) {
      if (isOlder(load<u32>(entry + ((index as usize) << 2), AFFINITY_ENTRY_STAMPS_MS), now, seconds))
        continue;
    }
    hits++;
    if (hits >= hitcount) return true;
  }
  return false;
}

/** --reap: forget the oldest client of the list when it is too old, unless it is about to be refreshed. */
function reapOldest(clients: usize, list: u32, keep: usize, now: u32, seconds: u32): void {
  const oldest = oldestClient(clients, list);
  if (oldest === 0 || oldest === keep) return;
  if (isOlder(load<u32>(oldest, AFFINITY_ENTRY_SEEN_MS), now, seconds)) removeClient(clients, oldest);
}

function isOlder(stamp: u32, now: u32, seconds: u32): bool {
  return (now as i64) - (stamp as i64) > (seconds as i64) * 1000;
}
