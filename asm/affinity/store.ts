// Clients per list, with a hash to find one and a list in order of use to evict one (abi/affinity draws both).
// Why chained buckets: entries come and go one by one, and unlinking leaves no tombstones.
// Cost: find, add, remove, touch O(1) expected.
import {
  AFFINITY_BUCKET_MASK,
  AFFINITY_BUCKETS_AT,
  AFFINITY_COUNT,
  AFFINITY_ENTRIES_AT,
  AFFINITY_ENTRIES_MAX,
  AFFINITY_ENTRY_BYTES,
  AFFINITY_ENTRY_HASH,
  AFFINITY_ENTRY_LIST,
  AFFINITY_ENTRY_NEWER,
  AFFINITY_ENTRY_NEXT,
  AFFINITY_ENTRY_OLDER,
  AFFINITY_ENTRY_SEEN_MS,
  AFFINITY_FREE,
  AFFINITY_FRESH,
  AFFINITY_HEADER_BYTES,
  AFFINITY_LIST_BYTES,
  AFFINITY_LIST_CLIENTS,
  AFFINITY_LIST_NEWEST,
  AFFINITY_LIST_OLDEST,
  AFFINITY_LISTS,
  AFFINITY_LISTS_AT,
  AFFINITY_STAMPS_MAX,
} from "../abi/affinity";
import { foldAddress, sameAddress, storeAddress } from "../packet/address";

/** Lay out and empty a store. `bucketMask` + 1 is a power of two. */
export function prepareStore(
  base: usize,
  lists: u32,
  entriesMax: u32,
  bucketMask: u32,
  stampsMax: u32,
): void {
  const listsAt = AFFINITY_HEADER_BYTES as u32;
  const bucketsAt = listsAt + lists * AFFINITY_LIST_BYTES;
  const entriesAt = (bucketsAt + (bucketMask + 1) * 4 + 15) & ~15;
  memory.fill(base, 0, entriesAt);
  store<u32>(base, entriesMax, AFFINITY_ENTRIES_MAX);
  store<u32>(base, bucketMask, AFFINITY_BUCKET_MASK);
  store<u32>(base, lists, AFFINITY_LISTS);
  store<u32>(base, stampsMax, AFFINITY_STAMPS_MAX);
  store<u32>(base, listsAt, AFFINITY_LISTS_AT);
  store<u32>(base, bucketsAt, AFFINITY_BUCKETS_AT);
  store<u32>(base, entriesAt, AFFINITY_ENTRIES_AT);
}

/** The entry of a client in a list, or 0. */
export function findClient<A>(clients: usize, list: u32, address: A): usize {
  const hash = hashClient<A>(list, address);
  let index = load<u32>(bucketAt(clients, hash));
  while (index !== 0) {
    const entry = entryAt(clients, index);
    if (load<u32>(entry, AFFINITY_ENTRY_LIST) === list) {
      if (sameAddress<A>(load<A>(entry), address)) return entry;
    }
    index = load<u32>(entry, AFFINITY_ENTRY_NEXT);
  }
  return 0;
}

/** Remember a client as the newest of its list. @returns its entry, or 0 when the store is full */
export function addClient<A>(clients: usize, list: u32, address: A, now: u32): usize {
  const index = takeEntry(clients);
  if (index === 0) return 0;
  const entry = entryAt(clients, index);
  const hash = hashClient<A>(list, address);
  memory.fill(entry, 0, AFFINITY_ENTRY_BYTES);
  storeAddress<A>(entry, address);
  store<u32>(entry, list, AFFINITY_ENTRY_LIST);
  store<u32>(entry, hash, AFFINITY_ENTRY_HASH);
  store<u32>(entry, now, AFFINITY_ENTRY_SEEN_MS);
  const bucket = bucketAt(clients, hash);
  store<u32>(entry, load<u32>(bucket), AFFINITY_ENTRY_NEXT);
  store<u32>(bucket, index);
  append(clients, listAt(clients, list), entry, index);
  return entry;
}

/** Forget a client. */
export function removeClient(clients: usize, entry: usize): void {
  const index = indexOf(clients, entry);
  let link = bucketAt(clients, load<u32>(entry, AFFINITY_ENTRY_HASH));
  while (load<u32>(link) !== index) link = entryAt(clients, load<u32>(link)) + AFFINITY_ENTRY_NEXT;
  store<u32>(link, load<u32>(entry, AFFINITY_ENTRY_NEXT));
  unlink(clients, listAt(clients, load<u32>(entry, AFFINITY_ENTRY_LIST)), entry);
  store<u32>(entry, load<u32>(clients, AFFINITY_FREE), AFFINITY_ENTRY_NEXT);
  store<u32>(clients, index, AFFINITY_FREE);
  store<u32>(clients, load<u32>(clients, AFFINITY_COUNT) - 1, AFFINITY_COUNT);
}

/** Make a client the newest of its list. */
export function touchClient(clients: usize, entry: usize, now: u32): void {
  const list = listAt(clients, load<u32>(entry, AFFINITY_ENTRY_LIST));
  store<u32>(entry, now, AFFINITY_ENTRY_SEEN_MS);
  unlink(clients, list, entry);
  append(clients, list, entry, indexOf(clients, entry));
}

/** The least recently used client of a list, or 0. */
export function oldestClient(clients: usize, list: u32): usize {
  const index = load<u32>(listAt(clients, list), AFFINITY_LIST_OLDEST);
  return index === 0 ? 0 : entryAt(clients, index);
}

/** How many clients a list remembers. */
export function clientCount(clients: usize, list: u32): u32 {
  return load<u32>(listAt(clients, list), AFFINITY_LIST_CLIENTS);
}

function entryBytes(clients: usize): usize {
  return (
    (AFFINITY_ENTRY_BYTES + (load<u32>(clients, AFFINITY_STAMPS_MAX) as usize) * 4 + 15) & ~(15 as usize)
  );
}

function entryAt(clients: usize, index: u32): usize {
  return clients + load<u32>(clients, AFFINITY_ENTRIES_AT) + ((index - 1) as usize) * entryBytes(clients);
}

function indexOf(clients: usize, entry: usize): u32 {
  return (((entry - clients - load<u32>(clients, AFFINITY_ENTRIES_AT)) / entryBytes(clients)) as u32) + 1;
}

function bucketAt(clients: usize, hash: u32): usize {
  const bucket = hash & load<u32>(clients, AFFINITY_BUCKET_MASK);
  return clients + load<u32>(clients, AFFINITY_BUCKETS_AT) + ((bucket as usize) << 2);
}

function listAt(clients: usize, list: u32): usize {
  return clients + load<u32>(clients, AFFINITY_LISTS_AT) + (list as usize) * AFFINITY_LIST_BYTES;
}

function takeEntry(clients: usize): u32 {
  const free = load<u32>(clients, AFFINITY_FREE);
  if (free !== 0) {
    store<u32>(clients, load<u32>(entryAt(clients, free), AFFINITY_ENTRY_NEXT), AFFINITY_FREE);
  } else if (load<u32>(clients, AFFINITY_FRESH) === load<u32>(clients, AFFINITY_ENTRIES_MAX)) {
    return 0;
  }
  store<u32>(clients, load<u32>(clients, AFFINITY_COUNT) + 1, AFFINITY_COUNT);
  if (free !== 0) return free;
  const fresh = load<u32>(clients, AFFINITY_FRESH) + 1;
  store<u32>(clients, fresh, AFFINITY_FRESH);
  return fresh;
}

function append(clients: usize, list: usize, entry: usize, index: u32): void {
  const newest = load<u32>(list, AFFINITY_LIST_NEWEST);
  store<u32>(entry, newest, AFFINITY_ENTRY_OLDER);
  store<u32>(entry, 0, AFFINITY_ENTRY_NEWER);
  if (newest === 0) store<u32>(list, index, AFFINITY_LIST_OLDEST);
  else store<u32>(entryAt(clients, newest), index, AFFINITY_ENTRY_NEWER);
  store<u32>(list, index, AFFINITY_LIST_NEWEST);
  store<u32>(list, load<u32>(list, AFFINITY_LIST_CLIENTS) + 1, AFFINITY_LIST_CLIENTS);
}

function unlink(clients: usize, list: usize, entry: usize): void {
  const older = load<u32>(entry, AFFINITY_ENTRY_OLDER);
  const newer = load<u32>(entry, AFFINITY_ENTRY_NEWER);
  if (older === 0) store<u32>(list, newer, AFFINITY_LIST_OLDEST);
  else store<u32>(entryAt(clients, older), newer, AFFINITY_ENTRY_NEWER);
  if (newer === 0) store<u32>(list, older, AFFINITY_LIST_NEWEST);
  else store<u32>(entryAt(clients, newer), older, AFFINITY_ENTRY_OLDER);
  store<u32>(list, load<u32>(list, AFFINITY_LIST_CLIENTS) - 1, AFFINITY_LIST_CLIENTS);
}

function hashClient<A>(list: u32, address: A): u32 {
  let hash = (foldAddress<A>(address) ^ ((list as u64) << 32)) * MULTIPLIER;
  hash = (hash ^ (hash >>> 29)) * MULTIPLIER;
  return (hash >>> 32) as u32;
}

const MULTIPLIER: u64 = ((0x9e3779b9 as u64) << 32) | 0x7f4a7c15;
