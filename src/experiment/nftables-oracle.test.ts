// The WASM core against the slow twin: seeded clusters and packets, outcome and every counter, packet by packet.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Family } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { createEvaluator } from "../dataplane/evaluator.js";
import { encodeNftables } from "../dataplane/nftables/encode.js";
import { sendBoth } from "../dataplane/oracle/compare.test-data.js";
import { columnsOf } from "../dataplane/oracle/packet-columns.test-data.js";
import { applyNftChange } from "../netfilter/nftables/apply.js";
import { createNftTracer } from "../netfilter/nftables/tracer.js";
import { TCP_FLAGS } from "../netfilter/packet.js";
import { SeededChance } from "../netfilter/tracer/chance.js";
import type { Trace } from "../netfilter/tracer/trace.js";
import type { ProxyConfig } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { compileNftables } from "../proxy/nftables/compile.js";
import {
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  changeCluster,
  randomCluster,
} from "../proxy/nftables/random-cluster.test-data.js";
import { syncPartial } from "../proxy/nftables/sync.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { INTERFACES, type PacketMix, randomPacket, type Sent } from "./random-packets.test-data.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20263);
const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 1024 } as const;
const CONNTRACK_MAX = 200;
const { ACK, SYN, FIN, RST } = TCP_FLAGS;
const MIX: PacketMix = {
  laterFlags: [ACK, ACK, SYN | ACK, FIN | ACK, RST],
  upTo: { clusterIps: 0.5, externalIps: 0.6, loadBalancerIps: 0.75 },
};

const VARIANTS: readonly {
  readonly name: string;
  readonly config: Partial<ProxyConfig>;
  readonly nftables: Partial<ProxyConfig["nftables"]>;
}[] = [
  { name: "1.36", config: {}, nftables: {} },
  {
    name: "1.36, ServiceCIDRs, any node address",
    config: { nodePortAddresses: ["0.0.0.0/0", "::/0"] },
    nftables: { serviceCIDRs: ["172.30.0.0/16", "fd00:172::/112"] },
  },
  { name: "1.37, masquerade all", config: { masqueradeAll: true }, nftables: { directSingleEndpoint: true } },
  {
    name: "1.35, interface prefix",
    config: { localDetector: { kind: "prefix", prefix: "veth" } },
    nftables: { layout: "1.35" },
  },
];

const traces: Trace[] = [];

for (const family of ["IPv4", "IPv6"] as const) {
  for (const { name, config, nftables } of VARIANTS) {
    test(`core and tracer agree on every packet while Services change, ${family} ${name}`, () => {
      const base = defaultProxyConfig("nftables", family, RANDOM_NODE, {
        clusterCIDRs: RANDOM_CLUSTER_CIDRS,
      });
      const seed = new Prng(SEED).fork(`${family} ${name}`).next32();
      traces.push(...race(family, { ...base, ...config, nftables: { ...base.nftables, ...nftables } }, seed));
    });
  }
}

test("the packets of these races met every verdict and every kind of work", () => assertVaried(traces));

function race(family: Family, config: ProxyConfig, seed: number): Trace[] {
  const prng = new Prng(seed);
  let objects = randomCluster(prng, family, 12);
  let state = buildProxyState(objects, config);
  const model = compileNftables(state, config);
  const tracer = createNftTracer(model, {
    chance: new SeededChance(new Prng(seed)),
    steps: true,
    conntrackMax: CONNTRACK_MAX,
  });
  const encoder = encodeNftables(model, ENCODE);
  const evaluator = createEvaluator(encoder.image, { conntrackMax: CONNTRACK_MAX, packetsMax: 1, seed });
  const sent: Sent[] = [];
  let timeMs = 0;
  for (let step = 0; step < 1000; step++) {
    if (step % 100 === 99) {
      const change = changeCluster(prng, family, objects);
      const next = buildProxyState(change.objects, config);
      const sync = syncPartial(state, next, change.changed, config).change;
      assert.ok(sync?.mode === "nftables");
      applyNftChange(model.table, sync.change);
      encoder.update(sync);
      evaluator.replaceImage(encoder.image);
      ({ objects } = change);
      state = next;
    }
    timeMs += prng.unit() < 0.02 ? prng.below(200_000) : prng.below(300);
    const packet = randomPacket(prng, family, sent, MIX);
    const columns = columnsOf(packet, family, INTERFACES, timeMs);
    const { trace } = sendBoth(tracer, evaluator, columns, `seed ${SEED}, step ${step}`);
    sent.push({ packet, trace });
  }
  return sent.map(({ trace }) => trace);
}

/** Races in which little happened prove little. */
function assertVaried(traces: readonly Trace[]): void {
  const seen = (holds: (trace: Trace) => boolean) => traces.filter(holds).length;
  for (const verdict of ["ACCEPT", "DNAT", "DROP", "REJECT"] as const) {
    assert.ok(seen(({ outcome }) => outcome.verdict === verdict) >= 100, `${verdict} is rare`);
  }
  assert.ok(seen(({ established }) => established) >= 500, "few packets belong to known flows");
  assert.ok(seen(({ reply }) => reply) >= 100, "few packets are replies");
  for (const counter of [
    "recentOps",
    "masqueradeTargets",
    "randomDraws",
    "setHits",
    "markSets",
    "fibLookups",
  ] as const) {
    assert.ok(seen(({ counts }) => counts[counter] > 0) >= 30, `${counter} is rare`);
  }
}
