// Times of virtual services -> prices of ip_vs. Where they were timed in another kernel than the rest of the calibration,
// instructions are scaled by how much faster that kernel runs its controls; waiting for memory is taken as it is.
import { median } from "../../measure/statistics/quantiles.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import type { Calibration, IpvsPrices, Price } from "../calibration.js";
import { IPVS_SIZES, ipvsProbeId } from "./ipvs-probes.js";
import { risingCurve, roundNs, type TimeReader } from "./time-reader.js";

/** Look-ups of a packet that belongs to a connection: on its way to the server's address, and when it leaves. */
const LOOKUPS = 2;

/**
 * @param times of the controls, of empty tables, and of the probes of every size, in one kernel
 * @param path the controls' times in the kernel that prices are for
 * @param scaled prices of what no probe tells apart: longer chains, a scheduler's choice, the insert
 */
export function ipvsPrices(times: TimeReader, path: Calibration["path"], scaled: IpvsPrices): IpvsPrices {
  const factor = pathNs(path) / controlsNs(times);
  const work = (packet: PacketKind) =>
    median(IPVS_SIZES.map((size) => times.at(ipvsProbeId(size), packet, "fixed"))) -
    times.setUp("iptables-legacy", "hooks", packet);
  const lookup = (factor * work("established")) / LOOKUPS;
  const kept = scaled.work;
  const known = (kept.ipvsConnInserts?.ns ?? 0) + (kept.schedulerSteps?.ns ?? 0);
  const service = factor * work("first") - LOOKUPS * lookup - known;
  return {
    work: {
      ...kept,
      ipvsConnLookups: price(
        lookup,
        "connection lookup and NAT of a packet, half of what a known flow costs",
      ),
      ipvsServiceLookups: price(
        service,
        "service lookup, scheduling, packet rewrite: first packet less the rest",
      ),
    },
    cold: coldOf(times, "first"),
    coldEstablished: coldOf(times, "established"),
  };
}

/** Both controls of both packets, ns. */
export function pathNs(path: Calibration["path"]): number {
  return Object.values(path).reduce((sum, { ns }) => sum + ns, path.first.ns + path.established.ns);
}

function controlsNs(times: TimeReader): number {
  return (["none", "conntrack"] as const).reduce(
    (sum, control) => sum + times.control(control, "first") + times.control(control, "established"),
    0,
  );
}

/** Prices of another kernel's ip_vs for one that runs its controls `factor` times as long. */
export function scaledIpvs(recorded: IpvsPrices, factor: number): IpvsPrices {
  const work = Object.entries(recorded.work).map(([counter, { ns, what }]): [string, Price] => [
    counter,
    { ns: roundNs(ns * factor), origin: "derived", what },
  ]);
  return { ...recorded, work: Object.fromEntries(work) as IpvsPrices["work"] };
}

/** Derived, because it may be another kernel's, scaled. */
function price(ns: number, what: string): Price {
  return { ns: roundNs(Math.max(0, ns)), origin: "derived", what };
}

function coldOf(times: TimeReader, packet: PacketKind): IpvsPrices["cold"] {
  const points = IPVS_SIZES.filter((size) => size > 1).map((size) => {
    const id = ipvsProbeId(size);
    return [size, times.at(id, packet, "spread") - times.at(id, packet, "fixed")] as const;
  });
  return {
    origin: "derived",
    what: "one virtual service and many at random, no rules",
    points: risingCurve([[1, 0], ...points]),
  };
}
