// The WASM core against the slow twin in mode ipvs: every scheduler, both service tables, both families; outcome and
// every counter, packet by packet, and again after the image was changed in place.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { createEvaluator, type Evaluator } from "../dataplane/evaluator.js";
import { encodeIpvs } from "../dataplane/ipvs/encode.js";
import { sendBoth } from "../dataplane/oracle/compare.test-data.js";
import { columnsOf } from "../dataplane/oracle/packet-columns.test-data.js";
import { IPVS_SCHEDULERS, type IpvsScheduler, type VirtualServer } from "../netfilter/ipvs/model.js";
import { serviceText } from "../netfilter/ipvs/text.js";
import { createIpvsTracer } from "../netfilter/ipvs/tracer.js";
import { TCP_FLAGS } from "../netfilter/packet.js";
import type { IpvsChange } from "../netfilter/rule-change.js";
import type { IpvsModel } from "../netfilter/rule-model.js";
import { SeededChance } from "../netfilter/tracer/chance.js";
import type { Trace, Tracer } from "../netfilter/tracer/trace.js";
import type { ProxyConfig } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { compileIpvs } from "../proxy/ipvs/compile.js";
import { modelChange } from "../proxy/ipvs/model-change.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
} from "../proxy/nftables/random-cluster.test-data.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { INTERFACES, nodeIp, type PacketMix, randomPacket, type Sent } from "./random-packets.test-data.js";

/** Set to see the walk of the packet that differs. */
const STEPS = process.env["PLUMB_TEST_STEPS"] !== undefined;
const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20264);
const PACKETS = 300;
const SERVICES = 12;
/** Whole halves of seconds, so that packets come exactly when something expires, and just before. */
const PAUSES_MS = [500, 500, 1000, 1500, 10_000, 20_000, 30_000, 118_500, 119_500, 120_000, 298_500, 300_000];
const { ACK, SYN, FIN, RST } = TCP_FLAGS;
const MIX: PacketMix = {
  laterFlags: [ACK, ACK, SYN | ACK, FIN | ACK, RST, SYN],
  upTo: { clusterIps: 0.6, externalIps: 0.7, loadBalancerIps: 0.8 },
};

for (const family of ["IPv4", "IPv6"] as const) {
  for (const tables of ["fixed", "resizable"] as const) {
    for (const scheduler of IPVS_SCHEDULERS) {
      test(`core and tracer agree on every packet: ${family}, ${tables} table, ${scheduler}`, () => {
        race(new Race({ family, tables, scheduler }));
      });
    }
  }
}

test("the races met every way a packet can end in ipvs", () => {
  const wanted = [
    "none",
    "rule",
    "no-endpoint",
    "connections-full",
    "conntrack-full",
    "affinity",
    "reply",
    "search",
    "tracked again",
  ];
  assert.deepEqual(
    wanted.filter((what) => !seen.has(what)),
    [],
    `seed ${SEED}`,
  );
});

interface RaceOptions {
  readonly family: Family;
  readonly tables: "fixed" | "resizable";
  readonly scheduler: IpvsScheduler;
}

const seen = new Set<string>();

function remember({ outcome, counts, reply }: Trace): void {
  seen.add(outcome.reason);
  if (counts.ctLookups > 1) seen.add("tracked again");
  // A request that looks three times has a template; one that makes two entries has made it.
  if (counts.ipvsConnLookups > 2) seen.add("affinity");
  if (reply && counts.ipvsConnLookups > 0) seen.add("reply");
  if (counts.schedulerSteps > 1) seen.add("search");
}

/** One seeded cluster and what its packets go through. */
class Race {
  readonly family: Family;
  readonly prng: Prng;
  readonly config: ProxyConfig;
  readonly conntrackMax: number;
  readonly connectionsMax: number;
  readonly #tables: "fixed" | "resizable";

  constructor({ family, tables, scheduler }: RaceOptions) {
    this.family = family;
    this.prng = new Prng(SEED).fork(`${family} ${tables} ${scheduler}`);
    this.#tables = tables;
    const base = defaultProxyConfig("ipvs", family, RANDOM_NODE, { clusterCIDRs: RANDOM_CLUSTER_CIDRS });
    const masqueradeAll = this.prng.unit() < 0.2;
    const localDetector = this.prng.unit() < 0.2 ? { kind: "none" as const } : base.localDetector;
    this.config = { ...base, masqueradeAll, localDetector, ipvs: { ...base.ipvs, scheduler } };
    this.conntrackMax = this.prng.unit() < 0.3 ? 12 : 1000;
    this.connectionsMax = this.prng.unit() < 0.4 ? 8 : 1024;
  }

  /** The compiled model with weights of every size (kube-proxy's own are 1, or 0 while a server ends) and host Pods. */
  compile(objects: ReturnType<typeof randomCluster>): IpvsModel {
    const model = compileIpvs(buildProxyState(objects, this.config), this.config);
    return { ...model, virtualServers: model.virtualServers.map((server) => this.#weigh(server)) };
  }

  encode(model: IpvsModel) {
    const { connectionsMax } = this;
    return encodeIpvs(model, {
      ipvsTables: this.#tables,
      ipvsConnectionsMax: connectionsMax,
      affinityClientsMax: 64,
    });
  }

  tracer(model: IpvsModel): Tracer {
    const chance = new SeededChance(new Prng(1));
    const options = { chance, steps: STEPS, conntrackMax: this.conntrackMax };
    return createIpvsTracer(model, options, {
      serviceTable: this.#tables,
      connectionsMax: this.connectionsMax,
    });
  }

  #weigh(server: VirtualServer): VirtualServer {
    if (this.prng.unit() < 0.4) return server;
    const realServers = server.realServers.map((real, index) => {
      const weight = this.prng.below(5);
      // Now and then a Pod on the host's network.
      return this.prng.unit() < 0.1
        ? { ip: nodeIp(this.family), port: 9000 + index, weight }
        : { ...real, weight };
    });
    return { ...server, realServers, sourcePortFlag: server.sourcePortFlag && this.prng.unit() < 0.5 };
  }
}

function race(run: Race): void {
  let objects = randomCluster(run.prng, run.family, SERVICES);
  let model = run.compile(objects);
  const encoder = run.encode(model);
  for (let round = 0; round < 3; round++) {
    const evaluator = createEvaluator(encoder.image, {
      conntrackMax: run.conntrackMax,
      packetsMax: 1,
      seed: 1,
    });
    compareMany(run, run.tracer(model), evaluator, `round ${round}`);
    objects = changeCluster(run.prng, run.family, objects).objects;
    const next = run.compile(objects);
    const change = modelChange(model, next);
    encoder.update(change);
    model = applied(model, next, change);
  }
}

/** The next model in the order in which a table changed in place has its virtual servers: new ones came last. */
function applied(model: IpvsModel, next: IpvsModel, change: IpvsChange): IpvsModel {
  const servers = new Map(model.virtualServers.map((server) => [serviceText(server), server]));
  for (const server of change.removedServers) servers.delete(serviceText(server));
  for (const server of change.virtualServers) servers.set(serviceText(server), server);
  return { ...next, virtualServers: [...servers.values()] };
}

function compareMany(run: Race, tracer: Tracer, evaluator: Evaluator, place: string): void {
  const sent: Sent[] = [];
  let timeMs = 0;
  for (let step = 0; step < PACKETS; step++) {
    timeMs += run.prng.unit() < 0.8 ? 0 : run.prng.pick(PAUSES_MS);
    const packet = randomPacket(run.prng, run.family, sent, MIX);
    const columns = columnsOf(packet, run.family, INTERFACES, timeMs);
    const { trace } = sendBoth(tracer, evaluator, columns, `seed ${SEED}, ${place}, step ${step}`);
    sent.push({ packet, trace });
    remember(trace);
  }
}
