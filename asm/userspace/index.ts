// Mode userspace: portal rules that redirect to the proxy's ports, and the proxy behind them.
import { CONTEXT_IMAGE, CONTEXT_MODE_STATE } from "../abi/context";
import { IMAGE_HEAD_FAMILY, IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { IPTABLES_REGION_LISTENERS } from "../abi/iptables";
import { PROXY_CURSORS_AT, PROXY_LISTENERS } from "../abi/userspace";
import { prepareFlows } from "../conntrack/flow";
import { isLocal } from "../iptables/address-type";
import { walkHook } from "../iptables/hooks";
import { prepareRules } from "../iptables/prepare";
import { resetCounters } from "../packet/counters";
import { evaluateBatch } from "../packet/path";
import { STEP_ACCEPT } from "../packet/step";
import { deliver } from "./deliver";

@unmanaged
class UserspaceMode {
  walk<A>(hook: u32): u32 {
    return walkHook<A>(changetype<usize>(this), hook);
  }

  /** The proxy listens behind INPUT only. */
  deliver<A>(fromOutput: bool): u32 {
    if (fromOutput) return STEP_ACCEPT;
    return deliver<A>(changetype<usize>(this));
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
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const head = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_LISTENERS * IMAGE_REGION_STRIDE);
  const cursors = load<u32>(context, CONTEXT_MODE_STATE) + load<u32>(head, PROXY_CURSORS_AT);
  memory.fill(cursors, 0, (load<u32>(head, PROXY_LISTENERS) as usize) << 2);
}

/** One batch of `count` packet records into as many result records. */
export function evaluate(context: usize, packets: usize, results: usize, count: u32): void {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  if (load<u32>(image, IMAGE_HEAD_FAMILY) === 6)
    evaluateBatch<v128, UserspaceMode>(context, packets, results, count);
  else evaluateBatch<u32, UserspaceMode>(context, packets, results, count);
}
