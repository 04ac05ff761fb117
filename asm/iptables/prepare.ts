// Private regions that rules need: counters of nth matches, lists of recent matches.
import { CONTEXT_AFFINITY, CONTEXT_IMAGE, CONTEXT_MODE_STATE } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { IPTABLES_REGION_PRIVATE } from "../abi/iptables";
import { prepareStore } from "../affinity/store";

/** Read region PRIVATE of the image: how large the affinity store is, and where each nth counter starts. */
export function prepareRules(context: usize): void {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const plan = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_PRIVATE * IMAGE_REGION_STRIDE);
  const clients = load<u32>(context, CONTEXT_AFFINITY) as usize;
  if (clients !== 0) {
    prepareStore(clients, load<u32>(plan), load<u32>(plan, 4), load<u32>(plan, 8), load<u32>(plan, 12));
  }
  const state = load<u32>(context, CONTEXT_MODE_STATE) as usize;
  const counters = load<u32>(plan, 16);
  if (state !== 0) memory.copy(state, plan + 32, (counters as usize) << 2);
}
