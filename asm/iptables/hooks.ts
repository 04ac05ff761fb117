// The tables at a hook, in the kernel's order: raw, mangle, nat, filter; nat only while the translation of its
// direction is not settled. Twin: src/netfilter/tracer/iptables-walker.ts.
import { CONTEXT_IMAGE } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { HOOK_OUTPUT, HOOK_PREROUTING, IPTABLES_REGION_HOOKS, TABLE_COUNT, TABLE_NAT } from "../abi/iptables";
import { FLIGHT_BIT_DESTINATION_PENDING, FLIGHT_BIT_SOURCE_PENDING, hasBit } from "../packet/flight";
import { STEP_ACCEPT } from "../packet/step";
import { walkChain } from "./walk";

/** Run a hook's rules over the flight: STEP_ACCEPT, STEP_DROP or STEP_REJECT. */
export function walkHook<A>(context: usize, hook: u32): u32 {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const hooks = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_HOOKS * IMAGE_REGION_STRIDE);
  for (let table: u32 = 0; table < (TABLE_COUNT as u32); table++) {
    const chain = load<u32>(hooks + ((hook * TABLE_COUNT + table) << 2));
    if (chain === 0) continue;
    if (table === TABLE_NAT) {
      if (!isPending(context, hook)) continue;
    }
    const step = walkChain<A>(context, chain - 1, hook);
    if (step !== STEP_ACCEPT) return step;
  }
  return STEP_ACCEPT;
}

function isPending(context: usize, hook: u32): bool {
  const destination = hook === HOOK_PREROUTING || hook === HOOK_OUTPUT;
  return hasBit(context, destination ? FLIGHT_BIT_DESTINATION_PENDING : FLIGHT_BIT_SOURCE_PENDING);
}
