// Clients of the dynamic sets (session affinity): which addresses a set holds, and until when. One table for all sets.
//
//   0      4        64             slot (32 bytes): 0 client address (16), 16 set u32, 20 deadline ms u32, 24 used u32, 28 pad
//   +------+--------+--------------+
//   |slot  | pad    | slots        |
//   |mask  |        |              |
//   +------+--------+--------------+
//
// Why one table with a window instead of one per set: half a million sets hold few clients each, and sets come with a
// sync after the region was sized. An element that timed out is as good as an empty slot for writing and, as set numbers
// are never used twice, those of a removed set time out too: nothing is ever deleted.
// Cost: a lookup ends at the first slot never used, WINDOW slots away at most.
import { CONTEXT_AFFINITY, CONTEXT_IMAGE, CONTEXT_NOW_MS } from "../abi/context";
import { IMAGE_HEAD_AFFINITY_BYTES } from "../abi/image";
import { NFT_CLIENTS_HEADER_BYTES, NFT_CLIENTS_SLOT_BYTES } from "../abi/nftables";
import { foldAddress, sameAddress, storeAddress } from "../packet/address";

const CLIENT_SET: usize = 16;
const CLIENT_DEADLINE: usize = 20;
const CLIENT_USED: usize = 24;

/** Slots that may be between a client and its home. At half load a run of this length does not occur in practice. */
const WINDOW: u32 = 64;

/** Empty the region. Its size, a power of two of slots behind the header, is in the image's head. */
export function prepareClients(context: usize): void {
  const region = load<u32>(context, CONTEXT_AFFINITY) as usize;
  if (region === 0) return;
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const bytes = load<u32>(image, IMAGE_HEAD_AFFINITY_BYTES) as usize;
  memory.fill(region, 0, bytes);
  store<u32>(region, ((bytes - NFT_CLIENTS_HEADER_BYTES) / NFT_CLIENTS_SLOT_BYTES - 1) as u32);
}

/** Whether the set holds the client now. An element is gone at its deadline, not after it. */
export function hasClient<A>(context: usize, set: u32, client: A): bool {
  const region = load<u32>(context, CONTEXT_AFFINITY) as usize;
  const mask = load<u32>(region);
  let position = hashClient<A>(set, client) & mask;
  for (let step: u32 = 0; step < WINDOW; step++) {
    const slot = slotAt(region, position);
    if (load<u32>(slot, CLIENT_USED) === 0) return false;
    if (isClient<A>(slot, set, client))
      return load<u32>(context, CONTEXT_NOW_MS) < load<u32>(slot, CLIENT_DEADLINE);
    position = (position + 1) & mask;
  }
  return false;
}

/** Add the client, or start its timeout anew. @returns false when there is no room for it */
export function updateClient<A>(context: usize, set: u32, client: A, timeoutMs: u32): bool {
  const region = load<u32>(context, CONTEXT_AFFINITY) as usize;
  const now = load<u32>(context, CONTEXT_NOW_MS);
  const mask = load<u32>(region);
  let position = hashClient<A>(set, client) & mask;
  let free: usize = 0;
  for (let step: u32 = 0; step < WINDOW; step++) {
    const slot = slotAt(region, position);
    if (load<u32>(slot, CLIENT_USED) === 0) {
      if (free === 0) free = slot;
      break;
    }
    if (isClient<A>(slot, set, client)) {
      store<u32>(slot, now + timeoutMs, CLIENT_DEADLINE);
      return true;
    }
    if (free === 0) {
      if (load<u32>(slot, CLIENT_DEADLINE) <= now) free = slot;
    }
    position = (position + 1) & mask;
  }
  if (free === 0) return false;
  storeAddress<A>(free, client);
  store<u32>(free, set, CLIENT_SET);
  store<u32>(free, now + timeoutMs, CLIENT_DEADLINE);
  store<u32>(free, 1, CLIENT_USED);
  return true;
}

function isClient<A>(slot: usize, set: u32, client: A): bool {
  if (load<u32>(slot, CLIENT_SET) !== set) return false;
  return sameAddress<A>(load<A>(slot), client);
}

function slotAt(region: usize, position: u32): usize {
  return region + NFT_CLIENTS_HEADER_BYTES + (position as usize) * NFT_CLIENTS_SLOT_BYTES;
}

function hashClient<A>(set: u32, client: A): u32 {
  let hash = (foldAddress<A>(client) ^ ((set as u64) << 32)) * MULTIPLIER;
  hash = (hash ^ (hash >>> 29)) * MULTIPLIER;
  return (hash >>> 32) as u32;
}

// Odd with evenly spread bits: the golden ratio.
const MULTIPLIER: u64 = ((0x9e3779b9 as u64) << 32) | 0x7f4a7c15;
