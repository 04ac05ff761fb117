// Times of probes -> prices. Every price is a slope or a difference of measured times, so what all packets pay alike
// falls out.
// What was not timed keeps its recorded price: the userspace proxy as it is, ip_vs by as much as this kernel runs its
// controls slower.
import type { PacketKind } from "../../measure/kernel-record.js";
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
import { ipvsPrices, pathNs, scaledIpvs } from "./ipvs-prices.js";
import { SCAN_LENGTHS, scanProbeId, type SetUp } from "./path-probes.js";
import { BASE, IPTABLES_ROWS, NFT_ROWS, type Row } from "./price-rows.js";
import { COPIES, ruleProbeId } from "./rule-probes.js";
import { type ProbeTimes, risingCurve, roundNs, TimeReader } from "./time-reader.js";

export interface CalibrationAbout extends Pick<Calibration, "machine" | "fingerprint" | "measuredAt"> {
  /** Those whose probes were timed, all of them. */
  readonly flavours: readonly Flavour[];
  /** Of the probes of ip_vs and the controls beside them, in whichever kernel has it; null: they were not timed. */
  readonly ipvsTimes: ProbeTimes | null;
  /** Prices that stay for what was not, or cannot be. */
  readonly recorded: Calibration;
}

/**
 * @param times of the controls, and of all probes of the flavours named
 * @param about the machine, and what to keep for what cannot be measured
 */
export function calibrationFrom(times: ProbeTimes, about: CalibrationAbout): Calibration {
  const { recorded, flavours, ipvsTimes, ...machine } = about;
  const reader = new TimeReader(times);
  const conntrack = (packet: PacketKind) =>
    reader.control("conntrack", packet) - reader.control("none", packet);
  const path = {
    first: measured(reader.control("none", "first"), "receive, route and forward one packet, no netfilter"),
    established: measured(reader.control("none", "established"), "the same, established flows"),
    conntrackFirst: measured(conntrack("first"), "lookup miss, allocate, confirm"),
    conntrackEstablished: measured(conntrack("established"), "lookup hit"),
  };
  const ipvs = scaledIpvs(recorded.ipvs, pathNs(path) / pathNs(recorded.path));
  return {
    schemaVersion: CALIBRATION_VERSION,
    ...machine,
    path,
    flavours: {
      ...recorded.flavours,
      ...Object.fromEntries(flavours.map((flavour) => [flavour, flavourPrices(flavour, reader)])),
    },
    sets: flavours.includes("iptables-legacy") ? { cold: coldCurve("sets", reader) } : recorded.sets,
    ipvs: ipvsTimes === null ? ipvs : ipvsPrices(new TimeReader(ipvsTimes), path, ipvs),
    proxy: recorded.proxy,
  };
}

function flavourPrices(flavour: Flavour, reader: TimeReader): FlavourPrices {
  const work = flavour === "nftables" ? rowPrices(flavour, NFT_ROWS, reader) : iptablesWork(flavour, reader);
  const base = flavour === "nftables" ? 0 : reader.slope(flavour, BASE);
  const difference = (packet: PacketKind, more: SetUp, less: SetUp) =>
    reader.setUp(flavour, more, packet) - reader.setUp(flavour, less, packet);
  const hooks = (packet: PacketKind) =>
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
    points: risingCurve([[0, 0], ...measuredPoints]),
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
    points: risingCurve([[1, 0], ...points]),
  };
}

/** A difference below zero is noise: nothing is cheaper than free. */
function measured(ns: number, what: string): Price {
  return { ns: roundNs(Math.max(0, ns)), origin: "measured", what };
}
