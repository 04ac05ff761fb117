// The core over small tables written by hand: choice, affinity, updates, and what an image cannot hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipWords } from "../../base/ip.js";
import type { NftAddress, NftChain, NftStatement, NftTable } from "../../netfilter/nftables/model.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../netfilter/packet.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import type { NftablesModel } from "../../netfilter/rule-model.js";
import { createEvaluator } from "../evaluator.js";
import { encodeNftables } from "./encode.js";

const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 1024 } as const;
const TARGETS: readonly NftAddress[] = [1, 2, 3, 4, 5].map((host) => ({
  ip: `10.180.0.${host}`,
  port: 8080,
}));

test("numgen spreads new connections evenly: chi-square over 20,000", () => {
  const evaluator = createEvaluator(
    encodeNftables(model([{ kind: "numgen-dnat", targets: TARGETS }]), ENCODE).image,
    {
      conntrackMax: 32_768,
      packetsMax: 20_000,
      seed: 7,
    },
  );
  evaluator.load(
    connections(20_000, (index) => ({ source: `10.1.${index >> 8}.${index & 255}`, timeMs: 0 })),
  );
  evaluator.evaluate();
  const hits = new Map(TARGETS.map(({ ip }) => [ip, 0]));
  for (let index = 0; index < 20_000; index++) {
    const { ip } = evaluator.results.target(index);
    hits.set(ip, (hits.get(ip) ?? 0) + 1);
  }
  assert.equal(hits.size, TARGETS.length);
  const expected = 20_000 / TARGETS.length;
  const chiSquare = [...hits.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99.9th percentile of chi-square with 4 degrees of freedom.
  assert.ok(chiSquare < 18.47, `chi-square ${chiSquare}: ${JSON.stringify([...hits])}`);
});

test("a client sticks to its endpoint until the set's timeout after its last new connection", () => {
  const evaluator = createEvaluator(encodeNftables(stickyModel(10), ENCODE).image, {
    conntrackMax: 1024,
    packetsMax: 64,
    seed: 3,
  });
  const send = (timesMs: readonly number[]) => {
    evaluator.load(
      connections(timesMs.length, (index) => ({ source: "10.1.0.1", timeMs: timesMs[index] as number })),
    );
    evaluator.evaluate();
    return timesMs.map((_, index) => evaluator.results.target(index).ip);
  };
  const within = send(Array.from({ length: 40 }, (_, index) => index * 9_999));
  assert.deepEqual([...new Set(within)].length, 1, "each connection refreshes the timeout");
  const after = send(Array.from({ length: 40 }, (_, index) => 1_000_000 + index * 10_000));
  assert.equal(new Set(after).size, TARGETS.length, "an element is gone at its deadline");
});

test("packets of an established connection keep their endpoint while the Service's endpoints change", () => {
  const encoder = encodeNftables(model([{ kind: "numgen-dnat", targets: TARGETS }]), ENCODE);
  const evaluator = createEvaluator(encoder.image, { conntrackMax: 64, packetsMax: 8, seed: 5 });
  const one = (timeMs: number) => {
    evaluator.load(connections(1, () => ({ source: "10.1.0.1", timeMs }), "udp"));
    evaluator.evaluate();
    return evaluator.results.target(0).ip;
  };
  const first = one(0);
  const others = TARGETS.filter(({ ip }) => ip !== first);
  encoder.update({
    mode: "nftables",
    change: { ...NO_CHANGE, chains: [service([{ kind: "numgen-dnat", targets: others }])] },
  });
  evaluator.replaceImage(encoder.image);
  for (let packet = 1; packet <= 10; packet++) assert.equal(one(packet), first);
});

test("a hundred thousand replaced chains leave the image as large as it was", () => {
  const encoder = encodeNftables(model([{ kind: "numgen-dnat", targets: TARGETS }]), ENCODE);
  const chain = (count: number) => service([{ kind: "numgen-dnat", targets: TARGETS.slice(0, count) }]);
  const update = (step: number) =>
    encoder.update({
      mode: "nftables",
      change: { ...NO_CHANGE, chains: [chain(1 + (step % TARGETS.length))] },
    });
  for (let step = 0; step < 100; step++) update(step);
  const { length } = encoder.image.bytes;
  for (let step = 0; step < 100_000; step++) update(step);
  assert.equal(encoder.image.bytes.length, length);
});

test("encodeNftables refuses references to chains, sets and maps that do not exist", () => {
  const refused = (statements: readonly NftStatement[], message: RegExp) =>
    assert.throws(() => encodeNftables(model(statements), ENCODE), message);
  refused([{ kind: "verdict", verdict: { kind: "goto", chain: "nowhere" } }], /chain 'nowhere'/);
  refused([{ kind: "lookup", fields: ["ip saddr"], negated: false, set: "no-set" }], /'no-set'/);
  refused([{ kind: "vmap", fields: ["ip daddr"], map: "no-map" }], /'no-map'/);
  refused([{ kind: "update", set: "services" }], /not dynamic/);
  refused([{ kind: "match", field: "ip saddr", negated: false, values: ["fd00::/8"] }], /'fd00::\/8'/);
});

const NO_CHANGE = {
  chains: [],
  removedChains: [],
  addedSets: [],
  removedSets: [],
  setElements: [],
  mapElements: [],
};

/** One ClusterIP, 10.96.0.1:80 for tcp and udp, whose chain holds one rule. */
function model(
  statements: readonly NftStatement[],
  more: Partial<Pick<NftTable, "sets">> & { chains?: readonly NftChain[] } = {},
): NftablesModel {
  const chains: NftChain[] = [
    {
      name: "nat-prerouting",
      base: { type: "nat", hook: "prerouting", priority: -100 },
      comment: null,
      rules: [
        {
          statements: [{ kind: "vmap", fields: ["ip daddr", "meta l4proto", "th dport"], map: "services" }],
          comment: null,
        },
      ],
    },
    service(statements),
    ...(more.chains ?? []),
  ];
  const table: NftTable = {
    family: "IPv4",
    name: "kube-proxy",
    comment: null,
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    sets: more.sets ?? new Map(),
    maps: new Map([
      [
        "services",
        {
          name: "services",
          type: ["addr", "inet_proto", "inet_service"],
          comment: null,
          elements: new Map(
            ["tcp", "udp"].map((protocol) => [
              `10.96.0.1 . ${protocol} . 80`,
              { verdict: { kind: "goto", chain: "service" }, comment: null },
            ]),
          ),
        },
      ],
    ]),
  };
  return { mode: "nftables", family: "IPv4", localAddresses: ["192.168.0.2"], table };
}

function service(...rules: readonly (readonly NftStatement[])[]): NftChain {
  return {
    name: "service",
    base: null,
    comment: null,
    rules: rules.map((statements) => ({ statements, comment: null })),
  };
}

/** The same Service with ClientIP affinity. */
function stickyModel(timeoutSeconds: number): NftablesModel {
  const names = TARGETS.map(({ ip }) => ({ ip, set: `affinity-${ip}`, chain: `endpoint-${ip}` }));
  const sets: NftTable["sets"] = new Map(
    names.map(({ set }) => [
      set,
      {
        name: set,
        type: ["addr"],
        comment: null,
        dynamicTimeoutSeconds: timeoutSeconds,
        elements: new Map(),
      },
    ]),
  );
  const endpoints = names.map(
    ({ ip, set, chain }): NftChain => ({
      name: chain,
      base: null,
      comment: null,
      rules: [
        { statements: [{ kind: "update", set }], comment: null },
        { statements: [{ kind: "dnat", target: { ip, port: 8080 } }], comment: null },
      ],
    }),
  );
  const sticky = service(
    ...names.map(({ set, chain }): NftStatement[] => [
      { kind: "lookup", fields: ["ip saddr"], negated: false, set },
      { kind: "verdict", verdict: { kind: "goto", chain } },
    ]),
    [{ kind: "numgen-vmap", verdicts: names.map(({ chain }) => ({ kind: "goto", chain })) }],
  );
  const base = model([], { sets, chains: endpoints });
  base.table.chains.set("service", sticky);
  return base;
}

/** `count` packets to the Service, each from a port of its own. */
function connections(
  count: number,
  packet: (index: number) => { readonly source: string; readonly timeMs: number },
  protocol: "tcp" | "udp" = "tcp",
): PacketColumns {
  const columns = new PacketColumns("IPv4", count);
  for (let index = 0; index < count; index++) {
    const { source, timeMs } = packet(index);
    columns.source.set(ipWords(source), index * 4);
    columns.destination.set(ipWords("10.96.0.1"), index * 4);
    columns.sourcePort[index] = 1024 + index;
    columns.destinationPort[index] = 80;
    columns.protocol[index] = PROTOCOL_NUMBERS[protocol];
    columns.tcpFlags[index] = protocol === "tcp" ? TCP_FLAGS.SYN : 0;
    columns.timeMs[index] = timeMs;
  }
  return columns;
}
