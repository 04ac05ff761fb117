// Small things timed with tinybench, in batches so that the clock is below one percent of a sample: the core against the
// tracer, encoding, patching one Service, reading counters. For a look while working; compared numbers come from runs.
// usage: node dist/bench/micro/core.bench.js
import { Bench } from "tinybench";
import { present } from "../../src/base/assert.js";
import { ipText, ipWords, parseCidr } from "../../src/base/ip.js";
import { Prng } from "../../src/base/prng.js";
import { createEvaluator } from "../../src/dataplane/evaluator.js";
import { encodeIptables } from "../../src/dataplane/iptables/encode.js";
import type { EncodeOptions } from "../../src/dataplane/table-image.js";
import type { Chain, Match, Rule } from "../../src/netfilter/iptables/model.js";
import { emptyRuleset, rule } from "../../src/netfilter/iptables/ruleset.js";
import { PROTOCOL_NUMBERS, type Packet, TCP_FLAGS } from "../../src/netfilter/packet.js";
import { PacketColumns } from "../../src/netfilter/packet-columns.js";
import type { IptablesModel } from "../../src/netfilter/rule-model.js";
import { SeededChance } from "../../src/netfilter/tracer/chance.js";
import { createTracer } from "../../src/netfilter/tracer/index.js";

const OPTIONS: EncodeOptions = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 };
const SERVICES = 1_000;
const ENDPOINTS = 4;
const BATCH = 64;
const FLOWS = 4_096;

const cidr = (ip: string) => ({ value: present(parseCidr(ip), ip), negated: false });
const tcp = { value: "tcp", negated: false };
const vip = (service: number) => ipText([0x0a600000 + service, 0, 0, 0], "IPv4");
const pod = (service: number, endpoint: number) =>
  ipText([0x0af40000 + service * ENDPOINTS + endpoint, 0, 0, 0], "IPv4");

function port80(): Match {
  const destination = { value: [{ first: 80, last: 80 }], negated: false };
  return { kind: "port", extension: "tcp", source: null, destination, either: null, tcpFlags: null };
}

/** One Service's chains, as kube-proxy writes them. */
function serviceChains(service: number): Chain[] {
  const balancing = Array.from({ length: ENDPOINTS }, (_, endpoint): Rule => {
    const threshold = Math.round(2 ** 31 / (ENDPOINTS - endpoint));
    const random: Match = { kind: "statistic", mode: "random", threshold, text: "", negated: false };
    const matches = endpoint < ENDPOINTS - 1 ? [random] : [];
    return rule({ matches, target: { kind: "jump", chain: `SEP-${service}-${endpoint}` } });
  });
  const endpoints = Array.from({ length: ENDPOINTS }, (_, endpoint): Chain => {
    const to = { first: pod(service, endpoint), last: null, ports: { first: 8080, last: 8080 } };
    const rules = [
      rule({ source: cidr(pod(service, endpoint)), target: { kind: "jump", chain: "MARK-MASQ" } }),
      rule({ protocol: tcp, target: { kind: "dnat", to, options: "" } }),
    ];
    return { name: `SEP-${service}-${endpoint}`, policy: null, rules };
  });
  return [{ name: `SVC-${service}`, policy: null, rules: balancing }, ...endpoints];
}

function buildModel(): IptablesModel {
  const ruleset = emptyRuleset("IPv4");
  const nat = present(ruleset.tables.get("nat"), "nat").chains;
  const dispatch = Array.from({ length: SERVICES }, (_, service) =>
    rule({
      destination: cidr(vip(service)),
      protocol: tcp,
      matches: [{ kind: "comment", text: "a Service" }, port80()],
      target: { kind: "jump", chain: `SVC-${service}` },
    }),
  );
  const mark = rule({ target: { kind: "mark", value: 0x4000, mask: 0x4000, text: "" } });
  nat.set("SERVICES", { name: "SERVICES", policy: null, rules: dispatch });
  nat.set("MARK-MASQ", { name: "MARK-MASQ", policy: null, rules: [mark] });
  for (let service = 0; service < SERVICES; service++) {
    for (const chain of serviceChains(service)) nat.set(chain.name, chain);
  }
  nat.get("PREROUTING")?.rules.push(rule({ target: { kind: "jump", chain: "SERVICES" } }));
  return { mode: "iptables", family: "IPv4", localAddresses: ["192.168.0.1"], ruleset, ipsets: [] };
}

function packets(): PacketColumns {
  const prng = new Prng(1);
  const columns = new PacketColumns("IPv4", FLOWS);
  for (let index = 0; index < FLOWS; index++) {
    columns.source.set(ipWords(pod(index, 0)), index * 4);
    columns.destination.set(ipWords(vip(prng.below(SERVICES))), index * 4);
    columns.sourcePort[index] = 1024 + index;
    columns.destinationPort[index] = 80;
    columns.protocol[index] = PROTOCOL_NUMBERS.tcp;
    columns.tcpFlags[index] = TCP_FLAGS.SYN;
  }
  return columns;
}

const model = buildModel();
const columns = packets();
const encoder = encodeIptables(model, OPTIONS);
const core = createEvaluator(encoder.image, { conntrackMax: FLOWS * 2, packetsMax: FLOWS, seed: 1 });
core.load(columns);
const objects: Packet[] = Array.from({ length: FLOWS }, (_, index) => columns.at(index));
const newTracer = () =>
  createTracer(model, { chance: new SeededChance(new Prng(1)), steps: false, conntrackMax: FLOWS * 2 });
let tracer = newTracer();
let coreAt = 0;
let tracerAt = 0;
let sum = 0;

function coreBatch(): void {
  if (coreAt === FLOWS) {
    core.reset();
    coreAt = 0;
  }
  core.evaluate(coreAt, BATCH);
  coreAt += BATCH;
}

function tracerBatch(): void {
  if (tracerAt === FLOWS) {
    tracer = newTracer();
    tracerAt = 0;
  }
  for (let index = 0; index < BATCH; index++)
    sum += tracer.send(objects[tracerAt + index] as Packet, 0).counts.rulesEvaluated;
  tracerAt += BATCH;
}

const bench = new Bench({ time: 1_000, warmupTime: 300 });
bench
  .add(`core: ${BATCH} first packets, ${SERVICES} Services`, coreBatch)
  .add(`tracer: ${BATCH} first packets, ${SERVICES} Services`, tracerBatch)
  .add(`encode ${SERVICES} Services x ${ENDPOINTS} endpoints`, () => {
    sum += encodeIptables(model, OPTIONS).image.bytes.length;
  })
  .add("patch one Service in place", () => {
    encoder.update({
      mode: "iptables",
      chains: serviceChains(7).map((chain) => ({ table: "nat", chain })),
      removed: [],
    });
  })
  .add("read all counters", () => {
    sum += core.counters().rulesEvaluated;
  })
  .add(`load ${FLOWS} packets`, () => core.load(columns));
await bench.run();
console.table(bench.table());

/** Median ns of a task. */
function medianNs(name: string): number {
  const result = bench.tasks.find((task) => task.name.startsWith(name))?.result;
  return result !== undefined && "latency" in result ? result.latency.p50 * 1e6 : Number.NaN;
}

const ratio = medianNs("tracer") / medianNs("core");
console.log(`core : tracer = ${ratio.toFixed(0)} times the packets per second (checked sum ${sum})`);
