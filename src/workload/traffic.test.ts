import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { cidrContains, knownCidr } from "../base/ip.js";
import { TCP_FLAGS } from "../netfilter/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import { generateCluster } from "./generate.js";
import { defaultGenerateSpec } from "./generate-spec.js";
import { FLOW_MISSES, generateTraffic, type TrafficPlan } from "./traffic.js";
import { defaultTrafficSpec, type TrafficSpec } from "./traffic-spec.js";
import { trafficTargets } from "./traffic-targets.js";

const SEED = 7;
const NODE = "192.168.0.10";
const cluster = generateCluster({
  ...defaultGenerateSpec,
  services: 300,
  families: "dual",
  types: { ClusterIP: 4, NodePort: 1, LoadBalancer: 1, headless: 0.2, ExternalName: 0.2 },
  ports: { min: 1, max: 2 },
  protocols: { TCP: 3, UDP: 1, SCTP: 1 },
  externalIPsShare: 0.2,
});
const TARGETS = trafficTargets(cluster, "IPv4", [NODE]);
const SPEC: TrafficSpec = { ...defaultTrafficSpec, packets: 20_000, arrival: { model: "backlog" } };
const MIXED_TARGETS = { "cluster-ip": 4, "external-ip": 1, "load-balancer": 1, "node-port": 2 };

function plan(change: Partial<TrafficSpec> = {}, seed = SEED): TrafficPlan {
  return generateTraffic(TARGETS, { ...SPEC, ...change }, seed);
}

function tupleOf(columns: PacketColumns, index: number): string {
  const { protocol, source, sourcePort, destination, destinationPort } = columns.at(index);
  return `${protocol} ${source}:${sourcePort} > ${destination}:${destinationPort}`;
}

function tuples(columns: PacketColumns): string[] {
  return Array.from({ length: columns.count }, (_, index) => tupleOf(columns, index));
}

function digest({ steady, opening }: TrafficPlan): string {
  const hash = createHash("sha256");
  for (const columns of [steady, opening]) {
    hash
      .update(columns.source)
      .update(columns.destination)
      .update(columns.sourcePort)
      .update(columns.destinationPort);
    hash
      .update(columns.protocol)
      .update(columns.tcpFlags)
      .update(columns.payloadBytes)
      .update(columns.timeMs);
  }
  return hash.digest("hex");
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

test("generateTraffic gives the same packets for the same seed", () => {
  for (const kind of ["first-packet", "established", "mixed"] as const) {
    assert.equal(digest(plan({ kind })), digest(plan({ kind })));
    assert.notEqual(digest(plan({ kind })), digest(plan({ kind }, SEED + 1)));
  }
});

test("generateTraffic of first packets opens a fresh 5-tuple with each, to a target of the list", () => {
  const weights = { pod: 3, outside: 2, node: 1 };
  const { steady, opening, flowCount, flowTarget, steadyFlow, steadyOpens } = plan({
    targetWeights: MIXED_TARGETS,
    clients: { ...SPEC.clients, weights },
  });
  assert.deepEqual([steady.count, opening.count, flowCount], [20_000, 0, 20_000]);
  assert.equal(new Set(tuples(steady)).size, 20_000);
  assert.ok(steadyOpens.every((opens) => opens === 1));
  for (let index = 0; index < steady.count; index++) {
    const packet = steady.at(index);
    const target = TARGETS[flowTarget[steadyFlow[index] as number] as number];
    assert.deepEqual([packet.destination, packet.destinationPort], [target?.ip, target?.port]);
    assert.equal(packet.protocol, target?.protocol.toLowerCase());
    const isTcp = packet.protocol === "tcp";
    assert.deepEqual([packet.tcpFlags, packet.payloadBytes], isTcp ? [TCP_FLAGS.SYN, 0] : [0, 64]);
  }
});

test("generateTraffic sends from Pods, from outside and from the node in the shares asked for", () => {
  const { steady } = plan({
    clients: { ...SPEC.clients, count: 50, weights: { pod: 5, outside: 4, node: 1 } },
  });
  const sources = Array.from({ length: steady.count }, (_, index) => steady.at(index));
  const from = (name: string | null) => sources.filter(({ inInterface }) => inInterface === name);
  assert.ok(Math.abs(from("cni0").length / 20_000 - 0.5) < 0.02, `seed ${SEED}`);
  assert.ok(Math.abs(from(null).length / 20_000 - 0.1) < 0.02, `seed ${SEED}`);
  const podCidr = knownCidr("10.244.0.0/24");
  assert.ok(from("cni0").every(({ source }) => cidrContains(podCidr, source)));
  assert.ok(from("eth0").every(({ source }) => cidrContains(knownCidr("198.51.100.0/24"), source)));
  assert.ok(from(null).every(({ source }) => source === NODE));
  assert.equal(new Set(from("cni0").map(({ source }) => source)).size, 50);
});

test("generateTraffic of established flows opens each before, and sends in them only", () => {
  const { steady, opening, openingFlow, steadyFlow, steadyOpens, flowCount } = plan({
    kind: "established",
    flows: 200,
  });
  assert.deepEqual([flowCount, opening.count], [200, 200]);
  assert.deepEqual(
    [...openingFlow],
    Array.from({ length: 200 }, (_, index) => index),
  );
  const opened = tuples(opening);
  for (let index = 0; index < steady.count; index++) {
    assert.equal(tupleOf(steady, index), opened[steadyFlow[index] as number]);
  }
  assert.equal(sum(steadyOpens), 0);
  assert.ok(steady.tcpFlags.every((flags) => (flags & TCP_FLAGS.SYN) === 0));
});

test("generateTraffic of established flows sends more in longer ones", () => {
  const heavy = plan({
    kind: "established",
    flows: 500,
    flowLength: { kind: "pareto", alpha: 1.1, min: 1, max: 100_000 },
  });
  const even = plan({ kind: "established", flows: 500, flowLength: { kind: "fixed", packets: 3 } });
  const busiest = ({ steadyFlow }: TrafficPlan) => {
    const counts = new Uint32Array(500);
    for (const flow of steadyFlow) (counts[flow] as number)++;
    return Math.max(...counts);
  };
  assert.ok(busiest(heavy) > 5 * busiest(even), `seed ${SEED}`);
});

test("generateTraffic of a mix opens flows at the ratio asked for, and each before its other packets", () => {
  const mixed = plan({ kind: "mixed", flows: 100, newConnectionRatio: 0.2 });
  assert.ok(
    Math.abs(sum(mixed.steadyOpens) / 20_000 - 0.2) < 0.02,
    `${sum(mixed.steadyOpens)} of 20000, seed ${SEED}`,
  );
  const seen = new Set(mixed.openingFlow);
  for (let index = 0; index < mixed.steady.count; index++) {
    const flow = mixed.steadyFlow[index] as number;
    assert.equal(mixed.steadyOpens[index] === 1, !seen.has(flow));
    seen.add(flow);
  }
  assert.equal(seen.size, mixed.flowCount);
});

test("generateTraffic of a mix ends TCP flows after their length", () => {
  const { steady, steadyFlow, opening, flowCount, steadyOpens } = plan({
    kind: "mixed",
    flows: 50,
    protocols: ["TCP"],
    flowLength: { kind: "fixed", packets: 4 },
  });
  const packets = new Uint32Array(flowCount);
  const ended = new Set<number>();
  for (let index = 0; index < steady.count; index++) {
    const flow = steadyFlow[index] as number;
    assert.ok(!ended.has(flow), "nothing follows the end");
    (packets[flow] as number)++;
    if (((steady.tcpFlags[index] as number) & TCP_FLAGS.FIN) !== 0) ended.add(flow);
  }
  for (const flow of ended)
    assert.ok(packets[flow] === 4 || (flow < opening.count && (packets[flow] as number) < 4));
  assert.ok(Math.abs(sum(steadyOpens) / steady.count - 0.25) < 0.01);
});

test("generateTraffic to the first, middle and last target asks only that", () => {
  const clusterIPs = TARGETS.filter(({ kind, protocol }) => kind === "cluster-ip" && protocol === "TCP");
  for (const [kind, index] of [
    ["first", 0],
    ["middle", clusterIPs.length >>> 1],
    ["last", clusterIPs.length - 1],
  ] as const) {
    const { flowTarget } = plan({ popularity: { kind }, protocols: ["TCP"], packets: 100 });
    assert.deepEqual(
      [...new Set(flowTarget)].map((target) => TARGETS[target]),
      [clusterIPs[index]],
      kind,
    );
  }
});

test("generateTraffic that misses asks an address of the service range that nobody has", () => {
  const { steady, flowTarget } = plan({ popularity: { kind: "miss" }, packets: 50 });
  assert.equal(steady.at(0).destination, "10.111.255.254");
  assert.ok(flowTarget.every((target) => target === FLOW_MISSES));
  assert.equal(
    TARGETS.find(({ ip }) => ip === "10.111.255.254"),
    undefined,
  );
  assert.throws(
    () => plan({ popularity: { kind: "miss" }, serviceCIDR: "fd00::/64" }),
    /expected an IPv4 CIDR/,
  );
});

test("generateTraffic follows uniform and zipf popularity", () => {
  const counts = (popularity: TrafficSpec["popularity"]) => {
    const perTarget = new Map<number, number>();
    for (const target of plan({ popularity }).flowTarget)
      perTarget.set(target, (perTarget.get(target) ?? 0) + 1);
    return [...perTarget.values()].sort((a, b) => b - a);
  };
  const uniform = counts({ kind: "uniform" });
  const expected = 20_000 / uniform.length;
  const chiSquare = sum(uniform.map((count) => (count - expected) ** 2 / expected));
  assert.ok(
    chiSquare < uniform.length + 5 * Math.sqrt(2 * uniform.length),
    `chi-square ${chiSquare}, seed ${SEED}`,
  );
  const [first = 0, second = 0] = counts({ kind: "zipf", s: 1 });
  const harmonic = sum(Array.from({ length: uniform.length }, (_, rank) => 1 / (rank + 1)));
  assert.ok(Math.abs(first / 20_000 - 1 / harmonic) < 0.02, `${first} to the first, seed ${SEED}`);
  assert.ok(Math.abs(second / 20_000 - 0.5 / harmonic) < 0.02, `${second} to the second, seed ${SEED}`);
});

test("generateTraffic keeps to protocols and to shares of kinds", () => {
  const { flowTarget } = plan({ protocols: ["UDP", "SCTP"], targetWeights: MIXED_TARGETS });
  const asked = [...flowTarget].map((target) => TARGETS[target]);
  assert.ok(asked.every((target) => target?.protocol !== "TCP"));
  const nodePorts = asked.filter((target) => target?.kind === "node-port").length / asked.length;
  assert.ok(Math.abs(nodePorts - 0.25) < 0.02, `${nodePorts} to node ports, seed ${SEED}`);
});

test("generateTraffic mixes protocols by weight, whatever there are more targets of", () => {
  const { steady } = plan({ protocolWeights: { TCP: 1, UDP: 3, SCTP: 0 } });
  const share = (number: number) =>
    steady.protocol.filter((protocol) => protocol === number).length / steady.count;
  assert.ok(Math.abs(share(17) - 0.75) < 0.02, `${share(17)} UDP, seed ${SEED}`);
  assert.equal(share(132), 0);
});

test("generateTraffic leaves flows alone when only the arrival changes", () => {
  const arrivals: TrafficSpec["arrival"][] = [
    { model: "backlog" },
    { model: "open", ratePerSecond: 1000, process: "poisson" },
    { model: "closed", concurrency: 10, thinkMs: 5 },
  ];
  const [first, ...others] = arrivals.map((arrival) => tuples(plan({ arrival, packets: 500 }).steady));
  for (const other of others) assert.deepEqual(other, first);
});

test("generateTraffic stamps arrivals by the model", () => {
  const times = (arrival: TrafficSpec["arrival"], packets = 20_000) => [
    ...plan({ arrival, packets }).steady.timeMs,
  ];
  assert.ok(times({ model: "backlog" }).every((time) => time === 0));
  assert.deepEqual(times({ model: "open", ratePerSecond: 400, process: "fixed" }, 6), [0, 2, 5, 7, 10, 12]);
  assert.deepEqual(times({ model: "closed", concurrency: 2, thinkMs: 10 }, 6), [0, 0, 10, 10, 20, 20]);
  const poisson = times({ model: "open", ratePerSecond: 1000, process: "poisson" });
  assert.ok(Math.abs((poisson.at(-1) ?? 0) / 20_000 - 1) < 0.05, `seed ${SEED}`);
  assert.ok(poisson.every((time, index) => index === 0 || time >= (poisson[index - 1] ?? 0)));
  assert.throws(
    () => times({ model: "open", ratePerSecond: 0.001, process: "fixed" }, 5000),
    /limit 2\^32-1 ms/,
  );
});

test("generateTraffic speaks IPv6", () => {
  const targets = trafficTargets(cluster, "IPv6", ["fd00:192:168::a"]);
  const { steady, family } = generateTraffic(targets, { ...SPEC, packets: 100 }, SEED);
  assert.equal(family, "IPv6");
  assert.match(steady.at(0).source, /^fd00:10:244:0:ffff:ffff:ffff:|^fd00:10:244:/);
  assert.match(steady.at(0).destination, /^fd00:10:96::/);
});

test("generateTraffic refuses what it cannot send", () => {
  assert.throws(() => generateTraffic([], SPEC, 1), /no Service has an address to send to/);
  assert.throws(() => plan({ packets: 0 }), /packets is 0, expected a whole number 1\.\.50000000/);
  assert.throws(
    () => plan({ arrival: { model: "open", ratePerSecond: 0, process: "fixed" } }),
    /arrival.ratePerSecond is 0/,
  );
  const sctp = generateCluster(defaultGenerateSpec);
  assert.throws(
    () => generateTraffic(trafficTargets(sctp, "IPv4", []), { ...SPEC, protocols: ["SCTP"] }, 1),
    /none of 100 targets speaks SCTP/,
  );
  assert.throws(
    () =>
      generateTraffic(
        trafficTargets(sctp, "IPv4", []),
        { ...SPEC, targetWeights: { ...MIXED_TARGETS, "cluster-ip": 0 } },
        1,
      ),
    /no Service can be asked by external-ip or load-balancer or node-port/,
  );
  const one = { ...SPEC.clients, count: 1 };
  assert.throws(() => plan({ packets: 64_513, clients: one }), /1 clients have used 64512 ports each/);
  assert.equal(
    new Set(tuples(plan({ packets: 64_512, clients: one, popularity: { kind: "first" } }).steady)).size,
    64_512,
  );
  assert.throws(() => plan({ clients: { ...one, podCIDR: "10.0.0.0/30", count: 3 } }), /has room for 2/);
});
