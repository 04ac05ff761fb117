// What a packet costs in counted work, worked out by hand from the chains it crosses.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterObjects } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { zeroCounts } from "../../netfilter/counters.js";
import { createNftTracer } from "../../netfilter/nftables/tracer.js";
import { type Packet, TCP_FLAGS } from "../../netfilter/packet.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { defaultProxyConfig } from "../default-config.js";
import { FLOW_CLUSTER_CIDRS, FLOW_NODE } from "../packet-flow-cluster.test-data.js";
import { buildProxyState } from "../state/build-state.js";
import { testService, testSlice } from "../cluster.test-data.js";
import { compileNftables } from "./compile.js";

const FROM_POD: Packet = {
  protocol: "tcp",
  source: "10.180.0.50",
  sourcePort: 40_000,
  destination: "172.30.0.1",
  destinationPort: 80,
  inInterface: "veth50",
  tcpFlags: TCP_FLAGS.SYN,
  payloadBytes: 0,
};

for (const [services, endpoints] of [
  [2, 2],
  [200, 2],
  [2, 50],
] as const) {
  test(`a Pod's first packet to a ClusterIP costs the same among ${services} Services with ${endpoints} endpoints`, () => {
    const tracer = tracerOf(services, endpoints, "1.36");
    const first = tracer.send(FROM_POD, 0);
    assert.deepEqual(first.counts, {
      ...zeroCounts(),
      // filter-prerouting 1, firewall-check 1, nat-prerouting 1, services 2, service- 1, filter-forward 2,
      // service-endpoints-check 1, cluster-ips-check 1, nat-postrouting 1, masquerading 2.
      rulesEvaluated: 13,
      // The Pod is local, so `ip saddr != CIDR` fails.
      headerMisses: 1,
      // Three guards `ct state new`, and `ct status dnat`.
      ctstateMatches: 4,
      markMatches: 1,
      // cluster-ips before and after translation, hairpin-connections.
      setProbes: 3,
      setHits: 1,
      // firewall-ips, service-ips, the numbers of numgen, no-endpoint-services.
      mapProbes: 4,
      mapHits: 2,
      randomDraws: 1,
      chainJumps: 6,
      dnatTargets: 1,
      ctLookups: 1,
      ctInserts: 1,
      natTupleSearches: 1,
    });

    const { target } = first.outcome;
    assert.ok(target);
    const reply = {
      ...FROM_POD,
      source: target.ip,
      sourcePort: target.port,
      destination: FROM_POD.source,
      destinationPort: 40_000,
      tcpFlags: TCP_FLAGS.SYN | TCP_FLAGS.ACK,
    };
    tracer.send(reply, 1);
    const established = tracer.send({ ...FROM_POD, tcpFlags: TCP_FLAGS.ACK }, 2);
    // The guards of three base chains fail, and no nat chain runs.
    assert.deepEqual(established.counts, {
      ...zeroCounts(),
      rulesEvaluated: 3,
      ctstateMatches: 3,
      ctLookups: 1,
    });
  });
}

test("layout 1.35 costs two rules and one jump more: its masquerade and hairpin rules, and the endpoint's chain", () => {
  const { counts } = tracerOf(2, 2, "1.35").send(FROM_POD, 0);
  // services 1, service- 2, endpoint- 2, masquerading 1: 14 - (2 + 1 + 2) + (1 + 2 + 2 + 1).
  assert.equal(counts.rulesEvaluated, 14);
  assert.equal(counts.chainJumps, 7);
  assert.equal(counts.setProbes, 1);
  // `ip saddr != CIDR` of the service and `ip saddr ENDPOINT` of the hairpin rule.
  assert.equal(counts.headerMisses, 2);
});

function tracerOf(services: number, endpoints: number, layout: "1.36" | "1.35") {
  const base = defaultProxyConfig("nftables", "IPv4", FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });
  const config = { ...base, nftables: { ...base.nftables, layout } };
  const model = compileNftables(buildProxyState(clusterOf(services, endpoints), config), config);
  return createNftTracer(model, { chance: new SeededChance(new Prng(1)), steps: false, conntrackMax: 16 });
}

function clusterOf(services: number, endpoints: number): ClusterObjects {
  const names = Array.from({ length: services }, (_, index) => `default/svc-${index}`);
  const endpointsOf = (service: number) =>
    Array.from({ length: endpoints }, (_, host) => `10.181.${service}.${host + 1}@node-2`);
  return {
    nodes: [],
    services: names.map((name, index) => testService(name, { clusterIP: `172.30.0.${index + 1}` })),
    endpointSlices: names.map((name, index) => testSlice(name, endpointsOf(index))),
  };
}
