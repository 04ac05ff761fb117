// Sets in an image, changed in place, against the slow index of netfilter/ipset, through the core's own probe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Family, ipWords, parseCidr } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { type IpSet, SET_TYPES, type SetType } from "../../netfilter/ipset/model.js";
import { SetIndex } from "../../netfilter/ipset/set-index.js";
import { emptyRuleset, rule } from "../../netfilter/iptables/ruleset.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import { createEvaluator } from "../evaluator.js";
import { ImageWriter } from "../image-writer.js";
import { RuleRegions } from "../iptables/rule-regions.js";

const SEED = Number(process.env["PLUMB_TEST_SEED"] ?? 7);

const address = (prng: Prng, family: Family) =>
  family === "IPv4"
    ? `10.0.${prng.below(2)}.${prng.below(6)}`
    : `fd00::${prng.below(2) + 1}:${prng.below(6) + 1}`;

function randomElement(prng: Prng, type: SetType, family: Family): string {
  const full = family === "IPv4" ? 32 : 128;
  const port = `${prng.pick(["tcp", "udp"])}:${80 + prng.below(3)}`;
  const base = family === "IPv4" ? ["10.0.0.0", "10.0.1.0"] : ["fd00::", "fd00::1:0"];
  const cidr = parseCidr(`${prng.pick(base)}/${full - prng.pick([8, 16, 17])}`);
  const net = `${cidr?.text}${prng.below(4) === 0 ? " nomatch" : ""}`;
  const ip = address(prng, family);
  switch (type) {
    case "hash:ip":
      return ip;
    case "hash:net":
      return net;
    case "hash:ip,port":
      return `${ip},${port}`;
    case "hash:ip,port,ip":
      return `${ip},${port},${address(prng, family)}`;
    case "hash:ip,port,net":
      return `${ip},${port},${net}`;
    case "bitmap:port":
      return `${80 + prng.below(3)}`;
  }
}

/** Add and remove at random; after each change ask for packets that may be members. */
function check(type: SetType, family: Family, seed: number): void {
  const prng = new Prng(seed);
  const elements = new Set<string>();
  const set: IpSet = {
    name: "s",
    type,
    family: family === "IPv4" ? "inet" : "inet6",
    hashSize: 1024,
    elementsMax: 65536,
    range: null,
    comment: null,
    elements,
  };
  const ruleset = emptyRuleset(family);
  ruleset.tables
    .get("raw")
    ?.chains.get("PREROUTING")
    ?.rules.push(
      rule({
        matches: [{ kind: "set", name: "s", sides: ["dst", "dst", "src"], negated: false }],
        target: { kind: "drop", options: "" },
      }),
    );
  const writer = new ImageWriter("iptables", family, 0);
  const regions = new RuleRegions(writer, { ruleset, ipsets: [set], localAddresses: [] });
  const image = () => ({
    mode: "iptables" as const,
    family,
    bytes: writer.used(),
    interfaces: regions.interfaces,
  });
  const evaluator = createEvaluator(image(), { conntrackMax: 4096, packetsMax: 16, seed: 1 });
  for (let step = 0; step < 120; step++) {
    const text = randomElement(prng, type, family);
    const plain = text.replace(" nomatch", "");
    const known = elements.has(`${plain} nomatch`) ? `${plain} nomatch` : plain;
    elements.delete(known);
    if (prng.below(3) > 0) {
      elements.add(text);
      regions.sets.update("s", { remove: [], add: [text] });
    } else regions.sets.update("s", { remove: [known], add: [] });
    evaluator.replaceImage(image());
    const packets = randomPackets(prng, family);
    evaluator.load(packets);
    evaluator.evaluate();
    const index = new SetIndex(set);
    for (let packet = 0; packet < packets.count; packet++) {
      const { protocol, source, sourcePort, destination, destinationPort } = packets.at(packet);
      const to = { ip: destination, port: destinationPort };
      const expected = index.contains(protocol, [to, to, { ip: source, port: sourcePort }]);
      const about = `seed ${seed}, ${type} ${family}, step ${step}: ${destination} ${protocol}:${destinationPort} ${source} in [${[...elements]}]`;
      assert.equal(evaluator.results.verdict(packet) === "DROP", expected, about);
    }
  }
}

function randomPackets(prng: Prng, family: Family): PacketColumns {
  const columns = new PacketColumns(family, 16);
  for (let index = 0; index < columns.count; index++) {
    columns.source.set(ipWords(address(prng, family)), index * 4);
    columns.destination.set(ipWords(address(prng, family)), index * 4);
    columns.sourcePort[index] = 1000;
    columns.destinationPort[index] = 79 + prng.below(5);
    columns.protocol[index] = prng.pick([PROTOCOL_NUMBERS.tcp, PROTOCOL_NUMBERS.udp, PROTOCOL_NUMBERS.sctp]);
    columns.tcpFlags[index] = columns.protocol[index] === PROTOCOL_NUMBERS.tcp ? 2 : 0;
  }
  return columns;
}

for (const type of SET_TYPES) {
  test(`${type} finds what was added and not removed, in place`, () => {
    for (const family of ["IPv4", "IPv6"] as const) check(type, family, SEED);
  });
}
