// Mode iptables: kube-proxy's chains, or anyone's iptables-save.
import { CONTEXT_IMAGE } from "../abi/context";
import { IMAGE_HEAD_FAMILY } from "../abi/image";
import { prepareRules } from "./prepare";
import { prepareFlows } from "../conntrack/flow";
import { resetCounters } from "../packet/counters";
import { evaluateBatch } from "../packet/path";
import { STEP_ACCEPT } from "../packet/step";
import { isLocal } from "./address-type";
import { walkHook } from "./hooks";

@unmanaged
class IptablesMode {
  walk<A>(hook: u32): u32 {
    return walkHook<A>(changetype<usize>(this), hook);
  }

  /** Behind INPUT stands a process of the node. */
  deliver<A>(_fromOutput: bool): u32 {
    return STEP_ACCEPT;
  }

  isLocal<A>(address: A): bool {
    const context = changetype<usize>(this);
    return isLocal<A>(context, load<u32>(context, CONTEXT_IMAGE), address);
  }
}

/** Prepare the private regions of a context. */
export function init(context: usize): void {
  resetCounters(context);
  prepareFlows(context);
  prepareRules(context);
}

/** One batch of `count` packet records into as many result records. */
export function evaluate(context: usize, packets: usize, results: usize, count: u32): void {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  if (load<u32>(image, IMAGE_HEAD_FAMILY) === 6)
    evaluateBatch<v128, IptablesMode>(context, packets, results, count);
  else evaluateBatch<u32, IptablesMode>(context, packets, results, count);
}
