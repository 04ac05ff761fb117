import assert from "node:assert/strict";
import { test } from "node:test";
import { aNode, aPod, bound, Simulation, someNodes } from "../scheduler.test-data.js";
import { filter, totals } from "./cycle.test-data.js";

/** Nodes "node0".. of which those with these numbers are too small. */
function cluster(count: number, small: readonly number[] = []): Simulation {
  const simulation = new Simulation();
  const isSmall = new Set(small);
  simulation.setNodes(
    ...someNodes(count).map((node, index) =>
      isSmall.has(index) ? aNode(node.metadata.name, { cpu: "1" }, node.metadata.labels) : node,
    ),
  );
  return simulation;
}

const pod = aPod("p", { cpu: "2" });

test("findNodes goes round from where it starts, and counts what it looked at", () => {
  const rows: readonly (readonly [
    start: number,
    wanted: number,
    feasible: readonly number[],
    evaluated: number,
  ])[] = [
    [0, 2, [0, 3], 4],
    [1, 2, [3, 4], 4],
    [4, 2, [4, 0], 2],
    [0, 3, [0, 3, 4], 5],
    [2, 9, [3, 4, 0], 5],
    [13, 1, [3], 1],
  ];
  for (const [start, wanted, feasible, evaluated] of rows) {
    const simulation = cluster(5, [1, 2]);
    const found = filter(simulation, pod, { start, wanted });
    const what = `${wanted} from ${start}`;
    assert.deepEqual(
      found.feasible,
      feasible.map((index) => `node${index}`),
      what,
    );
    assert.equal(found.search.evaluated, evaluated, what);
  }
});

test("findNodes finds the same in chunks as at once, when the first chunks hold too little", () => {
  const small = Array.from({ length: 900 }, (_, index) => index).filter((index) => index % 7 !== 0);
  const simulation = cluster(900, small);
  const { feasible, search } = filter(simulation, pod, { start: 500, wanted: 100 });
  const expected = Array.from({ length: 900 }, (_, step) => (500 + step) % 900).filter((at) => at % 7 === 0);
  assert.deepEqual(
    feasible,
    expected.slice(0, 100).map((index) => `node${index}`),
  );
  assert.equal(search.evaluated, (((expected[99] as number) + 900 - 500) % 900) + 1);
});

test("findNodes gives the first filter's reason, when several would turn the node down", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n", { cpu: "1" }, {}, { unschedulable: true }));
  const { cycle, search } = filter(simulation, pod);
  assert.equal(search.found, 0);
  const { memory, verdict } = cycle.columns;
  const first = memory.u8[verdict + (simulation.scheduler.cache.get("n")?.slot ?? 0)] as number;
  assert.equal(cycle.framework.filters[first - 1]?.name, "NodeUnschedulable");
});

test("findNodes counts nominated Pods as there, when they are at least as important", () => {
  const rows: readonly (readonly [priority: number, feasible: readonly string[]])[] = [
    [4, ["other"]],
    [5, ["other"]],
    [6, ["promised", "other"]],
  ];
  for (const [priority, feasible] of rows) {
    const simulation = new Simulation();
    simulation.setNodes(aNode("promised"), aNode("other"));
    const coming = simulation.scheduler.cluster.read(aPod("coming", { cpu: "3" }, { priority: 5 }));
    simulation.scheduler.nominator.add(coming, { mode: "override", nodeName: "promised" });
    const found = filter(simulation, aPod("p", { cpu: "2" }, { priority }));
    assert.deepEqual(found.feasible, feasible, `priority ${priority}`);
    assert.equal(found.search.evaluated, 2);
  }
});

test("findNodes wants a node to do without nominated Pods, too, when only they would make it fit", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n"));
  const near = {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: "a" } }, topologyKey: "kubernetes.io/hostname" },
      ],
    },
  };
  const coming = simulation.scheduler.cluster.read(aPod("coming", {}, {}, { labels: { app: "a" } }));
  simulation.scheduler.nominator.add(coming, { mode: "override", nodeName: "n" });
  assert.deepEqual(filter(simulation, aPod("p", {}, { affinity: near })).feasible, []);
});

test("findNodes and scores agree between columns and objects, before and after the columns have grown", () => {
  const simulation = new Simulation();
  const { capacity } = simulation.scheduler.cache.columns;
  let nodes = 0;
  for (const size of [capacity - 4, capacity * 4]) {
    const all = someNodes(size, { "example.com/gpu": "2" }, 3);
    simulation.setNodes(...all.slice(nodes));
    nodes = size;
    simulation.setPods(
      ...mixedPods(`on${size}-`, size).map((each, index) => bound(each, `node${(index * 7) % size}`)),
    );
    for (const each of mixedPods("new", size)) {
      const onColumns = totals(filter(simulation, each));
      assert.deepEqual(onColumns, totals(filter(simulation, each, { form: "objects" })), each.metadata.name);
      assert.ok(onColumns.length > 0, each.metadata.name);
    }
  }
  assert.ok(simulation.scheduler.cache.columns.capacity > capacity);
});

/** Pods that use most plugins which have columns. */
function mixedPods(prefix: string, nodes: number) {
  const zone = "topology.kubernetes.io/zone";
  const labelSelector = { matchLabels: { app: "a" } };
  const labels = { app: "a" };
  return Array.from({ length: 6 }, (_, index) => [
    aPod(`${prefix}plain${index}`, { cpu: `${index + 1}00m`, "example.com/gpu": "1" }),
    aPod(
      `${prefix}apart${index}`,
      { cpu: "500m" },
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector, topologyKey: "kubernetes.io/hostname" },
            ],
          },
          podAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 10, podAffinityTerm: { labelSelector, topologyKey: zone } },
            ],
          },
        },
      },
      { labels },
    ),
    aPod(
      `${prefix}spread${index}`,
      { memory: "1Gi" },
      {
        nodeSelector: { [zone]: `zone${(index + nodes) % 3}` },
        containers: [{ ports: [{ containerPort: 80, hostPort: 8080 + (index % 2) }] }],
        topologySpreadConstraints: [
          { labelSelector, topologyKey: zone, maxSkew: 9, whenUnsatisfiable: "DoNotSchedule" },
          {
            labelSelector,
            topologyKey: "kubernetes.io/hostname",
            maxSkew: 1,
            whenUnsatisfiable: "ScheduleAnyway",
          },
        ],
      },
      { labels },
    ),
  ]).flat();
}
