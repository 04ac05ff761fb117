// The tables of the hashing schedulers: bucket -> real server, filled when the servers of a service change.
//   dh   256 buckets, servers in turn, weights ignored
//   sh   256 buckets, servers in turn, each repeated as often as its weight says
//   mh   4093 buckets, Maglev: every server walks its own permutation and takes the next free bucket when it is its
//        turn; a weight is the number of turns. Removing one server of n moves few of the others' buckets.
// Cost: 256 steps; Maglev about 4093 x ln(servers). Servers are positions in list order (newest first, schedulers.ts).
// Source: Linux ip_vs_dh.c, ip_vs_sh.c (ip_vs_sh_reassign), ip_vs_mh.c (ip_vs_mh_populate); Eisenbud et al., NSDI 2016, 3.4.
import { ipWords } from "../../base/ip.js";
import { MAGLEV_BUCKETS, SOURCE_HASH_BUCKETS, maglevOffset, maglevSkip } from "./hash.js";
import type { IpvsScheduler, RealServer } from "./model.js";

/** An empty bucket: the service has no server to put there. */
export const NO_SERVER = -1;
/** IP_VS_MH_TAB_BITS: half of the table index 12. */
const MAGLEV_WEIGHT_BITS = 6;

/** The table that `scheduler` looks its server up in, or null when it has none. @param servers in list order */
export function schedulerTable(scheduler: IpvsScheduler, servers: readonly RealServer[]): Int32Array | null {
  switch (scheduler) {
    case "dh":
      return turnsTable(servers, () => 1);
    case "sh":
      return turnsTable(servers, (server) => Math.max(1, server.weight));
    case "mh":
      return maglevTable(servers);
    default:
      return null;
  }
}

function turnsTable(servers: readonly RealServer[], turnsOf: (server: RealServer) => number): Int32Array {
  const table = new Int32Array(SOURCE_HASH_BUCKETS).fill(NO_SERVER);
  if (servers.length === 0) return table;
  let position = 0;
  let turns = 0;
  for (let bucket = 0; bucket < table.length; bucket++) {
    table[bucket] = position;
    if (++turns < turnsOf(servers[position] as RealServer)) continue;
    position = (position + 1) % servers.length;
    turns = 0;
  }
  return table;
}

function maglevTable(servers: readonly RealServer[]): Int32Array {
  const table = new Int32Array(MAGLEV_BUCKETS).fill(NO_SERVER);
  const walkers = maglevWalkers(servers);
  if (walkers.length === 0) return table;
  for (let filled = 0; ; ) {
    for (const walker of walkers) {
      for (let turn = 0; turn < walker.turns; turn++) {
        while (table[walker.bucket] !== NO_SERVER)
          walker.bucket = (walker.bucket + walker.skip) % MAGLEV_BUCKETS;
        table[walker.bucket] = walker.position;
        if (++filled === MAGLEV_BUCKETS) return table;
      }
    }
  }
}

interface MaglevWalker {
  readonly position: number;
  readonly skip: number;
  readonly turns: number;
  bucket: number;
}

function maglevWalkers(servers: readonly RealServer[]): MaglevWalker[] {
  const weights = servers.map((server) => server.weight);
  const divisor = greatestCommonDivisor(weights);
  // Weights too large for the table are shifted down until the largest fits, as ip_vs_mh_shift_weight does.
  const bits = 32 - Math.clz32(Math.floor(Math.max(0, ...weights) / divisor));
  const shift = Math.max(0, bits - MAGLEV_WEIGHT_BITS);
  return servers.flatMap((server, position) => {
    if (server.weight <= 0) return [];
    const words = ipWords(server.ip);
    const turns = Math.floor(server.weight / divisor) >>> shift || 1;
    const skip = maglevSkip(words, server.port);
    return [{ position, skip, turns, bucket: maglevOffset(words, server.port) }];
  });
}

/** Levels of wrr: a round is played by the servers whose weight reaches the level. */
export interface WeightLevels {
  readonly divisor: number;
  /** 1 above a multiple of the divisor, which saves an empty round; 0 when no server has a weight. */
  readonly highest: number;
  /** Level of the very first round. A server that is added moves the level only if it must, so it is not the highest. */
  readonly first: number;
}

/** @param weights in list order: the server added first comes last. Cost O(weights) */
export function weightLevels(weights: readonly number[]): WeightLevels {
  let [divisor, highest, first] = [1, 0, 0];
  let largest = 0;
  for (const weight of weights.toReversed()) {
    divisor = largest === 0 ? weight || 1 : greatestCommonDivisor([divisor, weight]);
    largest = Math.max(largest, weight);
    highest = largest - (divisor - 1);
    if (first > highest || first === 0) first = highest;
    else if (divisor > 1) first = Math.floor(first / divisor) * divisor + 1;
  }
  return { divisor, highest: Math.max(0, highest), first: Math.max(0, first) };
}

/** Greatest common divisor of the positive weights; 1 when there is none. */
function greatestCommonDivisor(weights: readonly number[]): number {
  let divisor = 0;
  for (const weight of weights) {
    let rest = weight;
    while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  }
  return divisor || 1;
}
