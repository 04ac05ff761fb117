// How flows to one Service fall on its backends: Pearson's chi-square against the probabilities of the model.
// Conversations whose first packet may go to the same backends with the same odds are one sample, whoever the client is.
// A sample is judged when every backend was expected at least EXPECTED_MIN times (Cochran's rule).
import { joinHostPort } from "../../base/ip.js";
import type { DistributionRecord } from "../../measure/kernel-record.js";
import { chiSquareTail } from "../../measure/statistics/special-functions.js";
import type { Conversation } from "./conversation.js";
import type { Fates } from "./fates.js";
import type { PacketSight } from "./judge.js";

const EXPECTED_MIN = 5;

/**
 * A sample this unlikely is drawn again. Only if the second is as unlikely as P_CONFIRMED is it a mismatch: in a run of
 * a hundred Services a right kernel is accused with a probability of 1e-4 x 1e-5 x 100 = 1e-7.
 */
export const P_SUSPECT = 1e-4;
export const P_CONFIRMED = 1e-5;

/** One sample: backends, what the model expects of each, what was seen. */
export interface Sample {
  readonly service: string;
  /** "ip:port" -> probability, in sorted order. */
  readonly odds: ReadonlyMap<string, number>;
  readonly seen: Map<string, number>;
  /** What was said; a fresh sample is drawn from these. */
  readonly conversations: Set<Conversation>;
}

export class Spread {
  readonly #samples = new Map<string, Sample>();
  /** null: nothing to choose. */
  readonly #sampleOf = new Map<Conversation, Sample | null>();

  /** Count the first packet of a conversation that went as its fates allow. */
  add(conversation: Conversation, fates: Fates, first: PacketSight): void {
    const sample = this.#find(conversation, fates);
    if (sample === null || first.sent === null) return;
    const backend = joinHostPort(first.sent.destination, first.sent.destinationPort);
    sample.seen.set(backend, (sample.seen.get(backend) ?? 0) + 1);
    sample.conversations.add(conversation);
  }

  /** Samples large enough to be judged. */
  samples(): Sample[] {
    return this.all().filter(({ odds, seen }) => {
      const flows = total(seen);
      return [...odds.values()].every((probability) => probability * flows >= EXPECTED_MIN);
    });
  }

  all(): Sample[] {
    return [...this.#samples.values()];
  }

  #find(conversation: Conversation, fates: Fates): Sample | null {
    const known = this.#sampleOf.get(conversation);
    if (known !== undefined) return known;
    const odds = conversation.service === null ? null : oddsOf(fates);
    const sample = odds === null ? null : this.#sampleFor(conversation.service ?? "", odds);
    this.#sampleOf.set(conversation, sample);
    return sample;
  }

  #sampleFor(service: string, odds: ReadonlyMap<string, number>): Sample {
    const key = JSON.stringify([service, ...odds]);
    const known = this.#samples.get(key);
    if (known !== undefined) return known;
    const sample = { service, odds, seen: new Map<string, number>(), conversations: new Set<Conversation>() };
    this.#samples.set(key, sample);
    return sample;
  }
}

/** Where the first packet may go; null when that is certain or not known, or when it may also be stopped. */
function oddsOf({ all, hasOdds, partial }: Fates): ReadonlyMap<string, number> | null {
  if (!hasOdds || partial) return null;
  const odds = new Map<string, number>();
  for (const { packets, probability } of all) {
    const sent = packets[0]?.sent;
    if (!sent) return null;
    const backend = joinHostPort(sent.destination, sent.destinationPort);
    odds.set(backend, (odds.get(backend) ?? 0) + probability);
  }
  return odds.size < 2 ? null : new Map([...odds].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Pearson's statistic and its p-value. @param threshold the sample agrees when p is not below */
export function judgeSample({ service, odds, seen }: Sample, threshold: number): DistributionRecord {
  const flows = total(seen);
  let chiSquare = 0;
  for (const [backend, probability] of odds) {
    const expected = probability * flows;
    chiSquare += ((seen.get(backend) ?? 0) - expected) ** 2 / expected;
  }
  const pValue = chiSquareTail(chiSquare, odds.size - 1);
  return { service, backends: odds.size, flows, chiSquare, pValue, agrees: pValue >= threshold };
}

function total(seen: ReadonlyMap<string, number>): number {
  return [...seen.values()].reduce((sum, count) => sum + count, 0);
}
