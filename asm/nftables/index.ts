// Mode nftables: kube-proxy's table, dispatch by maps.
import { CONTEXT_IMAGE } from "../abi/context";
import { IMAGE_HEAD_FAMILY } from "../abi/image";
import { HOOK_OUTPUT, HOOK_PREROUTING } from "../abi/iptables";
import { prepareFlows } from "../conntrack/flow";
import { isLocal } from "../iptables/address-type";
import { resetCounters } from "../packet/counters";
import { FLIGHT_BIT_DESTINATION_PENDING, FLIGHT_BIT_SOURCE_PENDING } from "../packet/flight";
import { evaluateGroups } from "../packet/groups";
import { STEP_ACCEPT } from "../packet/step";
import { prepareClients } from "./clients";
import { touchService } from "./touch";
import { walkHook } from "./walk";

@unmanaged
class NftablesMode {
  walk<A>(hook: u32): u32 {
    const destination = hook === HOOK_PREROUTING || hook === HOOK_OUTPUT;
    const pending = destination ? FLIGHT_BIT_DESTINATION_PENDING : FLIGHT_BIT_SOURCE_PENDING;
    return walkHook<A>(changetype<usize>(this), hook, pending);
  }

  /** Behind INPUT stands a process of the node. */
  deliver<A>(_fromOutput: bool): u32 {
    return STEP_ACCEPT;
  }

  isLocal<A>(address: A): bool {
    const context = changetype<usize>(this);
    return isLocal<A>(context, load<u32>(context, CONTEXT_IMAGE), address);
  }

  touch<A>(packet: usize): u32 {
    return touchService<A>(load<u32>(changetype<usize>(this), CONTEXT_IMAGE), packet);
  }
}

/** Prepare the private regions of a context. */
export function init(context: usize): void {
  resetCounters(context);
  prepareFlows(context);
  prepareClients(context);
}

/** One batch of `count` packet records into as many result records. */
export function evaluate(context: usize, packets: usize, results: usize, count: u32): void {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  if (load<u32>(image, IMAGE_HEAD_FAMILY) === 6)
    evaluateGroups<v128, NftablesMode>(context, packets, results, count);
  else evaluateGroups<u32, NftablesMode>(context, packets, results, count);
}
