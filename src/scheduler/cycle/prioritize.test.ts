import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { defaultProfile } from "../config/default-configuration.js";
import { NOTHING_WRITTEN, resolvePluginSets } from "../config/plugin-sets.js";
import { aNode, aPod, bound, Simulation, someNodes } from "../scheduler.test-data.js";
import { filter, recorder, totals } from "./cycle.test-data.js";
import { addExtraScores, prioritize, selectNode } from "./prioritize.js";

const DRAWS = 7000;
/** Chi-square with 6 degrees of freedom is larger by chance once in 1000. */
const CHI_SQUARE_MAX = 22.5;

test("selectNode draws evenly among equals, and leaves out worse nodes", () => {
  const simulation = new Simulation();
  simulation.setNodes(...someNodes(7), aNode("worse"));
  simulation.setPods(bound(aPod("busy", { cpu: "3" }), "worse"));
  const { cycle, search } = filter(simulation, aPod("p", { cpu: "500m" }));
  prioritize(cycle, search.found, recorder());
  const seed = 20_261_125;
  const prng = new Prng(seed);
  const drawn = new Map<string, number>();
  for (let draw = 0; draw < DRAWS; draw++) {
    const { name } = selectNode(cycle, search.found, prng);
    drawn.set(name, (drawn.get(name) ?? 0) + 1);
  }
  assert.equal(drawn.has("worse"), false);
  assert.equal(drawn.size, 7);
  const expected = DRAWS / 7;
  const chiSquare = [...drawn.values()].reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < CHI_SQUARE_MAX, `seed ${seed}: chi-square ${chiSquare}, limit ${CHI_SQUARE_MAX}`);
});

test("selectNode draws nothing, when one node is best", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("busy"), aNode("idle"));
  simulation.setPods(bound(aPod("old", { cpu: "3" }), "busy"));
  const { cycle, search } = filter(simulation, aPod("p", { cpu: "500m" }));
  prioritize(cycle, search.found, recorder());
  const prng = new Prng(3);
  assert.equal(selectNode(cycle, search.found, prng).name, "idle");
  assert.equal(prng.next32(), new Prng(3).next32());
});

test("prioritize adds up weighted scores of all plugins, for a Pod that everything speaks about", () => {
  const simulation = new Simulation();
  simulation.setNodes(
    aNode("plain", { cpu: "4", memory: "4Gi" }),
    aNode("avoided", { cpu: "4", memory: "4Gi" }, {}, { taints: [{ key: "k", effect: "PreferNoSchedule" }] }),
    aNode("liked", { cpu: "4", memory: "4Gi" }, { disk: "fast" }),
  );
  const preference = { matchExpressions: [{ key: "disk", operator: "In" as const, values: ["fast"] }] };
  const affinity = {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] },
  };
  const pod = aPod("p", { cpu: "2", memory: "1Gi" }, { affinity });
  // CPU 50 and memory 75 left: 62. Evenness 100 before, 87 after: 50 + (50 - 13) / 2 = 68. No taint to avoid: 3 x 100.
  const rest = 62 + 68;
  assert.deepEqual(totals(filter(simulation, pod)), [
    `plain ${rest + 300}`,
    `avoided ${rest}`,
    `liked ${rest + 300 + 200}`,
  ]);
});

test("prioritize gives every node 1, when the profile scores nothing, and the first feasible node is taken", () => {
  const scoreless = defaultProfile({
    plugins: resolvePluginSets({ score: { ...NOTHING_WRITTEN, disabled: ["*"] } }),
  });
  const simulation = new Simulation({ configuration: { profiles: [scoreless] } });
  simulation.setNodes(...someNodes(3));
  assert.deepEqual(totals(filter(simulation, aPod("p"))), ["node0 1", "node1 1", "node2 1"]);
  simulation.setPods(aPod("p"), aPod("q"));
  assert.deepEqual(
    simulation.run().map(({ evaluatedNodes, feasibleNodes }) => [evaluatedNodes, feasibleNodes]),
    [
      [1, 1],
      [1, 1],
    ],
  );
  assert.deepEqual(simulation.placements(), { p: "node0", q: "node1" });
});

test("addExtraScores lifts named nodes only", () => {
  const simulation = new Simulation();
  simulation.setNodes(...someNodes(3));
  const found = filter(simulation, aPod("p"));
  const before = totals(found).map((line) => Number(line.split(" ")[1]));
  addExtraScores(
    found.cycle,
    found.search.found,
    new Map([
      ["node1", 70],
      ["unknown", 5],
    ]),
  );
  const { memory, total } = found.cycle.columns;
  const after = before.map((_, index) => memory.f64[total / 8 + index]);
  assert.deepEqual(after, [before[0], (before[1] as number) + 70, before[2]]);
});
