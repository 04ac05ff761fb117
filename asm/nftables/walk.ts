// The statement walk: base chains of a hook in priority order, rule by rule, as nft_do_chain runs them.
// What is counted when is written down with the slow twin, src/netfilter/nftables/walker.ts.
// Cost: one dispatch per statement; a lookup costs one slot line whatever the size of its table.
// Source: net/netfilter/nf_tables_core.c.
import {
  CONTEXT_IMAGE,
  CONTEXT_SCRATCH,
  COUNTER_CHAIN_JUMPS,
  COUNTER_RULES_EVALUATED,
  DROP_REASON_CHAIN_TOO_DEEP,
  DROP_REASON_RULE,
} from "../abi/context";
import {
  NFT_FLAG_FIRST,
  NFT_HOOK_BYTES,
  NFT_HOOK_CHAIN_BYTES,
  NFT_HOOK_FIRST_CHAIN,
  NFT_JUMPS_MAX,
  NFT_OP_END,
  NFT_REGION_CHAINS,
  NFT_REGION_HOOKS,
  NFT_STATEMENT_BYTES,
  NFT_STATEMENT_C,
  NFT_VERDICT_ACCEPT,
  NFT_VERDICT_CHAIN_MASK,
  NFT_VERDICT_DROP,
  NFT_VERDICT_GOTO,
  NFT_VERDICT_JUMP,
  NFT_VERDICT_REJECT,
  NFT_VERDICT_RETURN,
  NFT_VERDICT_SHIFT,
} from "../abi/nftables";
import { count, countMany } from "../packet/counters";
import { hasBit, setReason } from "../packet/flight";
import { STEP_ACCEPT, STEP_DROP, STEP_REJECT } from "../packet/step";
import { regionOf } from "./region";
import { OUTCOME_BREAK, OUTCOME_NEXT, runStatement } from "./statement";

/**
 * Run a hook: STEP_ACCEPT, STEP_DROP or STEP_REJECT (the reason is in the flight).
 * @param hook HOOK_ number
 * @param pending FLIGHT_BIT_ that must be set for chains of type nat to run
 */
export function walkHook<A>(context: usize, hook: u32, pending: u32): u32 {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const record = regionOf(image, NFT_REGION_HOOKS) + (hook as usize) * NFT_HOOK_BYTES;
  const end = record + NFT_HOOK_FIRST_CHAIN + (load<u32>(record) as usize) * NFT_HOOK_CHAIN_BYTES;
  for (let chain = record + NFT_HOOK_FIRST_CHAIN; chain < end; chain += NFT_HOOK_CHAIN_BYTES) {
    if (load<u32>(chain, 4) !== 0) {
      if (!hasBit(context, pending)) continue;
    }
    const step = walkChain<A>(context, image, load<u32>(chain));
    if (step !== STEP_ACCEPT) return step;
  }
  return STEP_ACCEPT;
}

function walkChain<A>(context: usize, image: usize, chain: u32): u32 {
  const chains = regionOf(image, NFT_REGION_CHAINS);
  const stack = load<u32>(context, CONTEXT_SCRATCH) as usize;
  let top = stack;
  let at = image + load<u32>(chains + ((chain as usize) << 2));
  let rules: u64 = 0;
  let step = STEP_ACCEPT;
  while (true) {
    const head = load<u32>(at);
    if (head & (NFT_FLAG_FIRST << 8)) rules++;
    const outcome = (head & 0xff) === NFT_OP_END ? RETURN : runStatement<A>(context, image, at, head);
    if (outcome === OUTCOME_NEXT) {
      at += NFT_STATEMENT_BYTES + (load<u32>(at, NFT_STATEMENT_C) as usize) * NFT_STATEMENT_BYTES;
      continue;
    }
    if (outcome === OUTCOME_BREAK) {
      at += ((head >>> 16) as usize) * NFT_STATEMENT_BYTES;
      continue;
    }
    const kind = outcome >>> NFT_VERDICT_SHIFT;
    if (kind === NFT_VERDICT_GOTO || kind === NFT_VERDICT_JUMP) {
      count(context, COUNTER_CHAIN_JUMPS);
      if (kind === NFT_VERDICT_JUMP) {
        if (top - stack === NFT_JUMPS_MAX * 4) {
          setReason(context, DROP_REASON_CHAIN_TOO_DEEP);
          step = STEP_DROP;
          break;
        }
        // Where the rule after this one begins.
        store<u32>(top, (at + ((head >>> 16) as usize) * NFT_STATEMENT_BYTES) as u32);
        top += 4;
      }
      at = image + load<u32>(chains + (((outcome & NFT_VERDICT_CHAIN_MASK) as usize) << 2));
    } else if (kind === NFT_VERDICT_RETURN) {
      // The policy of every base chain is accept.
      if (top === stack) break;
      top -= 4;
      at = load<u32>(top) as usize;
    } else {
      step = endOf(context, kind);
      break;
    }
  }
  countMany(context, COUNTER_RULES_EVALUATED, rules);
  return step;
}

const RETURN: u32 = NFT_VERDICT_RETURN << NFT_VERDICT_SHIFT;

/** What a final verdict comes to. A kind of no verdict is a drop whose reason the statement has given. */
function endOf(context: usize, kind: u32): u32 {
  if (kind === NFT_VERDICT_ACCEPT) return STEP_ACCEPT;
  if (kind === NFT_VERDICT_REJECT) {
    setReason(context, DROP_REASON_RULE);
    return STEP_REJECT;
  }
  if (kind === NFT_VERDICT_DROP) setReason(context, DROP_REASON_RULE);
  return STEP_DROP;
}
