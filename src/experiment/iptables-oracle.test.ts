// The WASM core against the tracer on kube-proxy's own rules: seeded clusters whose Services change, images patched in
// place by partial syncs, packets in flows, outcome and every counter. Also the userspace proxy's portal rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Family, ipWords } from "../base/ip.js";
import { Prng } from "../base/prng.js";
import { createEvaluator } from "../dataplane/evaluator.js";
import { encodeIptables } from "../dataplane/iptables/encode.js";
import { sendBoth } from "../dataplane/oracle/compare.test-data.js";
import { nextTime, randomPacket, type SentPacket } from "../dataplane/oracle/random-packets.test-data.js";
import type { World } from "../dataplane/oracle/random-ruleset.test-data.js";
import type { ImageEncoder } from "../dataplane/table-image.js";
import { encodeUserspace } from "../dataplane/userspace/encode.js";
import type { IptablesRuleset } from "../netfilter/iptables/model.js";
import { PROTOCOL_NUMBERS, type Protocol, TCP_FLAGS } from "../netfilter/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import type { RuleChange } from "../netfilter/rule-change.js";
import type { IptablesModel, UserspaceModel } from "../netfilter/rule-model.js";
import { SeededChance } from "../netfilter/tracer/chance.js";
import { createTracer } from "../netfilter/tracer/index.js";
import type { Trace } from "../netfilter/tracer/trace.js";
import type { ProxyConfig } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { compileIptables } from "../proxy/iptables/compile.js";
import { syncPartial } from "../proxy/iptables/sync.js";
import {
  changeCluster,
  RANDOM_CLUSTER_CIDRS,
  RANDOM_NODE,
  randomCluster,
  randomPodIp,
} from "../proxy/nftables/random-cluster.test-data.js";
import { buildProxyState } from "../proxy/state/build-state.js";
import { compileUserspace } from "../proxy/userspace/compile.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 20264);
const ENCODE = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 1024 } as const;
const CONNTRACK_MAX = 200;
const SERVICES = 12;

interface Race {
  readonly model: IptablesModel | UserspaceModel;
  readonly encoder: ImageEncoder;
  /** Change the cluster; null where the mode has no partial sync. */
  readonly change: (() => RuleChange) | null;
}

function race(family: Family, seed: number, { model, encoder, change }: Race): Trace[] {
  const prng = new Prng(seed);
  const portals = portalsOf(model.ruleset);
  const world = worldOf(prng, model, portals);
  const chance = new SeededChance(new Prng(seed));
  const tracer = createTracer(model, { chance, steps: true, conntrackMax: CONNTRACK_MAX });
  const evaluator = createEvaluator(encoder.image, { conntrackMax: CONNTRACK_MAX, packetsMax: 1, seed });
  const traces: Trace[] = [];
  const sent: SentPacket[] = [];
  let timeMs = 0;
  for (let step = 0; step < 800; step++) {
    if (change !== null && step % 100 === 99) {
      const synced = change();
      assert.ok(synced.mode === "iptables");
      applyChange(model.ruleset, synced);
      encoder.update(synced);
      evaluator.replaceImage(encoder.image);
    }
    timeMs = nextTime(prng, timeMs);
    const columns = randomPacket(prng, world, sent, timeMs);
    if (prng.below(2) === 0) aim(columns, prng.pick(portals));
    const { trace, source, destination } = sendBoth(
      tracer,
      evaluator,
      columns,
      `seed ${SEED} ${family}, step ${step}`,
    );
    traces.push(trace);
    const { source: ip, sourcePort, destination: to, destinationPort } = columns.at(0);
    const protocol = columns.protocol[0] as number;
    sent.push({ protocol, source: { ip, port: sourcePort }, destination: { ip: to, port: destinationPort } });
    if (trace.outcome.reason === "none") sent.push({ protocol, source, destination });
  }
  return traces;
}

/** What rules dispatch on. */
interface Portal {
  readonly ip: string;
  readonly port: number;
  readonly protocol: number;
}

function portalsOf(ruleset: IptablesRuleset): Portal[] {
  const portals: Portal[] = [];
  for (const table of ruleset.tables.values()) {
    for (const chain of table.chains.values()) {
      for (const { destination, protocol, matches } of chain.rules) {
        const ip = /^(.*)\/(?:32|128)$/.exec(destination?.value.text ?? "")?.[1];
        const match = matches.find((each) => each.kind === "port");
        const port = match?.destination?.value[0]?.first;
        if (ip === undefined || port === undefined || protocol === null) continue;
        portals.push({ ip, port, protocol: PROTOCOL_NUMBERS[protocol.value as Protocol] });
      }
    }
  }
  return portals;
}

/** A new connection to a portal instead. */
function aim(columns: PacketColumns, { ip, port, protocol }: Portal): void {
  columns.destination.set(ipWords(ip));
  columns.destinationPort[0] = port;
  columns.protocol[0] = protocol;
  columns.tcpFlags[0] = protocol === PROTOCOL_NUMBERS.tcp ? TCP_FLAGS.SYN : 0;
}

/** Addresses and ports that the rules name, and some that they do not. */
function worldOf(
  prng: Prng,
  { family, localAddresses }: IptablesModel | UserspaceModel,
  portals: readonly Portal[],
): World {
  const pods = [randomPodIp(prng, family), randomPodIp(prng, family), randomPodIp(prng, family)];
  const addresses = [...new Set([...localAddresses, ...pods, ...portals.map(({ ip }) => ip)])];
  const ports = [...new Set([8080, 443, ...portals.map(({ port }) => port)])];
  return { family, addresses, localAddresses, ports, interfaces: ["", "eth0", "veth1"] };
}

function applyChange(
  ruleset: IptablesRuleset,
  { chains, removed }: Extract<RuleChange, { mode: "iptables" | "userspace" }>,
): void {
  for (const { table, chain } of chains) ruleset.tables.get(table)?.chains.set(chain.name, chain);
  for (const { table, name } of removed) ruleset.tables.get(table)?.chains.delete(name);
}

function configOf(mode: "iptables" | "userspace", family: Family, more: Partial<ProxyConfig>): ProxyConfig {
  return {
    ...defaultProxyConfig(mode, family, RANDOM_NODE, { clusterCIDRs: RANDOM_CLUSTER_CIDRS }),
    ...more,
  };
}

function iptablesRace(family: Family, config: ProxyConfig, seed: number): Race {
  const prng = new Prng(seed);
  let objects = randomCluster(prng, family, SERVICES);
  let state = buildProxyState(objects, config);
  const model = compileIptables(state, config);
  const change = () => {
    const changed = changeCluster(prng, family, objects);
    const next = buildProxyState(changed.objects, config);
    const synced = syncPartial(state, next, changed.changed, config).change;
    assert.ok(synced !== null);
    ({ objects } = changed);
    state = next;
    return synced;
  };
  return { model, encoder: encodeIptables(model, ENCODE), change };
}

const seen: Trace[] = [];
const VARIANTS: readonly { readonly name: string; readonly config: Partial<ProxyConfig> }[] = [
  { name: "default", config: {} },
  { name: "masquerade all, large cluster", config: { masqueradeAll: true, largeClusterEndpoints: 1 } },
  { name: "interface prefix", config: { localDetector: { kind: "prefix", prefix: "veth" } } },
];

for (const family of ["IPv4", "IPv6"] as const) {
  for (const { name, config } of VARIANTS) {
    test(`core and tracer agree on kube-proxy's rules while Services change, ${family}, ${name}`, () => {
      const seed = new Prng(SEED).fork(`${family} ${name}`).next32();
      seen.push(...race(family, seed, iptablesRace(family, configOf("iptables", family, config), seed)));
    });
  }

  test(`core and tracer agree on the userspace proxy's rules, ${family}`, () => {
    const seed = new Prng(SEED).fork(`userspace ${family}`).next32();
    const config = configOf("userspace", family, {});
    const model = compileUserspace(
      buildProxyState(randomCluster(new Prng(seed), family, SERVICES), config),
      config,
    );
    const traces = race(family, seed, { model, encoder: encodeUserspace(model, ENCODE), change: null });
    assert.ok(traces.filter(({ counts }) => counts.bytesCopied > 0).length >= 20, "few packets were proxied");
  });
}

test("the packets of these races met every verdict and every kind of work", () => {
  const count = (holds: (trace: Trace) => boolean) => seen.filter(holds).length;
  for (const verdict of ["ACCEPT", "DNAT", "DROP", "REJECT"] as const) {
    assert.ok(count(({ outcome }) => outcome.verdict === verdict) >= 50, `${verdict} is rare`);
  }
  assert.ok(count(({ established }) => established) >= 300, "few packets belong to known flows");
  for (const counter of [
    "recentOps",
    "masqueradeTargets",
    "randomDraws",
    "markSets",
    "fibLookups",
  ] as const) {
    assert.ok(count(({ counts }) => counts[counter] > 0) >= 20, `${counter} is rare`);
  }
});
