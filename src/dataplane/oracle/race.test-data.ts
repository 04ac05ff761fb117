// One seeded case: a random ruleset, packets one after another through tracer and core, compared after each.
// PLUMB_ORACLE_SEED=n replays one case, PLUMB_ORACLE_CASES=n runs more of them.
import { env } from "node:process";
import type { Family } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createTracer } from "../../netfilter/tracer/index.js";
import { createEvaluator } from "../evaluator.js";
import type { EncodeOptions, ImageEncoder } from "../table-image.js";
import { sendBoth } from "./compare.test-data.js";
import { nextTime, randomPacket, type SentPacket } from "./random-packets.test-data.js";
import { randomRuleset, randomWorld, type RandomRules, type World } from "./random-ruleset.test-data.js";

const OPTIONS: EncodeOptions = { ipvsTables: "fixed", ipvsConnectionsMax: 1024, affinityClientsMax: 128 };
const PACKETS = 120;

export interface Racer<Model extends RuleModel> {
  model(prng: Prng, world: World, rules: RandomRules): Model;
  encode(model: Model, options: EncodeOptions): ImageEncoder;
}

/** Race `casesMax` seeds, or what the environment asks for. */
export function raceCases<Model extends RuleModel>(
  racer: Racer<Model>,
  family: Family,
  casesMax: number,
): void {
  const replayed = env["PLUMB_ORACLE_SEED"];
  if (replayed !== undefined) {
    raceOne(racer, family, Number(replayed));
    return;
  }
  const cases = Number(env["PLUMB_ORACLE_CASES"] ?? casesMax);
  for (let seed = 1; seed <= cases; seed++) raceOne(racer, family, seed);
}

function raceOne<Model extends RuleModel>(racer: Racer<Model>, family: Family, seed: number): void {
  const prng = new Prng(seed);
  const world = randomWorld(prng, family);
  const model = racer.model(prng, world, randomRuleset(prng, world));
  const conntrackMax = prng.pick([3, 8, 1000]);
  const chance = new SeededChance(new Prng(seed));
  const tracer = createTracer(model, { chance, steps: true, conntrackMax });
  const { image } = racer.encode(model, OPTIONS);
  const evaluator = createEvaluator(image, { conntrackMax, packetsMax: 1, seed });
  const sent: SentPacket[] = [];
  let timeMs = 0;
  for (let index = 0; index < PACKETS; index++) {
    timeMs = nextTime(prng, timeMs);
    const columns = randomPacket(prng, world, sent, timeMs);
    const what = `${model.mode} seed ${seed} ${family}, packet ${index}`;
    const { trace, source, destination } = sendBoth(tracer, evaluator, columns, what);
    const { source: ip, sourcePort, destination: to, destinationPort } = columns.at(0);
    const protocol = columns.protocol[0] as number;
    sent.push({ protocol, source: { ip, port: sourcePort }, destination: { ip: to, port: destinationPort } });
    if (trace.outcome.reason === "none") sent.push({ protocol, source, destination });
  }
}
