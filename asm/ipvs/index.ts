// Mode ipvs: the constant rules of kube-proxy, their ipsets, and the virtual servers behind INPUT and OUTPUT.
import { CONTEXT_IMAGE } from "../abi/context";
import { IMAGE_HEAD_FAMILY } from "../abi/image";
import { HOOK_FORWARD } from "../abi/iptables";
import { prepareFlows } from "../conntrack/flow";
import { isLocal } from "../iptables/address-type";
import { walkHook } from "../iptables/hooks";
import { prepareRules } from "../iptables/prepare";
import { resetCounters } from "../packet/counters";
import { evaluateGroups } from "../packet/groups";
import { STEP_ACCEPT } from "../packet/step";
import { deliver, reply } from "./deliver";
import { prepareIpvs } from "./prepare";
import { touchService } from "./touch";

@unmanaged
class IpvsMode {
  /** IPVS hooks in behind the filter rules of FORWARD, to recognise replies on their way through. */
  walk<A>(hook: u32): u32 {
    const context = changetype<usize>(this);
    const step = walkHook<A>(context, hook);
    if (hook === HOOK_FORWARD) {
      if (step === STEP_ACCEPT) reply<A>(context);
    }
    return step;
  }

  deliver<A>(_fromOutput: bool): u32 {
    return deliver<A>(changetype<usize>(this));
  }

  isLocal<A>(address: A): bool {
    const context = changetype<usize>(this);
    return isLocal<A>(context, load<u32>(context, CONTEXT_IMAGE), address);
  }

  touch<A>(packet: usize): u32 {
    return touchService<A>(changetype<usize>(this), packet);
  }
}

/** Prepare the private regions of a context. */
export function init(context: usize): void {
  resetCounters(context);
  prepareFlows(context);
  prepareRules(context);
  prepareIpvs(context);
}

/** One batch of `count` packet records into as many result records. */
export function evaluate(context: usize, packets: usize, results: usize, count: u32): void {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  if (load<u32>(image, IMAGE_HEAD_FAMILY) === 6)
    evaluateGroups<v128, IpvsMode>(context, packets, results, count);
  else evaluateGroups<u32, IpvsMode>(context, packets, results, count);
}
