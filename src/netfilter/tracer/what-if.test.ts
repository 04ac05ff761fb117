import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIptablesSave } from "../iptables/parse.js";
import type { IptablesModel } from "../rule-model.js";
import { SeededChance } from "./chance.js";
import { Prng } from "../../base/prng.js";
import { createTracer, parsePacket } from "./index.js";
import { undecidedOn } from "./what-if.js";

const NODE = "192.0.2.1";

/** "place what -> verdict targets" of everything that the packet's outcome hangs on. */
function hangsOn(text: string, packetText: string): readonly string[] {
  const { ruleset } = parseIptablesSave({ file: "t", text });
  const { family } = ruleset;
  const model: IptablesModel = { mode: "iptables", family, ruleset, ipsets: [], localAddresses: [NODE] };
  const packet = parsePacket(packetText);
  const options = { chance: new SeededChance(new Prng(1)), steps: true, conntrackMax: 16 };
  const { steps } = createTracer(model, options).send(packet, 0);
  return undecidedOn(model, packet, steps).map(({ place, what, otherwise }) =>
    otherwise === null
      ? `${place} ${what}`
      : `${place} ${what} -> ${[otherwise.verdict, ...otherwise.targets].join(" ")}`,
  );
}

const DOCKER = `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-BRIDGE - [0:0]
-A FORWARD -j DOCKER-BRIDGE
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER ! -i docker0 -o docker0 -j DROP
-A DOCKER-BRIDGE -o docker0 -j DOCKER
COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
`;

test("undecidedOn takes an interface to be the one asked for in every rule: Docker's published port is open", () => {
  assert.deepEqual(hangsOn(DOCKER, `tcp 198.51.100.7:40000 > ${NODE}:8080`), [
    "filter/DOCKER-BRIDGE/1 -o docker0 -> DNAT 172.17.0.2:80",
  ]);
  assert.deepEqual(hangsOn(DOCKER, "tcp 198.51.100.7:40000 > 172.17.0.2:81"), []);
});

test("undecidedOn tries the conditions of one rule one by one, then together", () => {
  const policy = (rule: string) => `*filter\n:FORWARD DROP [0:0]\n-A FORWARD ${rule} -j ACCEPT\nCOMMIT\n`;
  const packet = "tcp 10.0.0.1:40000 > 10.0.0.2:80";
  assert.deepEqual(hangsOn(policy("-m set --match-set A src -m set --match-set B dst"), packet), [
    "filter/FORWARD/1 -m set --match-set A src and -m set --match-set B dst -> ACCEPT",
  ]);
  assert.deepEqual(hangsOn(policy("-m set ! --match-set A src -m limit --limit 1/sec"), packet), [
    "filter/FORWARD/1 -m limit --limit 1/sec -> ACCEPT",
  ]);
  // Whatever decides against the rule, it does not hang on the others.
  assert.deepEqual(hangsOn(policy("-p udp -m limit --limit 1/sec"), packet), []);
  assert.deepEqual(hangsOn(policy("-m mark --mark 0x1 -m limit --limit 1/sec"), packet), []);
});

test("undecidedOn names targets met whose doing is not modelled, or only in part", () => {
  const text = `*raw
-A PREROUTING -p udp -j CT --notrack
-A PREROUTING -p tcp -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 10.9.9.8/32 -p tcp -j DNAT --to-destination 10.2.0.1-10.2.0.3:80
-A PREROUTING -d 10.9.9.7/32 -p tcp -j DNAT --to-destination 10.2.0.1:8000-8010/9000
COMMIT
*filter
-A FORWARD -j LOG --log-prefix x
-A FORWARD -j NFQUEUE --queue-num 1
COMMIT
`;
  assert.deepEqual(hangsOn(text, "tcp 10.0.0.1:40000 > 10.9.9.8:80"), [
    "raw/PREROUTING/2 target NOTRACK: flows are tracked all the same",
    "nat/PREROUTING/1 target DNAT: of 10.2.0.1-10.2.0.3:80 the first address is taken",
    "filter/FORWARD/2 target NFQUEUE: its decision is not modelled: the packet goes on to the next rule",
  ]);
  assert.match(hangsOn(text, "tcp 10.0.0.1:40000 > 10.9.9.7:9001")[1] ?? "", /DNAT: its shift of ports/);
});

test("a packet that passes no bridge port fits only options of physdev that are all inverted", () => {
  const verdict = (options: string) => {
    const text = `*filter\n-A FORWARD -m physdev ${options} -j DROP\nCOMMIT\n`;
    const { ruleset, warnings } = parseIptablesSave({ file: "t", text });
    assert.deepEqual(warnings, []);
    const model = { mode: "iptables", family: "IPv4", ruleset, ipsets: [], localAddresses: [] } as const;
    const options_ = { chance: new SeededChance(new Prng(1)), steps: false, conntrackMax: 16 };
    return createTracer(model, options_).send(parsePacket("tcp 10.0.0.1:1 > 10.0.0.2:80"), 0).outcome.verdict;
  };
  assert.equal(verdict("! --physdev-is-bridged"), "DROP");
  assert.equal(verdict("! --physdev-in veth0 ! --physdev-is-out"), "DROP");
  assert.equal(verdict("--physdev-is-bridged"), "ACCEPT");
  assert.equal(verdict("! --physdev-in veth0 --physdev-is-bridged"), "ACCEPT");
});
