import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { CounterName } from "../counters.js";
import { parseIpsets } from "../ipset/text.js";
import { parseIptablesSave } from "../iptables/parse.js";
import type { Packet } from "../packet.js";
import { SeededChance } from "./chance.js";
import { IptablesWalker } from "./iptables-walker.js";
import { parsePacket } from "./packet-text.js";
import { createPathTracer, noLocalStage } from "./path.js";
import type { Trace, Tracer } from "./trace.js";

const LOCAL = ["192.168.0.10", "fd00::10"];

function tracer(rules: string, sets = ""): Tracer {
  const { ruleset } = parseIptablesSave({ file: "t", text: rules });
  const ipsets = parseIpsets({ file: "t", text: sets }).sets;
  return createPathTracer({
    walker: new IptablesWalker(ruleset, { ipsets, localAddresses: LOCAL }),
    localStage: noLocalStage,
    localAddresses: LOCAL,
    family: ruleset.family,
    options: { chance: new SeededChance(new Prng(1)), steps: true, conntrackMax: 1000 },
  });
}

const table = (name: string, ...lines: string[]) => `*${name}\n${lines.join("\n")}\nCOMMIT\n`;
const forward = (...lines: string[]) =>
  table("filter", ...lines.map((line) => (line.startsWith(":") ? line : `-A FORWARD ${line}`)));

/** Whether a rule with these matches holds for the packet. */
function holds(rule: string, packet: string, sets = ""): boolean {
  return tracer(forward(`${rule} -j DROP`), sets).send(parsePacket(packet), 0).outcome.verdict === "DROP";
}

const TCP = "tcp 10.0.0.1:4000 > 10.9.0.1:80";
const counted = (trace: Trace): Partial<Record<CounterName, number>> =>
  Object.fromEntries(Object.entries(trace.counts).filter(([, count]) => count > 0));

const MATCHES: readonly [rule: string, packet: string, expected: boolean][] = [
  ["-s 10.0.0.0/8", TCP, true],
  ["! -s 10.0.0.0/8", TCP, false],
  ["-d 10.9.0.1", TCP, true],
  ["-d 10.9.0.2", TCP, false],
  ["-p udp", TCP, false],
  ["! -p udp", TCP, true],
  ["-p 6", TCP, true],
  ["-p vrrp", TCP, false],
  ["-i eth0", TCP, true],
  ["-i eth+", TCP, true],
  ["-i veth+", TCP, false],
  ["-o eth0", TCP, false],
  ["! -o eth0", TCP, true],
  ["-p tcp --dport 80", TCP, true],
  ["-p tcp --dport 79:81 --sport 4000", TCP, true],
  ["-p tcp ! --dport 80", TCP, false],
  ["-p tcp --syn", TCP, true],
  ["-p tcp --syn", `${TCP} flags=ACK`, false],
  ["-p tcp --tcp-flags SYN,ACK SYN", `${TCP} flags=SYN,ACK`, false],
  ["-p tcp -m multiport --dports 22,80", TCP, true],
  ["-p tcp -m multiport --ports 4000", TCP, true],
  ["-p tcp -m multiport ! --dports 22,80", TCP, false],
  ["-p icmp --icmp-type 8", "icmp 10.0.0.1 > 10.9.0.1", true],
  ["-p icmp --icmp-type 3", "icmp 10.0.0.1 > 10.9.0.1", false],
  ["-m conntrack --ctstate NEW", TCP, true],
  ["-m conntrack ! --ctstate NEW", TCP, false],
  ["-m state --state INVALID", `${TCP} flags=RST`, true],
  ["-m conntrack --ctstate DNAT", TCP, false],
  ["-m mark --mark 0x1", TCP, false],
  ["-m mark ! --mark 0x1/0x1", TCP, true],
  ["-m addrtype --dst-type UNICAST", TCP, true],
  ["-m addrtype --src-type LOCAL", TCP, false],
  ["-m addrtype ! --dst-type LOCAL", TCP, true],
  ["-m addrtype --dst-type LOCAL,MULTICAST", "udp 10.0.0.1:1 > 224.0.0.251:5353", true],
  ["-m addrtype --dst-type BROADCAST", "udp 10.0.0.1:1 > 255.255.255.255:67", true],
  ["-m iprange --src-range 10.0.0.1-10.0.0.9", TCP, true],
  ["-m iprange ! --dst-range 10.0.0.1-10.0.0.9", TCP, true],
  ["-m physdev --physdev-is-in", TCP, false],
  ["-m physdev ! --physdev-is-in", TCP, true],
  ["-m limit --limit 3/min", TCP, false],
  ["-m nfacct --nfacct-name x", TCP, true],
  ["-m comment --comment anything", TCP, true],
  ["-f", TCP, false],
  ["! -f", TCP, true],
  ["-m statistic --mode random --probability 1", TCP, true],
  ["-m statistic --mode random --probability 0", TCP, false],
];

test("IptablesWalker decides every match and header as iptables does", () => {
  for (const [rule, packet, expected] of MATCHES)
    assert.equal(holds(rule, packet), expected, `${rule} | ${packet}`);
});

test("IptablesWalker tests sets by the sides named; an undeclared set holds nothing", () => {
  const sets = "create S hash:ip,port\nadd S 10.9.0.1,tcp:80\n";
  assert.equal(holds("-m set --match-set S dst,dst", TCP, sets), true);
  assert.equal(holds("-m set --match-set S src,dst", TCP, sets), false);
  assert.equal(holds("-m set ! --match-set S src,dst", TCP, sets), true);
  assert.equal(holds("-m set --match-set NONE dst,dst", TCP), false);
  const trace = tracer(forward("-m set --match-set S src,src", "-m set --match-set S dst,dst"), sets).send(
    parsePacket(TCP),
    0,
  );
  assert.equal(trace.counts.setProbes, 2);
  assert.equal(trace.counts.setHits, 1);
});

test("IptablesWalker matches every nth packet, starting at --packet", () => {
  const drops = (options: string) => {
    const walk = tracer(forward(`-m statistic --mode nth ${options} -j DROP`));
    return Array.from({ length: 6 }, (_, index) =>
      walk.send(parsePacket(`udp 10.0.0.1:${index + 1} > 10.9.0.1:53`), 0),
    )
      .map(({ outcome }) => (outcome.verdict === "DROP" ? 1 : 0))
      .join("");
  };
  assert.equal(drops("--every 3 --packet 0"), "001001");
  assert.equal(drops("--every 3 --packet 2"), "100100");
});

test("IptablesWalker returns behind the jump, and from a goto to the chain before", () => {
  const rules = forward(":A - [0:0]", ":B - [0:0]", "-j A", "-m mark --mark 1 -j DROP");
  const withRules = rules.replace("COMMIT", "-A A -g B\n-A A -j DROP\n-A B -j MARK --set-mark 2\nCOMMIT");
  const trace = tracer(withRules).send(parsePacket(TCP), 0);
  assert.equal(trace.outcome.verdict, "ACCEPT");
  assert.deepEqual(
    trace.steps
      .filter(({ place }) => place.startsWith("filter"))
      .map(({ place, effect }) => `${place} ${effect}`),
    ["filter/FORWARD/1 jump A", "filter/A/1 goto B", "filter/B/1 mark 0x2", "filter/FORWARD/2 "],
  );
  assert.equal(trace.counts.chainJumps, 2);
});

test("IptablesWalker ends a built-in chain in its policy, after RETURN too", () => {
  assert.equal(tracer(forward(":FORWARD DROP [0:0]")).send(parsePacket(TCP), 0).outcome.verdict, "DROP");
  const returning = tracer(forward(":FORWARD DROP [0:0]", "-j RETURN", "-j ACCEPT")).send(
    parsePacket(TCP),
    0,
  );
  assert.deepEqual(
    [returning.outcome.verdict, returning.outcome.reason, returning.counts.rulesEvaluated],
    ["DROP", "rule", 1],
  );
});

test("IptablesWalker runs the tables in the kernel's order, ACCEPT ending only its own", () => {
  const rules = ["filter", "nat", "mangle", "raw"].map((name) =>
    table(name, "-A PREROUTING -j ACCEPT").replace(/^\*filter\n.*\n/, "*filter\n-A FORWARD -j ACCEPT\n"),
  );
  const places = tracer(rules.join(""))
    .send(parsePacket(TCP), 0)
    .steps.map(({ place }) => place);
  assert.deepEqual(places, [
    "conntrack",
    "raw/PREROUTING/1",
    "mangle/PREROUTING/1",
    "nat/PREROUTING/1",
    "route",
    "filter/FORWARD/1",
  ]);
});

test("IptablesWalker drops a packet whose chains nest too deep or loop", () => {
  const chains = Array.from({ length: 300 }, (_, index) => `:C${index} - [0:0]`);
  const jumps = Array.from({ length: 299 }, (_, index) => `-A C${index} -j C${index + 1}`);
  const deep = tracer(table("filter", ...chains, "-A FORWARD -j C0", ...jumps)).send(parsePacket(TCP), 0);
  assert.deepEqual([deep.outcome.verdict, deep.outcome.reason], ["DROP", "chain-too-deep"]);
  const looping = tracer(table("filter", ":A - [0:0]", "-A FORWARD -j A", "-A A -g A")).send(
    parsePacket(TCP),
    0,
  );
  assert.equal(looping.outcome.reason, "chain-too-deep");
});

test("IptablesWalker counts rules reached, header misses and matches up to the first that fails", () => {
  const trace = tracer(
    forward(
      "-s 10.1.0.0/16 -m comment --comment never -j DROP",
      "-p tcp -m comment --comment c -m mark --mark 1 -m comment --comment never -j DROP",
      "-p tcp -m tcp --dport 80 -m addrtype --src-type LOCAL --dst-type LOCAL -j DROP",
      "-j MARK --set-mark 1",
    ),
  ).send(parsePacket(TCP), 0);
  assert.deepEqual(counted(trace), {
    rulesEvaluated: 4,
    headerMisses: 1,
    commentMatches: 1,
    markMatches: 1,
    portMatches: 1,
    fibLookups: 1,
    markSets: 1,
    ctLookups: 1,
    ctInserts: 1,
  });
});

test("IptablesWalker spends nothing on empty built-in chains", () => {
  assert.deepEqual(counted(tracer("").send(parsePacket(TCP), 0)), { ctLookups: 1, ctInserts: 1 });
});

const nat = (...lines: string[]) => table("nat", ...lines.map((line) => `-A ${line}`));

test("REDIRECT sends packets to the node itself, its own to loopback", () => {
  const rules = nat(
    "PREROUTING -p tcp -j REDIRECT --to-ports 15001",
    "OUTPUT -p tcp -j REDIRECT --to-ports 15001",
  );
  assert.deepEqual(tracer(rules).send(parsePacket(TCP), 0).outcome.target, {
    ip: "192.168.0.10",
    port: 15001,
  });
  assert.deepEqual(tracer(rules).send(parsePacket(`${TCP} from=node`), 0).outcome.target, {
    ip: "127.0.0.1",
    port: 15001,
  });
});

test("SNAT takes its address and a port of its range; MASQUERADE the node's address", () => {
  const text = (packet: Packet, trace: Trace) =>
    trace.steps
      .filter(({ place }) => place === "nat")
      .map(({ text }) => text)
      .join() + packet.protocol;
  const packet = parsePacket(TCP);
  const snat = tracer(nat("POSTROUTING -p tcp -j SNAT --to-source 198.51.100.1:5000-5001"));
  assert.equal(text(packet, snat.send(packet, 0)), "source 198.51.100.1:5000tcp");
  const masquerade = tracer(nat("POSTROUTING -p tcp -j MASQUERADE"));
  const trace = masquerade.send(packet, 0);
  assert.equal(text(packet, trace), "source 192.168.0.10:4000tcp");
  assert.deepEqual(
    [trace.outcome.masquerade, trace.counts.masqueradeTargets, trace.counts.natTupleSearches],
    [true, 1, 1],
  );
});
