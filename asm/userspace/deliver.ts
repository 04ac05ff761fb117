// The proxy behind INPUT: takes a connection, opens its own, copies every payload byte into its memory and out again.
// Counts and costs: abi/userspace. Twin: src/netfilter/tracer/userspace-stage.ts.
import { CONNTRACK_STATE_MODE } from "../abi/conntrack";
import {
  CONTEXT_IMAGE,
  CONTEXT_MODE_STATE,
  COUNTER_BYTES_COPIED,
  COUNTER_CONTEXT_SWITCHES,
  COUNTER_SYSCALLS,
  DROP_REASON_NO_ENDPOINT,
} from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { IPTABLES_REGION_LISTENERS } from "../abi/iptables";
import { PROTOCOL_TCP } from "../abi/packet";
import {
  BACKEND_BYTES_V4,
  BACKEND_BYTES_V6,
  BACKEND_PORT_V4,
  BACKEND_PORT_V6,
  PROXY_BACKENDS_AT,
  PROXY_BUFFER_BYTES,
  PROXY_BUFFERS_AT,
  PROXY_COPY_SWITCHES,
  PROXY_COPY_SYSCALLS,
  PROXY_TCP_OPEN_SWITCHES,
  PROXY_TCP_OPEN_SYSCALLS,
  PROXY_UDP_OPEN_SYSCALLS,
} from "../abi/userspace";
import { stateOffset } from "../conntrack/table";
import { storeAddress } from "../packet/address";
import { countMany } from "../packet/counters";
import {
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_ENTRY,
  FLIGHT_PAYLOAD_BYTES,
  FLIGHT_PROTOCOL,
  setReason,
} from "../packet/flight";
import { STEP_ACCEPT, STEP_PROXIED, STEP_REJECT } from "../packet/step";
import { BACKEND_NONE, chooseBackend, listenerAt } from "./listener";

/** STEP_ACCEPT for a port that is not the proxy's, STEP_PROXIED with the backend as destination, or STEP_REJECT. */
export function deliver<A>(context: usize): u32 {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const head = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_LISTENERS * IMAGE_REGION_STRIDE);
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  if (entry === 0) return STEP_ACCEPT;
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  const listener = listenerAt(image, head, load<u16>(context, FLIGHT_DESTINATION_PORT), protocol);
  if (listener < 0) return STEP_ACCEPT;
  // The flow's own word holds its backend + 1, for as long as conntrack knows the flow.
  const kept = entry + stateOffset<A>() + CONNTRACK_STATE_MODE;
  let backend = load<u32>(kept) - 1;
  if (backend === BACKEND_NONE) {
    backend = chooseBackend<A>(context, image, head, listener as u32);
    if (backend === BACKEND_NONE) {
      setReason(context, DROP_REASON_NO_ENDPOINT);
      return STEP_REJECT;
    }
    store<u32>(kept, backend + 1);
    countOpen(context, protocol);
  }
  copyPayload(context, head, protocol);
  connectTo<A>(context, image + load<u32>(head, PROXY_BACKENDS_AT), backend);
  return STEP_PROXIED;
}

function countOpen(context: usize, protocol: u32): void {
  if (protocol === PROTOCOL_TCP) {
    countMany(context, COUNTER_SYSCALLS, PROXY_TCP_OPEN_SYSCALLS);
    countMany(context, COUNTER_CONTEXT_SWITCHES, PROXY_TCP_OPEN_SWITCHES);
  } else {
    countMany(context, COUNTER_SYSCALLS, PROXY_UDP_OPEN_SYSCALLS);
  }
}

/** From the wire into the proxy's buffer, and from there to the wire again. */
function copyPayload(context: usize, head: usize, protocol: u32): void {
  const payload = load<u32>(context, FLIGHT_PAYLOAD_BYTES);
  if (payload === 0) {
    if (protocol === PROTOCOL_TCP) return;
  }
  countMany(context, COUNTER_SYSCALLS, PROXY_COPY_SYSCALLS);
  countMany(context, COUNTER_CONTEXT_SWITCHES, PROXY_COPY_SWITCHES);
  countMany(context, COUNTER_BYTES_COPIED, (payload as u64) * 2);
  const arrived = (load<u32>(context, CONTEXT_MODE_STATE) + load<u32>(head, PROXY_BUFFERS_AT)) as usize;
  const own = arrived + PROXY_BUFFER_BYTES;
  const leaving = own + PROXY_BUFFER_BYTES;
  for (let left = payload as usize; left > 0; ) {
    const chunk = min<usize>(left, PROXY_BUFFER_BYTES);
    memory.copy(own, arrived, chunk);
    memory.copy(leaving, own, chunk);
    left -= chunk;
  }
}

function connectTo<A>(context: usize, backends: usize, backend: u32): void {
  if (sizeof<A>() === 16) {
    const record = backends + (backend as usize) * BACKEND_BYTES_V6;
    storeAddress<A>(context + FLIGHT_DESTINATION, load<A>(record));
    store<u16>(context, load<u32>(record, BACKEND_PORT_V6) as u16, FLIGHT_DESTINATION_PORT);
  } else {
    const record = backends + (backend as usize) * BACKEND_BYTES_V4;
    storeAddress<A>(context + FLIGHT_DESTINATION, load<A>(record));
    store<u16>(context, load<u32>(record, BACKEND_PORT_V4) as u16, FLIGHT_DESTINATION_PORT);
  }
}
