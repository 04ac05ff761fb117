// The way of a packet through the node, the same for every mode; what runs at a hook and what stands behind INPUT is
// the mode's. Twin: src/netfilter/tracer/passage.ts.
//
//   from outside: conntrack -> PREROUTING -> route -+-> FORWARD ----------------------> POSTROUTING -> confirm
//                                                   +-> INPUT -> [local stage] -+-> local process
//                                                                               +-> OUTPUT -> POSTROUTING -> confirm
//   from the node: conntrack -> OUTPUT -> [local stage] -> POSTROUTING -> (PREROUTING, INPUT if it is local)
//
// M is an unmanaged class of the mode (its `this` is the context) with
//   walk<A>(hook: u32): u32                  STEP_ACCEPT, STEP_DROP, STEP_REJECT
//   deliver<A>(fromOutput: bool): u32        any STEP_; with fromOutput STEP_ACCEPT means "nothing to do"
//   isLocal<A>(address: A): bool
import { CONTEXT_COUNTERS, COUNTER_RULES_EVALUATED } from "../abi/context";
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT, HOOK_POSTROUTING, HOOK_PREROUTING } from "../abi/iptables";
import {
  PACKET_DESTINATION,
  PACKET_DESTINATION_PORT,
  PACKET_FLAG_FROM_NODE,
  PACKET_SOURCE,
  PACKET_SOURCE_PORT,
  PACKET_STRIDE,
  RESULT_FLAG_ESTABLISHED,
  RESULT_FLAG_MASQUERADE,
  RESULT_FLAG_REPLY,
  RESULT_FLAGS,
  RESULT_REASON,
  RESULT_RULES_EVALUATED,
  RESULT_SOURCE,
  RESULT_SOURCE_PORT,
  RESULT_STRIDE,
  RESULT_TARGET,
  RESULT_TARGET_PORT,
  RESULT_VERDICT,
  VERDICT_ACCEPT,
  VERDICT_DNAT,
  VERDICT_DROP,
  VERDICT_REJECT,
} from "../abi/packet";
import { confirm, isDraft, track } from "../conntrack/flow";
import { setUpDestination, setUpSource, settleSource } from "../conntrack/nat";
import { applyDestination, applySource } from "../conntrack/translate";
import { countDrop } from "./counters";
import {
  FLIGHT_BIT_DESTINATION_PENDING,
  FLIGHT_BIT_KNOWN,
  FLIGHT_BIT_MASQUERADED,
  FLIGHT_BIT_SOURCE_PENDING,
  FLIGHT_CT_BITS,
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_DIRECTION,
  FLIGHT_ENTRY,
  FLIGHT_FLAGS,
  FLIGHT_REASON,
  FLIGHT_RULES_AT_START,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  clearBits,
  hasBit,
  take,
} from "./flight";
import { STEP_ACCEPT, STEP_DROP, STEP_FORWARDED, STEP_REJECT } from "./step";
import { sameAddress } from "./address";

/** One batch: packet records in, result records out. */
export function evaluateBatch<A, M>(context: usize, packets: usize, results: usize, count: u32): void {
  const end = packets + (count as usize) * PACKET_STRIDE;
  while (packets < end) {
    take(context, packets);
    const step = travel<A, M>(context);
    writeResult<A>(context, packets, results, step);
    packets += PACKET_STRIDE;
    results += RESULT_STRIDE;
  }
}

function travel<A, M>(context: usize): u32 {
  if (!track<A>(context)) return STEP_DROP;
  applyDestination<A>(context);
  if (load<u8>(context, FLIGHT_FLAGS) & PACKET_FLAG_FROM_NODE) return fromNode<A, M>(context);
  const mode = changetype<M>(context);
  let step = walkHook<A, M>(context, HOOK_PREROUTING);
  if (step !== STEP_ACCEPT) return step;
  if (!mode.isLocal<A>(load<A>(context, FLIGHT_DESTINATION))) {
    step = walkHook<A, M>(context, HOOK_FORWARD);
    if (step !== STEP_ACCEPT) return step;
    return leave<A, M>(context);
  }
  step = walkHook<A, M>(context, HOOK_INPUT);
  if (step !== STEP_ACCEPT) return step;
  step = mode.deliver<A>(false);
  if (step === STEP_DROP || step === STEP_REJECT) return step;
  if (step === STEP_FORWARDED) {
    // A server on the node itself: the packet goes up, past OUTPUT and POSTROUTING.
    if (mode.isLocal<A>(load<A>(context, FLIGHT_DESTINATION))) return finish<A>(context);
    return sendOn<A, M>(context);
  }
  return finish<A>(context);
}

/**
 * What IPVS sends on passes OUTPUT anew. Conntrack tracks a packet there that fitted no flow: with the server as its
 * destination it may belong to another, or begin one.
 */
function sendOn<A, M>(context: usize): u32 {
  if (load<u32>(context, FLIGHT_ENTRY) === 0) {
    if (!track<A>(context)) return STEP_DROP;
    applyDestination<A>(context);
  }
  const step = walkHook<A, M>(context, HOOK_OUTPUT);
  if (step !== STEP_ACCEPT) return step;
  return leave<A, M>(context);
}

function fromNode<A, M>(context: usize): u32 {
  const mode = changetype<M>(context);
  let step = walkHook<A, M>(context, HOOK_OUTPUT);
  if (step !== STEP_ACCEPT) return step;
  step = mode.deliver<A>(true);
  if (step === STEP_DROP || step === STEP_REJECT) return step;
  if (step === STEP_FORWARDED) {
    if (load<u32>(context, FLIGHT_ENTRY) === 0) {
      if (!mode.isLocal<A>(load<A>(context, FLIGHT_DESTINATION))) return sendOn<A, M>(context);
    }
  }
  step = leave<A, M>(context);
  if (step !== STEP_ACCEPT) return step;
  if (!mode.isLocal<A>(load<A>(context, FLIGHT_DESTINATION))) return step;
  // Over the loopback device it comes in again.
  step = walkHook<A, M>(context, HOOK_PREROUTING);
  if (step !== STEP_ACCEPT) return step;
  step = walkHook<A, M>(context, HOOK_INPUT);
  if (step !== STEP_ACCEPT) return step;
  return mode.deliver<A>(false);
}

/** Run a hook's rules, then set up the translations that they asked for. */
function walkHook<A, M>(context: usize, hook: u32): u32 {
  const before = load<u32>(context, FLIGHT_CT_BITS);
  const source = load<A>(context, FLIGHT_SOURCE);
  const step = changetype<M>(context).walk<A>(hook);
  if (step !== STEP_ACCEPT) return step;
  const settled = before & ~load<u32>(context, FLIGHT_CT_BITS);
  if (settled & FLIGHT_BIT_DESTINATION_PENDING) setUpDestination<A>(context);
  // Rules decide about the destination once: at the first of these hooks.
  if (hook === HOOK_PREROUTING || hook === HOOK_OUTPUT) clearBits(context, FLIGHT_BIT_DESTINATION_PENDING);
  if (settled & FLIGHT_BIT_SOURCE_PENDING) {
    if (!setUpSource<A>(context, source)) return STEP_DROP;
  }
  return STEP_ACCEPT;
}

function leave<A, M>(context: usize): u32 {
  const step = walkHook<A, M>(context, HOOK_POSTROUTING);
  if (step !== STEP_ACCEPT) return step;
  return finish<A>(context);
}

/** Behind POSTROUTING and INPUT alike: translation of the source, and the flow becomes findable. */
function finish<A>(context: usize): u32 {
  if (hasBit(context, FLIGHT_BIT_KNOWN)) {
    applySource<A>(context);
    return STEP_ACCEPT;
  }
  return settle<A>(context);
}

/** Enter a new flow into the table; nothing to do for a known flow or an INVALID packet. */
function settle<A>(context: usize): u32 {
  if (!isDraft(context)) return STEP_ACCEPT;
  if (!settleSource<A>(context)) return STEP_DROP;
  return confirm<A>(context) ? STEP_ACCEPT : STEP_DROP;
}

function writeResult<A>(context: usize, packet: usize, result: usize, step: u32): void {
  const stopped = step === STEP_DROP || step === STEP_REJECT;
  const translated = isTranslated<A>(
    context,
    packet,
    FLIGHT_DESTINATION,
    FLIGHT_DESTINATION_PORT,
    PACKET_DESTINATION,
    PACKET_DESTINATION_PORT,
  );
  const masqueraded =
    hasBit(context, FLIGHT_BIT_MASQUERADED) ||
    isTranslated<A>(context, packet, FLIGHT_SOURCE, FLIGHT_SOURCE_PORT, PACKET_SOURCE, PACKET_SOURCE_PORT);
  let verdict: u32 = translated ? VERDICT_DNAT : VERDICT_ACCEPT;
  let reason: u32 = 0;
  if (stopped) {
    verdict = step === STEP_DROP ? VERDICT_DROP : VERDICT_REJECT;
    reason = load<u32>(context, FLIGHT_REASON);
    countDrop(context, reason);
  }
  let flags: u32 = !stopped && masqueraded ? RESULT_FLAG_MASQUERADE : 0;
  if (hasBit(context, FLIGHT_BIT_KNOWN)) flags |= RESULT_FLAG_ESTABLISHED;
  if (load<u32>(context, FLIGHT_DIRECTION) !== 0) flags |= RESULT_FLAG_REPLY;
  store<u8>(result, verdict as u8, RESULT_VERDICT);
  store<u8>(result, reason as u8, RESULT_REASON);
  store<u16>(result, flags as u16, RESULT_FLAGS);
  const rules = load<u64>(context, CONTEXT_COUNTERS + COUNTER_RULES_EVALUATED * 8);
  store<u32>(result, (rules - load<u64>(context, FLIGHT_RULES_AT_START)) as u32, RESULT_RULES_EVALUATED);
  store<v128>(result, load<v128>(context, FLIGHT_DESTINATION), RESULT_TARGET);
  store<u32>(result, load<u16>(context, FLIGHT_DESTINATION_PORT), RESULT_TARGET_PORT);
  store<v128>(result, load<v128>(context, FLIGHT_SOURCE), RESULT_SOURCE);
  store<u32>(result, load<u16>(context, FLIGHT_SOURCE_PORT), RESULT_SOURCE_PORT);
}

function isTranslated<A>(
  context: usize,
  packet: usize,
  address: usize,
  port: usize,
  packetAddress: usize,
  packetPort: usize,
): bool {
  if (load<u16>(context + port) !== load<u16>(packet + packetPort)) return true;
  return !sameAddress<A>(load<A>(context + address), load<A>(packet + packetAddress));
}
