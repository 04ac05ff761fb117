// Targets that do something and are not a jump or a verdict. Source: net/netfilter/xt_*.c, nf_nat_*.c.
import { COUNTER_DNAT_TARGETS, COUNTER_MARK_SETS, COUNTER_MASQUERADE_TARGETS } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import {
  IPTABLES_REGION_NODE,
  RULE_OPERAND,
  RULE_OPERAND_2,
  TARGET_DNAT,
  TARGET_DNAT_TO,
  TARGET_MARK,
  TARGET_MASQUERADE,
  TARGET_NOTRACK,
  TARGET_REDIRECT,
  TRANSLATION_FIRST,
  TRANSLATION_FIRST_PORT,
  TRANSLATION_HAS_ADDRESS,
  TRANSLATION_LAST_PORT,
} from "../abi/iptables";
import { translateDestination, translateSource } from "../conntrack/nat";
import { count } from "../packet/counters";
import { FLIGHT_DESTINATION, FLIGHT_MARK, FLIGHT_SOURCE } from "../packet/flight";

/**
 * Run a target. `control` is the rule's control part.
 * @returns whether the walk of this table ends (a translation accepts)
 */
export function runTarget<A>(context: usize, image: usize, control: usize, target: u32): bool {
  const operand = load<u32>(control, RULE_OPERAND);
  if (target === TARGET_MARK) {
    count(context, COUNTER_MARK_SETS);
    const mark = (load<u32>(context, FLIGHT_MARK) & ~load<u32>(control, RULE_OPERAND_2)) ^ operand;
    store<u32>(context, mark, FLIGHT_MARK);
    return false;
  }
  if (target === TARGET_DNAT_TO) {
    count(context, COUNTER_DNAT_TARGETS);
    if (sizeof<A>() === 4) translateDestination<A>(context, operand as A, load<u32>(control, RULE_OPERAND_2));
    return true;
  }
  if (target === TARGET_DNAT) {
    count(context, COUNTER_DNAT_TARGETS);
    const to = image + operand;
    const address = load<u32>(to, TRANSLATION_HAS_ADDRESS)
      ? load<A>(to, TRANSLATION_FIRST)
      : load<A>(context, FLIGHT_DESTINATION);
    translateDestination<A>(context, address, load<u16>(to, TRANSLATION_FIRST_PORT));
    return true;
  }
  if (target === TARGET_MASQUERADE) {
    count(context, COUNTER_MASQUERADE_TARGETS);
    const node = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_NODE * IMAGE_REGION_STRIDE);
    translateSource<A>(context, load<A>(node), 0, 0);
    return true;
  }
  return false;
}
