// Times of probes -> prices. Which rule prices which counter is a row below; every price is a slope or a difference of
// measured times, so what all packets pay alike falls out.
// What cannot be measured here (ip_vs where the kernel has none, the userspace proxy) keeps its recorded price.
import { present } from "../../base/assert.js";
import type { CounterName } from "../../netfilter/counters.js";
import {
  type Calibration,
  CALIBRATION_VERSION,
  type Curve,
  type Flavour,
  type FlavourPrices,
  type Price,
} from "../calibration.js";
import { COLD_TARGETS, type ColdKind, coldProbeId } from "./cold-probes.js";
import { SCAN_LENGTHS, scanProbeId, type SetUp, setUpProbeId } from "./path-probes.js";
import { type Spread, timeKey } from "./probe.js";
import { COPIES, type IptablesRule, type NftRule, ruleProbeId } from "./rule-probes.js";

/** timeKey() -> ns per packet. Controls are "none" and "conntrack". */
export type ProbeTimes = ReadonlyMap<string, number>;

type Packet = "first" | "established";

interface Row<Rule> {
  readonly rule: Rule;
  /** Taken off: another rule's slope. */
  readonly less: Rule | null;
  readonly what: string;
}

const BASE: IptablesRule = "serviceMiss";

/**
 * Of both iptables: net of the base that the scan curve charges for every rule. A rule that holds costs more than one that
 * does not (it is counted); that is in the price of what it then does.
 */
const IPTABLES_ROWS: Readonly<Partial<Record<CounterName, Row<IptablesRule>>>> = {
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

const NFT_ROWS: Readonly<Partial<Record<CounterName, Row<NftRule>>>> = {
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

export interface CalibrationAbout extends Pick<Calibration, "machine" | "fingerprint" | "measuredAt"> {
  /** Those whose probes were timed, all of them. */
  readonly flavours: readonly Flavour[];
  /** Prices that stay for what was not, or cannot be. */
  readonly recorded: Calibration;
}

/**
 * @param times of the controls, and of all probes of the flavours named
 * @param about the machine, and what to keep for what cannot be measured
 */
export function calibrationFrom(times: ProbeTimes, about: CalibrationAbout): Calibration {
  const { recorded, flavours, ...machine } = about;
  const reader = new TimeReader(times);
  const conntrack = (packet: Packet) => reader.control("conntrack", packet) - reader.control("none", packet);
  return {
    schemaVersion: CALIBRATION_VERSION,
    ...machine,
    path: {
      first: measured(reader.control("none", "first"), "receive, route and forward one packet, no netfilter"),
      established: measured(reader.control("none", "established"), "the same, established flows"),
      conntrackFirst: measured(conntrack("first"), "lookup miss, allocate, confirm"),
      conntrackEstablished: measured(conntrack("established"), "lookup hit"),
    },
    flavours: {
      ...recorded.flavours,
      ...Object.fromEntries(flavours.map((flavour) => [flavour, flavourPrices(flavour, reader)])),
    },
    sets: flavours.includes("iptables-legacy") ? { cold: coldCurve("sets", reader) } : recorded.sets,
    ipvs: recorded.ipvs,
    proxy: recorded.proxy,
  };
}

class TimeReader {
  readonly #times: ProbeTimes;

  constructor(times: ProbeTimes) {
    this.#times = times;
  }

  at(id: string, packet: Packet, spread: Spread): number {
    const key = timeKey(id, packet, spread);
    return present(this.#times.get(key), `a time of '${key}'`);
  }

  control(name: "none" | "conntrack", packet: Packet): number {
    return this.at(name, packet, "fixed");
  }

  setUp(flavour: Flavour, setUp: SetUp, packet: Packet): number {
    return this.at(setUpProbeId(flavour, setUp), packet, "fixed");
  }

  /** ns of evaluating a rule once. */
  slope(flavour: Flavour, rule: string): number {
    const [few, many] = COPIES.map((copies) => this.at(ruleProbeId(flavour, rule, copies), "first", "fixed"));
    return ((many as number) - (few as number)) / (COPIES[1] - COPIES[0]);
  }
}

function flavourPrices(flavour: Flavour, reader: TimeReader): FlavourPrices {
  const work = flavour === "nftables" ? rowPrices(flavour, NFT_ROWS, reader) : iptablesWork(flavour, reader);
  const base = flavour === "nftables" ? 0 : reader.slope(flavour, BASE);
  const difference = (packet: Packet, more: SetUp, less: SetUp) =>
    reader.setUp(flavour, more, packet) - reader.setUp(flavour, less, packet);
  const hooks = (packet: Packet) =>
    reader.setUp(flavour, "hooks", packet) - reader.control("conntrack", packet);
  const dnatRule = base + (work.portMatches?.ns ?? 0);
  return {
    hooksFirst: measured(hooks("first"), "empty tables on a first packet's way"),
    hooksEstablished: measured(
      hooks("established"),
      "empty tables on the way of a known connection's packet",
    ),
    scan: flavour === "nftables" ? NO_SCAN : scanCurve(flavour, reader),
    work: {
      ...work,
      dnatTargets: measured(
        difference("first", "dnat", "hooks") - dnatRule,
        "one bare DNAT rule, less the rule",
      ),
      masqueradeTargets: measured(
        difference("first", "masquerade", "dnat") - base,
        "one bare MASQUERADE rule, less the rule",
      ),
    },
    natApply: measured(
      difference("established", "dnat", "hooks"),
      "a known connection with and without DNAT",
    ),
    cold: coldCurve(flavour, reader),
  };
}

function iptablesWork(flavour: Flavour, reader: TimeReader): FlavourPrices["work"] {
  const work = rowPrices(flavour, IPTABLES_ROWS, reader);
  const cheapest = Math.min(
    ...[work.commentMatches, work.markMatches, work.ctstateMatches].map((price) => price?.ns ?? Infinity),
  );
  return {
    ...work,
    otherMatches: {
      ns: cheapest,
      origin: "assumed",
      what: "any other match; taken as the cheapest of these",
    },
  };
}

function rowPrices<Rule extends string>(
  flavour: Flavour,
  rows: Readonly<Partial<Record<CounterName, Row<Rule>>>>,
  reader: TimeReader,
): FlavourPrices["work"] {
  const priced = Object.entries(rows).map(([counter, row]) => {
    const { rule, less, what } = row as Row<Rule>;
    return [
      counter,
      measured(reader.slope(flavour, rule) - (less === null ? 0 : reader.slope(flavour, less)), what),
    ];
  });
  return Object.fromEntries(priced) as FlavourPrices["work"];
}

const NO_SCAN: Curve = {
  origin: "measured",
  what: "a rule costs its expressions only",
  points: [
    [0, 0],
    [1000, 0],
  ],
};

/** From the intercept of the shortest chains, so that what every packet pays is not in it. */
function scanCurve(flavour: Exclude<Flavour, "nftables">, reader: TimeReader): Curve {
  const slope = reader.slope(flavour, BASE);
  const few = reader.at(ruleProbeId(flavour, BASE, COPIES[0]), "first", "fixed");
  const intercept = few - COPIES[0] * slope;
  const measuredPoints = SCAN_LENGTHS[flavour].map(
    (length) => [length, reader.at(scanProbeId(flavour, length), "first", "fixed") - intercept] as const,
  );
  return {
    origin: "measured",
    what: "copies of one rule as kube-proxy's for a Service, none matching",
    points: rising([[0, 0], ...measuredPoints]),
  };
}

function coldCurve(kind: ColdKind, reader: TimeReader): Curve {
  const points = COLD_TARGETS.map((targets) => {
    const id = coldProbeId(kind, targets);
    return [targets, reader.at(id, "first", "spread") - reader.at(id, "first", "fixed")] as const;
  });
  return {
    origin: "measured",
    what: "the same few rules for one target and for many at random",
    points: rising([[1, 0], ...points]),
  };
}

/** Noise may put a point below the one before it; more work is never cheaper. */
function rising(points: readonly (readonly [number, number])[]): Curve["points"] {
  let highest = 0;
  return points.map(([x, ns]) => {
    highest = Math.max(highest, ns);
    return [x, round(highest)] as const;
  });
}

/** A difference below zero is noise: nothing is cheaper than free. */
function measured(ns: number, what: string): Price {
  return { ns: round(Math.max(0, ns)), origin: "measured", what };
}

function round(ns: number): number {
  return Math.round(ns * 100) / 100;
}
