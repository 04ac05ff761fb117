// The linear walk: a chain's rules in order, header by header, as ip_tables.c does it; no classifier.
// Why this shape: the scan for the next header that fits is the hot loop (thousands of turns per first packet), so it
// holds nothing but loads, compares and branches: eight rules a turn, nested ifs, and counts taken from pointers
// afterwards. Everything else happens once per fitting header.
// Cost: rules evaluated x one compare of 16 bytes (IPv4). Source: net/ipv4/netfilter/ip_tables.c, ipt_do_table.
import {
  CONTEXT_IMAGE,
  CONTEXT_SCRATCH,
  COUNTER_CHAIN_JUMPS,
  COUNTER_HEADER_MISSES,
  COUNTER_RULES_EVALUATED,
  DROP_REASON_CHAIN_TOO_DEEP,
  DROP_REASON_RULE,
  SCRATCH_BYTES,
} from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import {
  CHAIN_BYTES,
  CHAIN_COUNT,
  CHAIN_POLICY,
  CHAIN_RULES_AT,
  IPTABLES_REGION_CHAINS,
  POLICY_DROP,
  RULE_BIT_HEADER,
  RULE_BITS,
  RULE_BYTES_V4,
  RULE_BYTES_V6,
  RULE_CONTROL_V4,
  RULE_CONTROL_V6,
  RULE_MATCHES_AT,
  RULE_OPERAND,
  RULE_PROTOCOL,
  RULE_TARGET,
  RULE_V4_MASKS,
  RULE_V6_DESTINATION,
  RULE_V6_DESTINATION_MASK,
  RULE_V6_SOURCE_MASK,
  TARGET_ACCEPT,
  TARGET_DROP,
  TARGET_GOTO,
  TARGET_JUMP,
  TARGET_NONE,
  TARGET_REJECT,
  TARGET_RETURN,
} from "../abi/iptables";
import { inNetwork } from "../packet/address";
import { count, countMany } from "../packet/counters";
import { FLIGHT_DESTINATION, FLIGHT_PROTOCOL, FLIGHT_SOURCE, setReason } from "../packet/flight";
import { STEP_ACCEPT, STEP_DROP, STEP_REJECT } from "../packet/step";
import { headerHolds, matchesHold } from "./match";
import { runTarget } from "./target";

// A frame of the chain stack: next rule u32, end of the chain u32, policy u32, pad.
const FRAME_BYTES: usize = 16;
/** Jumps and gotos in one walk of a table; more is a loop, which the kernel would have refused. */
const JUMPS_MAX: u32 = 1 << 16;

/**
 * Walk a base chain to its verdict: STEP_ACCEPT, STEP_DROP or STEP_REJECT (the reason is in the flight).
 * @param chain index of the base chain
 * @param hook HOOK_ number, which REDIRECT asks for
 */
export function walkChain<A>(context: usize, chain: u32, hook: u32): u32 {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const chains = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_CHAINS * IMAGE_REGION_STRIDE);
  const stack = load<u32>(context, CONTEXT_SCRATCH) as usize;
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  const policy = load<u32>(chains + (chain as usize) * CHAIN_BYTES, CHAIN_POLICY);
  let top = stack;
  let jumps: u32 = 0;
  let record = chains + (chain as usize) * CHAIN_BYTES;
  let rule = image + load<u32>(record, CHAIN_RULES_AT);
  let end = rule + (load<u32>(record, CHAIN_COUNT) as usize) * ruleBytes<A>();
  while (true) {
    rule = nextFitting<A>(context, rule, end, protocol);
    let target: u32 = TARGET_RETURN;
    let control = rule;
    if (rule < end) {
      control = rule + controlOffset<A>();
      rule += ruleBytes<A>();
      if (!rulePasses<A>(context, image, control)) continue;
      target = load<u8>(control, RULE_TARGET) as u32;
    }
    if (target === TARGET_RETURN) {
      if (top === stack) return byPolicy(context, policy);
      top -= FRAME_BYTES;
      rule = load<u32>(top) as usize;
      end = load<u32>(top, 4) as usize;
    } else if (target === TARGET_JUMP || target === TARGET_GOTO) {
      count(context, COUNTER_CHAIN_JUMPS);
      jumps++;
      if (jumps > JUMPS_MAX) return drop(context, DROP_REASON_CHAIN_TOO_DEEP);
      if (target === TARGET_JUMP) {
        if (top - stack >= (SCRATCH_BYTES as usize)) return drop(context, DROP_REASON_CHAIN_TOO_DEEP);
        store<u32>(top, rule as u32);
        store<u32>(top, end as u32, 4);
        top += FRAME_BYTES;
      }
      record = chains + (load<u32>(control, RULE_OPERAND) as usize) * CHAIN_BYTES;
      rule = image + load<u32>(record, CHAIN_RULES_AT);
      end = rule + (load<u32>(record, CHAIN_COUNT) as usize) * ruleBytes<A>();
    } else if (target === TARGET_ACCEPT) {
      return STEP_ACCEPT;
    } else if (target === TARGET_DROP) {
      return drop(context, DROP_REASON_RULE);
    } else if (target === TARGET_REJECT) {
      setReason(context, DROP_REASON_RULE);
      return STEP_REJECT;
    } else if (target !== TARGET_NONE) {
      if (runTarget<A>(context, image, control, target, hook)) return STEP_ACCEPT;
    }
  }
}

/** Bytes from one rule to the next. */
function ruleBytes<A>(): usize {
  if (sizeof<A>() === 16) return RULE_BYTES_V6;
  return RULE_BYTES_V4;
}

function controlOffset<A>(): usize {
  if (sizeof<A>() === 16) return RULE_CONTROL_V6;
  return RULE_CONTROL_V4;
}

/** The rest of the header where there is one, then the matches. */
function rulePasses<A>(context: usize, image: usize, control: usize): bool {
  const matchesAt = load<u32>(control, RULE_MATCHES_AT);
  if (matchesAt === 0) return true;
  const matches = image + matchesAt;
  if (load<u8>(control, RULE_BITS) & RULE_BIT_HEADER) {
    if (!headerHolds<A>(context, image, matches)) {
      count(context, COUNTER_HEADER_MISSES);
      return false;
    }
  }
  return matchesHold<A>(context, image, matches);
}

/** The next rule in [rule, end) whose addresses and protocol fit, or `end`. Counts every rule looked at. */
function nextFitting<A>(context: usize, rule: usize, end: usize, protocol: u32): usize {
  const from = rule;
  if (sizeof<A>() === 16) rule = scanV6(context, rule, end, protocol);
  else rule = scanV4(context, rule, end, protocol);
  const misses = ((rule - from) / ruleBytes<A>()) as u64;
  countMany(context, COUNTER_HEADER_MISSES, misses);
  countMany(context, COUNTER_RULES_EVALUATED, misses + (rule < end ? 1 : 0));
  return rule;
}

function scanV4(context: usize, rule: usize, end: usize, protocol: u32): usize {
  const addresses =
    (load<u32>(context, FLIGHT_SOURCE) as u64) | ((load<u32>(context, FLIGHT_DESTINATION) as u64) << 32);
  while (true) {
    rule = nextAddressV4(rule, end, addresses);
    if (rule >= end) return end;
    const wanted = load<u8>(rule, RULE_CONTROL_V4 + RULE_PROTOCOL) as u32;
    if (wanted === 0) return rule;
    if (wanted === protocol) return rule;
    rule += RULE_BYTES_V4;
  }
}

/** The hot loop: eight rules a turn, offsets written out (RULE_V4_MASKS + n x RULE_BYTES_V4). */
function nextAddressV4(rule: usize, end: usize, addresses: u64): usize {
  const whole = end - 7 * RULE_BYTES_V4;
  while (rule < whole) {
    if ((load<u64>(rule, 8) & addresses) === load<u64>(rule)) return rule;
    if ((load<u64>(rule, 40) & addresses) === load<u64>(rule, 32)) return rule + 32;
    if ((load<u64>(rule, 72) & addresses) === load<u64>(rule, 64)) return rule + 64;
    if ((load<u64>(rule, 104) & addresses) === load<u64>(rule, 96)) return rule + 96;
    if ((load<u64>(rule, 136) & addresses) === load<u64>(rule, 128)) return rule + 128;
    if ((load<u64>(rule, 168) & addresses) === load<u64>(rule, 160)) return rule + 160;
    if ((load<u64>(rule, 200) & addresses) === load<u64>(rule, 192)) return rule + 192;
    if ((load<u64>(rule, 232) & addresses) === load<u64>(rule, 224)) return rule + 224;
    rule += 8 * RULE_BYTES_V4;
  }
  while (rule < end) {
    if ((load<u64>(rule, RULE_V4_MASKS) & addresses) === load<u64>(rule)) return rule;
    rule += RULE_BYTES_V4;
  }
  return end;
}

function scanV6(context: usize, rule: usize, end: usize, protocol: u32): usize {
  const source = load<v128>(context, FLIGHT_SOURCE);
  const destination = load<v128>(context, FLIGHT_DESTINATION);
  while (rule < end) {
    if (inNetwork<v128>(source, load<v128>(rule), load<v128>(rule, RULE_V6_SOURCE_MASK))) {
      const network = load<v128>(rule, RULE_V6_DESTINATION);
      if (inNetwork<v128>(destination, network, load<v128>(rule, RULE_V6_DESTINATION_MASK))) {
        const wanted = load<u8>(rule, RULE_CONTROL_V6 + RULE_PROTOCOL) as u32;
        if (wanted === 0) return rule;
        if (wanted === protocol) return rule;
      }
    }
    rule += RULE_BYTES_V6;
  }
  return end;
}

function byPolicy(context: usize, policy: u32): u32 {
  if (policy !== POLICY_DROP) return STEP_ACCEPT;
  return drop(context, DROP_REASON_RULE);
}

function drop(context: usize, reason: u32): u32 {
  setReason(context, reason);
  return STEP_DROP;
}
