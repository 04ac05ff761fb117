// The core against the tracer: random rulesets, random packets in flows, both families, every counter.
// PLUMB_ORACLE_SEED=n replays one case; PLUMB_ORACLE_CASES=n runs more of them.
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { Family } from "../../base/ip.js";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createTracer } from "../../netfilter/tracer/index.js";
import { createEvaluator } from "../evaluator.js";
import { encodeIptables } from "../iptables/encode.js";
import { sendBoth } from "./compare.js";
import { nextTime, randomPacket, type SentPacket } from "./random-packets.js";
import { randomRuleset, randomWorld } from "./random-ruleset.js";

const OPTIONS = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 } as const;
const CASES = Number(process.env["PLUMB_ORACLE_CASES"] ?? 60);
const PACKETS = 120;

function runCase(seed: number, family: Family): void {
  const prng = new Prng(seed);
  const world = randomWorld(prng, family);
  const { ruleset, ipsets } = randomRuleset(prng, world);
  const model: IptablesModel = {
    mode: "iptables",
    family,
    localAddresses: world.localAddresses,
    ruleset,
    ipsets,
  };
  const conntrackMax = prng.pick([3, 8, 1000]);
  const chance = new SeededChance(new Prng(seed));
  const tracer = createTracer(model, { chance, steps: true, conntrackMax });
  const evaluator = createEvaluator(encodeIptables(model, OPTIONS).image, {
    conntrackMax,
    packetsMax: 1,
    seed,
  });
  const sent: SentPacket[] = [];
  let timeMs = 0;
  for (let index = 0; index < PACKETS; index++) {
    timeMs = nextTime(prng, timeMs);
    const columns = randomPacket(prng, world, sent, timeMs);
    const what = `seed ${seed} ${family}, packet ${index}`;
    const { trace, source, destination } = sendBoth(tracer, evaluator, columns, what);
    const { source: ip, sourcePort, destination: to, destinationPort } = columns.at(0);
    const protocol = columns.protocol[0] as number;
    sent.push({ protocol, source: { ip, port: sourcePort }, destination: { ip: to, port: destinationPort } });
    if (trace.outcome.reason === "none") sent.push({ protocol, source, destination });
  }
}

for (const family of ["IPv4", "IPv6"] as const) {
  test(`core and tracer agree on random rulesets, ${family}`, () => {
    const replay = process.env["PLUMB_ORACLE_SEED"];
    if (replay !== undefined) return runCase(Number(replay), family);
    for (let seed = 1; seed <= CASES; seed++) runCase(seed, family);
  });
}
