// Times of primitives -> a calibration. Every price is a difference of two times, or a slope; what no primitive shows is
// taken over from another calibration, as it stands there.
import { assert } from "../base/assert.js";
import type { CounterName } from "../netfilter/counters.js";
import type { PacketKind } from "../measure/kernel-record.js";
import {
  type Calibration,
  CALIBRATION_VERSION,
  type Curve,
  FLAVOURS,
  type Flavour,
  type FlavourPrices,
  type Price,
} from "./calibration.js";
import {
  COLD_SET_SIZES,
  coldName,
  coldSetName,
  IPTABLES_WORK,
  type IptablesFlavour,
  SCAN_SIZES,
  scanName,
  workName,
} from "./iptables-primitives.js";
import { NFT_WORK, nftColdName, nftWorkName } from "./nftables-primitives.js";
import { COLD_SIZES, COPIES, type PrimitiveTimes } from "./primitive.js";

export interface MeasuredWhere {
  readonly machine: string;
  readonly fingerprint: string | null;
  /** RFC 3339, UTC. */
  readonly measuredAt: string;
}

/**
 * @param flavours those whose primitives could be loaded here
 * @param others prices of everything else
 */
export function calibrationFrom(
  times: PrimitiveTimes,
  where: MeasuredWhere,
  { flavours, others }: { readonly flavours: readonly Flavour[]; readonly others: Calibration },
): Calibration {
  const seen = new Times(times);
  const measuredFlavours = flavours.map((flavour) => [
    flavour,
    flavour === "nftables" ? nftablesPrices(seen, others) : iptablesPrices(seen, flavour, others),
  ]);
  const hasSets = flavours.includes("iptables-legacy");
  return {
    ...others,
    schemaVersion: CALIBRATION_VERSION,
    ...where,
    path: {
      first: measured(seen.of("none"), "receive, route and forward one packet, no netfilter"),
      established: measured(seen.of("none", "established"), "the same, established flows"),
      conntrackFirst: measured(seen.between("none", "conntrack"), "lookup miss, allocate, confirm"),
      conntrackEstablished: measured(seen.between("none", "conntrack", "established"), "lookup hit"),
    },
    flavours: { ...others.flavours, ...Object.fromEntries(measuredFlavours) },
    sets: hasSets
      ? { cold: coldCurve(seen, COLD_SET_SIZES.map(sizeAnd(coldSetName)), "elements of a set") }
      : others.sets,
  };
}

/** Flavours of which every primitive was timed. */
export function flavoursIn(times: PrimitiveTimes): Flavour[] {
  return FLAVOURS.filter((flavour) => times.established.has(`${flavour} dnat`));
}

const measured = (ns: number, what: string): Price => ({ ns: rounded(ns), origin: "measured", what });
const derived = (ns: number, what: string): Price => ({ ns: rounded(ns), origin: "derived", what });

/** Hundredths of a nanosecond say nothing. A price below nothing is noise about nothing. */
function rounded(ns: number): number {
  return Math.max(0, Math.round(ns * 10) / 10);
}

/** The times, and differences of them. */
class Times {
  readonly #times: PrimitiveTimes;

  constructor(times: PrimitiveTimes) {
    this.#times = times;
  }

  of(name: string, packet: PacketKind = "first"): number {
    const ns = this.#times[packet].get(name);
    assert(ns !== undefined, `primitive '${name}' was not timed with ${packet} packets`);
    return ns;
  }

  between(less: string, more: string, packet: PacketKind = "first"): number {
    return this.of(more, packet) - this.of(less, packet);
  }

  /** ns of one copy. */
  slope(nameOf: (copies: number) => string): number {
    const [few, many] = COPIES;
    return this.between(nameOf(few), nameOf(many)) / (many - few);
  }
}

function iptablesPrices(times: Times, flavour: IptablesFlavour, others: Calibration): FlavourPrices {
  const base = times.slope((copies) => scanName(flavour, copies));
  const slope = (counter: CounterName) => times.slope((copies) => workName(flavour, counter, copies));
  const work = IPTABLES_WORK.map(({ counter, what }) => [counter, measured(slope(counter) - base, what)]);
  const masquerade = times.between(`${flavour} dnat`, `${flavour} masquerade`) - base;
  return {
    ...hooks(times, flavour),
    scan: {
      origin: "measured",
      what: "copies of one rule that misses by its address",
      points: [
        [0, 0],
        ...SCAN_SIZES[flavour].map(
          (rules) => [rules, rounded(times.between(`${flavour} dnat`, scanName(flavour, rules)))] as const,
        ),
      ],
    },
    work: {
      ...others.flavours[flavour].work,
      ...Object.fromEntries(work),
      dnatTargets: derived(
        natSetUp(times, flavour) - base,
        "NAT set-up of a connection: a bare DNAT rule, less tracking, hooks and rule",
      ),
      masqueradeTargets: measured(masquerade, "MASQUERADE against none"),
    },
    natApply: natApply(times, flavour),
    cold: coldCurve(times, COLD_SIZES.map(sizeAnd((size) => coldName(flavour, size))), "chains of a Service"),
  };
}

function nftablesPrices(times: Times, others: Calibration): FlavourPrices {
  const slope = (counter: CounterName) => times.slope((copies) => nftWorkName(counter, copies));
  const work = NFT_WORK.map(({ counter, besides, what }) => {
    const rest = besides.reduce((sum, other) => sum + slope(other), 0);
    return [counter, measured(slope(counter) - rest, what)] as const;
  });
  return {
    ...hooks(times, "nftables"),
    scan: others.flavours.nftables.scan,
    work: {
      ...others.flavours.nftables.work,
      ...Object.fromEntries(work),
      dnatTargets: derived(
        natSetUp(times, "nftables"),
        "NAT set-up of a connection: a bare dnat rule, less tracking and hooks",
      ),
      masqueradeTargets: measured(
        times.between("nftables dnat", "nftables masquerade"),
        "masquerade against none",
      ),
    },
    natApply: natApply(times, "nftables"),
    cold: coldCurve(times, COLD_SIZES.map(sizeAnd(nftColdName)), "chains of a Service"),
  };
}

function hooks(times: Times, flavour: Flavour): Pick<FlavourPrices, "hooksFirst" | "hooksEstablished"> {
  const what = "kube-proxy's tables and base chains without a rule, against none";
  return {
    hooksFirst: measured(times.between("none", `${flavour} hooks`), what),
    hooksEstablished: measured(times.between("none", `${flavour} hooks`, "established"), what),
  };
}

/** What translating adds to a first packet that is tracked and crosses the hooks. */
function natSetUp(times: Times, flavour: Flavour): number {
  return times.between(`${flavour} hooks`, `${flavour} dnat`) - times.between("none", "conntrack");
}

function natApply(times: Times, flavour: Flavour): Price {
  const ns =
    times.between(`${flavour} hooks`, `${flavour} dnat`, "established") -
    times.between("none", "conntrack", "established");
  return derived(ns, "NAT of a known connection: a bare DNAT rule, less tracking and hooks");
}

interface ColdAt {
  readonly size: number;
  readonly name: string;
}

function sizeAnd(nameOf: (size: number) => string): (size: number) => ColdAt {
  return (size) => ({ size, name: nameOf(size) });
}

/** Random targets against the mean walk to one of them, which the ends and the middle show. */
function coldCurve(times: Times, sizes: readonly ColdAt[], what: string): Curve {
  const points = sizes.map(({ size, name }) => {
    const at = (target: string) => times.of(`${name} ${target}`);
    const warm = (at("first") + 2 * at("middle") + at("last")) / 4;
    return [size, rounded(at("random") - warm)] as const;
  });
  return { origin: "measured", what: `${what}: random against fixed targets`, points: [[1, 0], ...points] };
}
