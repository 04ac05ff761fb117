// Listener and backend of a packet that was delivered to one of the proxy's ports (abi/userspace draws the tables).
// Balancing: round robin per listener; with ClientIP affinity a client stays while it was seen less than the timeout
// ago, and every connection refreshes that. A client that finds no room is balanced anew each time.
// Source: kube-proxy v1.23 pkg/proxy/userspace/roundrobin.go. Twin: src/netfilter/tracer/userspace-stage.ts.
import { AFFINITY_ENTRY_SEEN_MS, AFFINITY_ENTRY_VALUE } from "../abi/affinity";
import { CONTEXT_AFFINITY, CONTEXT_MODE_STATE, CONTEXT_NOW_MS } from "../abi/context";
import { PACKET_SOURCE } from "../abi/packet";
import {
  LISTENER_AFFINITY_LIST,
  LISTENER_AFFINITY_SECONDS,
  LISTENER_BACKENDS,
  LISTENER_BYTES,
  LISTENER_FIRST,
  PROXY_CURSORS_AT,
  PROXY_LISTENERS_AT,
  PROXY_SLOT_BYTES,
  PROXY_SLOT_MASK,
  PROXY_SLOT_MULTIPLIER,
  PROXY_SLOTS_AT,
} from "../abi/userspace";
import { addClient, findClient, touchClient } from "../affinity/store";
import { FLIGHT_PACKET } from "../packet/flight";

/** No backend: the listener has none. */
export const BACKEND_NONE: u32 = u32.MAX_VALUE;

/** Index of the listener at a port, or -1. */
export function listenerAt(image: usize, head: usize, port: u32, protocol: u32): i32 {
  const slots = image + load<u32>(head, PROXY_SLOTS_AT);
  const mask = load<u32>(head, PROXY_SLOT_MASK);
  const key = port | (protocol << 16);
  let position = (key * PROXY_SLOT_MULTIPLIER) >>> 12;
  while (true) {
    const slot = slots + ((position & mask) as usize) * PROXY_SLOT_BYTES;
    const listener = load<u32>(slot, 4);
    if (listener === 0) return -1;
    if (load<u32>(slot) === key) return (listener - 1) as i32;
    position++;
  }
}

/** Backend index for a new connection of the flight to a listener, or BACKEND_NONE. */
export function chooseBackend<A>(context: usize, image: usize, head: usize, listener: u32): u32 {
  const record = image + load<u32>(head, PROXY_LISTENERS_AT) + (listener as usize) * LISTENER_BYTES;
  const list = load<u32>(record, LISTENER_AFFINITY_LIST);
  if (list === 0) return nextBackend(context, head, record, listener);
  const clients = load<u32>(context, CONTEXT_AFFINITY) as usize;
  const now = load<u32>(context, CONTEXT_NOW_MS);
  const client = load<A>(load<u32>(context, FLIGHT_PACKET) as usize, PACKET_SOURCE);
  const entry = findClient<A>(clients, list - 1, client);
  if (entry !== 0) {
    const age = (now as i64) - (load<u32>(entry, AFFINITY_ENTRY_SEEN_MS) as i64);
    if (age < (load<u32>(record, LISTENER_AFFINITY_SECONDS) as i64) * 1000) {
      touchClient(clients, entry, now);
      return load<u32>(entry, AFFINITY_ENTRY_VALUE);
    }
  }
  const backend = nextBackend(context, head, record, listener);
  if (backend === BACKEND_NONE) return backend;
  const kept = entry === 0 ? addClient<A>(clients, list - 1, client, now) : entry;
  if (kept !== 0) {
    store<u32>(kept, backend, AFFINITY_ENTRY_VALUE);
    touchClient(clients, kept, now);
  }
  return backend;
}

function nextBackend(context: usize, head: usize, record: usize, listener: u32): u32 {
  const backends = load<u32>(record, LISTENER_BACKENDS);
  if (backends === 0) return BACKEND_NONE;
  const cursors = load<u32>(context, CONTEXT_MODE_STATE) + load<u32>(head, PROXY_CURSORS_AT);
  const cursor = (cursors as usize) + ((listener as usize) << 2);
  const index = load<u32>(cursor);
  store<u32>(cursor, index + 1 === backends ? 0 : index + 1);
  return load<u32>(record, LISTENER_FIRST) + index;
}
