// Targets that do something and are not a jump or a verdict. Source: net/netfilter/xt_*.c, nf_nat_*.c.
import { COUNTER_DNAT_TARGETS, COUNTER_MARK_SETS, COUNTER_MASQUERADE_TARGETS } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import {
  HOOK_OUTPUT,
  IPTABLES_REGION_NODE,
  RULE_OPERAND,
  RULE_OPERAND_2,
  TARGET_DNAT,
  TARGET_DNAT_TO,
  TARGET_MARK,
  TARGET_MASQUERADE,
  TARGET_REDIRECT,
  TARGET_SNAT,
  TRANSLATION_FIRST_PORT,
  TRANSLATION_HAS_ADDRESS,
  TRANSLATION_LAST_PORT,
} from "../abi/iptables";
import { masquerade, translateDestination, translateSource } from "../conntrack/nat";
import { count } from "../packet/counters";
import { FLIGHT_DESTINATION, FLIGHT_MARK } from "../packet/flight";

/**
 * Run a target. `control` is the rule's control part.
 * @returns whether the walk of this table ends: a translation accepts
 */
export function runTarget<A>(context: usize, image: usize, control: usize, target: u32, hook: u32): bool {
  const operand = load<u32>(control, RULE_OPERAND);
  switch (target) {
    case TARGET_MARK: {
      count(context, COUNTER_MARK_SETS);
      const mark = (load<u32>(context, FLIGHT_MARK) & ~load<u32>(control, RULE_OPERAND_2)) ^ operand;
      store<u32>(context, mark, FLIGHT_MARK);
      return false;
    }
    case TARGET_DNAT_TO:
      count(context, COUNTER_DNAT_TARGETS);
      if (sizeof<A>() === 4)
        translateDestination<A>(context, operand as A, load<u32>(control, RULE_OPERAND_2));
      return true;
    case TARGET_DNAT:
      count(context, COUNTER_DNAT_TARGETS);
      destinationNat<A>(context, image + operand);
      return true;
    case TARGET_REDIRECT:
      count(context, COUNTER_DNAT_TARGETS);
      translateDestination<A>(context, redirectTo<A>(context, image, hook), operand & 0xffff);
      return true;
    case TARGET_SNAT:
      count(context, COUNTER_MASQUERADE_TARGETS);
      sourceNat<A>(context, image + operand);
      return true;
    case TARGET_MASQUERADE:
      count(context, COUNTER_MASQUERADE_TARGETS);
      masquerade(context, operand & 0xffff, operand >>> 16);
      return true;
    default:
      // NOTRACK: conntrack came first.
      return false;
  }
}

function destinationNat<A>(context: usize, to: usize): void {
  const port = load<u16>(to, TRANSLATION_FIRST_PORT);
  if (load<u32>(to, TRANSLATION_HAS_ADDRESS)) translateDestination<A>(context, load<A>(to), port);
  else translateDestination<A>(context, load<A>(context, FLIGHT_DESTINATION), port);
}

function sourceNat<A>(context: usize, to: usize): void {
  const first = load<u16>(to, TRANSLATION_FIRST_PORT);
  const last = load<u16>(to, TRANSLATION_LAST_PORT);
  if (load<u32>(to, TRANSLATION_HAS_ADDRESS)) translateSource<A>(context, load<A>(to), first, last);
  else masquerade(context, first, last);
}

/** REDIRECT: the loopback address for the node's own packets, else the first address of the node. */
function redirectTo<A>(context: usize, image: usize, hook: u32): A {
  if (hook === HOOK_OUTPUT) return loopback<A>();
  const node = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_NODE * IMAGE_REGION_STRIDE);
  return load<u32>(node, 16) === 0 ? load<A>(context, FLIGHT_DESTINATION) : load<A>(node);
}

function loopback<A>(): A {
  if (sizeof<A>() === 16) return i32x4(0, 0, 0, 1) as A;
  return 0x7f000001 as A;
}
