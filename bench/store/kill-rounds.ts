// Kill a writing store and look what is there afterwards, many times, on one folder.
// usage: node dist/bench/store/kill-rounds.js [--rounds 50] [--seed 1]
// Exit 1 at the first round where an acknowledged write is missing or something else is there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crashRounds } from "../../src/controlplane/store/crash/crash-rounds.test-data.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "50" }, seed: { type: "string", default: "1" } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const folder = mkdtempSync(join(tmpdir(), "plumb-kill-"));
let [acknowledged, inFlight, present] = [0, 0, 0];
for await (const each of crashRounds(folder, seed, rounds)) {
  acknowledged += each.acknowledged;
  inFlight += each.inFlight;
  present += each.present;
  console.log(
    `seed ${seed} round ${each.round}: ${each.acknowledged} acknowledged, ${each.inFlight} in flight of which ` +
      `${each.present} are there, revision ${each.revision}`,
  );
}
console.log(
  `${rounds} kills: all of ${acknowledged} acknowledged writes are there, and ${present} of ${inFlight} in flight`,
);
// Kept when a round failed, to be looked at.
rmSync(folder, { recursive: true });
