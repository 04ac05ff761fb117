// Which rule prices which counter, a row each. The rules are in rule-probes.ts.
import type { CounterName } from "../../netfilter/counters.js";
import type { IptablesRule, NftRule } from "./rule-probes.js";

export interface Row<Rule> {
  readonly rule: Rule;
  /** Taken off: another rule's slope. */
  readonly less: Rule | null;
  readonly what: string;
}

export const BASE: IptablesRule = "serviceMiss";

/**
 * Of both iptables: net of the base that the scan curve charges for every rule. A rule that holds costs more than one that
 * does not (it is counted); that is in the price of what it then does.
 */
export const IPTABLES_ROWS: Readonly<Partial<Record<CounterName, Row<IptablesRule>>>> = {
  commentMatches: { rule: "comment", less: "hit", what: "xt_comment" },
  portMatches: { rule: "port", less: BASE, what: "transport ports, not matching" },
  ctstateMatches: { rule: "ctstate", less: BASE, what: "xt_conntrack, not matching" },
  markMatches: { rule: "mark", less: BASE, what: "xt_mark, not matching" },
  fibLookups: { rule: "addrtype", less: BASE, what: "xt_addrtype: a route lookup" },
  statisticMatches: { rule: "statistic", less: BASE, what: "xt_statistic with its random draw" },
  recentOps: { rule: "recent", less: BASE, what: "xt_recent, client not in the list" },
  setProbes: {
    rule: "setMiss",
    less: BASE,
    what: "xt_set on hash:ip,port of 10,000 elements, none matching",
  },
  setHits: { rule: "setHit", less: "setMiss", what: "on top of that when the element is there" },
  chainJumps: { rule: "jump", less: BASE, what: "rule that holds, jump and return" },
  markSets: { rule: "markSet", less: BASE, what: "rule that holds, MARK target" },
};

export const NFT_ROWS: Readonly<Partial<Record<CounterName, Row<NftRule>>>> = {
  headerMisses: { rule: "headerMiss", less: null, what: "address compare that fails" },
  portMatches: { rule: "port", less: null, what: "address, protocol and port, port not matching" },
  ctstateMatches: { rule: "ctstate", less: null, what: "ct state, not matching" },
  markMatches: { rule: "mark", less: null, what: "meta mark with mask" },
  fibLookups: { rule: "fib", less: null, what: "fib type: a route lookup" },
  randomDraws: { rule: "numgen", less: null, what: "numgen random" },
  recentOps: { rule: "update", less: null, what: "dynamic set update of a known client" },
  setProbes: { rule: "setMiss", less: null, what: "lookup in a set of 10,000, missing" },
  mapProbes: { rule: "mapMiss", less: null, what: "verdict map of 10,000, 3-part key, missing" },
  mapHits: { rule: "mapHit", less: "mapMiss", what: "on top of that when the key is there" },
  chainJumps: { rule: "jump", less: null, what: "jump and return" },
  markSets: { rule: "markSet", less: null, what: "meta mark set" },
};
