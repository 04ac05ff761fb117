// How long programming should take, modelled: prices times what is counted in the texts and in the kernel.
//
//   ms = runs x start + sum over terms (price x count), a term with two counts being their product
//
//   iptables-legacy  the whole table is copied out and in, however small the change; writing a rule looks for its chain
//   iptables-nft     quadratic where chains are emptied that are there: a full sync over an older one
//   nftables         an anonymous map per Service, which walks those of its transaction and those of the table
//   ipset            a constant price per element
//
// Prices are fits to one table of measured times: of the values that modelled-time.test.ts repeats all are met within a
// third or 10 ms, most within a tenth. Left out there: 38 s for 10,000 Services in one transaction of nftables (24 s
// modelled) and 30 ms for one of 1,000 on iptables-legacy (48 ms). Prices belong to that machine.
// Source: two cores of an AMD EPYC, Linux 6.18, iptables 1.8.9, nft 1.0.6, ipset 7.17, kube-proxy's layout with 1
// endpoint a Service: 5 rules and 2 chains, or 1 rule with a map. Elements of ipset are taken as 2 a Service.
import type { DocumentCounts, ProgrammingChange, ProgrammingPath } from "./rule-documents.js";

/** What a price may be for. `After`: in the kernel when the run is done; `Before`: when it begins. */
type Count =
  | "rules"
  | "rulesBefore"
  | "rulesAfter"
  | "chains"
  | "chainsBefore"
  | "elements"
  | "anonymousSets"
  | "anonymousSetsBefore";

interface Term {
  readonly ns: number;
  readonly of: readonly [Count] | readonly [Count, Count];
}

const PRICES: Readonly<
  Record<ProgrammingPath, { readonly startMs: number; readonly terms: readonly Term[] }>
> = {
  "iptables-legacy": {
    startMs: 6,
    terms: [
      { ns: 8300, of: ["rulesAfter"] },
      { ns: 8800, of: ["rules"] },
      { ns: 0.5, of: ["rules", "rulesAfter"] },
    ],
  },
  "iptables-nft": {
    startMs: 20,
    terms: [
      { ns: 46_500, of: ["rules"] },
      { ns: 1000, of: ["rulesBefore"] },
      { ns: 38, of: ["chains", "chainsBefore"] },
    ],
  },
  nftables: {
    startMs: 17,
    terms: [
      { ns: 30_000, of: ["anonymousSets"] },
      { ns: 16_300, of: ["anonymousSetsBefore"] },
      { ns: 240, of: ["anonymousSets", "anonymousSets"] },
      { ns: 136, of: ["anonymousSets", "anonymousSetsBefore"] },
    ],
  },
  ipset: { startMs: 6, terms: [{ ns: 22_500, of: ["elements"] }] },
};

/** A change as far as its price goes. */
export interface PricedChange {
  readonly change: ProgrammingChange;
  readonly counts: Pick<DocumentCounts, "rules" | "chains" | "elements">;
  /** Anonymous sets of each run of the tool. */
  readonly runs: readonly { readonly anonymousSets: number }[];
}

/** @param full what the kernel has before any change but a full one, which finds it empty */
export function modelledMs(path: ProgrammingPath, of: PricedChange, full: PricedChange): number {
  const { startMs, terms } = PRICES[path];
  const isThere = of.change !== "full";
  const whole = {
    ...of.counts,
    rulesAfter: full.counts.rules,
    rulesBefore: isThere ? full.counts.rules : 0,
    chainsBefore: isThere ? full.counts.chains : 0,
  };
  const there = sum(full.runs);
  let ms = 0;
  let written = 0;
  for (const [index, { anonymousSets }] of of.runs.entries()) {
    // Whatever is written for the whole document is priced with the first run. A resync empties all chains in it.
    const before = of.change === "full" || (of.change === "resync" && index > 0) ? written : there + written;
    const counts = { ...(index === 0 ? whole : NOTHING), anonymousSets, anonymousSetsBefore: before };
    ms += startMs + terms.reduce((total, term) => total + priceNs(term, counts), 0) / 1e6;
    written += anonymousSets;
  }
  return ms;
}

const NOTHING: Record<Exclude<Count, "anonymousSets" | "anonymousSetsBefore">, number> = {
  rules: 0,
  rulesBefore: 0,
  rulesAfter: 0,
  chains: 0,
  chainsBefore: 0,
  elements: 0,
};

function priceNs({ ns, of: [first, second] }: Term, counts: Readonly<Record<Count, number>>): number {
  return ns * counts[first] * (second === undefined ? 1 : counts[second]);
}

function sum(runs: PricedChange["runs"]): number {
  return runs.reduce((total, { anonymousSets }) => total + anonymousSets, 0);
}
