// Times of probes -> prices. Every price is a slope or a difference of measured times, so what all packets pay alike
// falls out.
// What cannot be measured keeps its recorded price: the userspace proxy as it is, instructions of ip_vs (a kernel seldom
// has it) by as much as this kernel runs its controls slower. Waiting for memory is not scaled.
import { present } from "../../base/assert.js";
import type { CounterName } from "../../netfilter/counters.js";
import {
  type Calibration,
  CALIBRATION_VERSION,
  type Curve,
  type Flavour,
  type FlavourPrices,
  type IpvsPrices,
  type Price,
} from "../calibration.js";
import { COLD_TARGETS, type ColdKind, coldProbeId } from "./cold-probes.js";
import { SCAN_LENGTHS, scanProbeId, type SetUp, setUpProbeId } from "./path-probes.js";
import { type Spread, timeKey } from "./probe.js";
import { BASE, IPTABLES_ROWS, NFT_ROWS, type Row } from "./price-rows.js";
import { COPIES, ruleProbeId } from "./rule-probes.js";

/** timeKey() -> ns per packet. Controls are "none" and "conntrack". */
export type ProbeTimes = ReadonlyMap<string, number>;

type Packet = "first" | "established";

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
  const path = {
    first: measured(reader.control("none", "first"), "receive, route and forward one packet, no netfilter"),
    established: measured(reader.control("none", "established"), "the same, established flows"),
    conntrackFirst: measured(conntrack("first"), "lookup miss, allocate, confirm"),
    conntrackEstablished: measured(conntrack("established"), "lookup hit"),
  };
  return {
    schemaVersion: CALIBRATION_VERSION,
    ...machine,
    path,
    flavours: {
      ...recorded.flavours,
      ...Object.fromEntries(flavours.map((flavour) => [flavour, flavourPrices(flavour, reader)])),
    },
    sets: flavours.includes("iptables-legacy") ? { cold: coldCurve("sets", reader) } : recorded.sets,
    ipvs: scaledIpvs(recorded.ipvs, pathNs(path) / pathNs(recorded.path)),
    proxy: recorded.proxy,
  };
}

/** Both controls of both packets, ns. */
function pathNs(path: Calibration["path"]): number {
  return Object.values(path).reduce((sum, { ns }) => sum + ns, path.first.ns + path.established.ns);
}

function scaledIpvs(recorded: IpvsPrices, factor: number): IpvsPrices {
  const work = Object.entries(recorded.work).map(([counter, { ns, what }]): [string, Price] => [
    counter,
    { ns: round(ns * factor), origin: "derived", what },
  ]);
  return { ...recorded, work: Object.fromEntries(work) as IpvsPrices["work"] };
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
