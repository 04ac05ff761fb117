import assert from "node:assert/strict";
import { test } from "node:test";
import { aNode, aPod, bound, Simulation } from "./scheduler.test-data.js";

const HOST = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

test("ClusterState.setPod counts a Pod once, when it is told of it again", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n"));
  const pod = bound(aPod("p", { cpu: "1" }), "n");
  simulation.setPods(pod, pod, { ...pod, metadata: { ...pod.metadata, resourceVersion: "2" } });
  const { cache } = simulation.scheduler;
  assert.equal(cache.get("n")?.requested.milliCpu, 1000);
  assert.equal(cache.podCount, 1);
});

test("ClusterState.setPod frees the node, when the Pod has ended", () => {
  for (const phase of ["Succeeded", "Failed"] as const) {
    const simulation = new Simulation();
    simulation.setNodes(aNode("n"));
    const pod = bound(aPod("p", { cpu: "1" }), "n");
    simulation.setPods(pod);
    simulation.setPods({ ...pod, status: { phase } });
    assert.equal(simulation.scheduler.cache.get("n")?.requested.milliCpu, 0, phase);
  }
});

test("ClusterState.setPod takes a waiting Pod out of the queue, when someone else has bound it", () => {
  const simulation = new Simulation();
  simulation.setPods(aPod("p"));
  simulation.setPods(bound(aPod("p"), "elsewhere"));
  simulation.setNodes(aNode("n"));
  assert.deepEqual(simulation.run(), []);
  assert.equal(simulation.scheduler.cluster.pending("p"), undefined);
});

test("ClusterState.setPod finds room for a Pod that now asks for less, when it was turned down", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.setPods(aPod("p", { cpu: "2" }));
  simulation.run();
  simulation.nowMs = 20_000;
  simulation.setPods(aPod("p", { cpu: "500m" }));
  simulation.run();
  assert.deepEqual(simulation.placements(), { p: "n" });
});

test("ClusterState.setNode keeps Pods that were seen before their node, when the node comes", () => {
  const simulation = new Simulation();
  simulation.setPods(bound(aPod("early", { cpu: "3" }), "n"));
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p", { cpu: "2" }));
  assert.equal(simulation.run()[0]?.result, "unschedulable");
});

test("ClusterState wakes a waiting Pod, when what it was turned down for changes", () => {
  const taint = { key: "k", value: "v", effect: "NoSchedule" as const };
  const closed = aNode("n", {}, {}, { taints: [taint] });
  const runningApp = bound(aPod("app", {}, {}, { labels: { app: "a" } }), "n");
  const affinity = {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: "a" } }, topologyKey: HOST },
      ],
    },
  };
  const rows: readonly {
    readonly because: string;
    readonly begin: (simulation: Simulation) => void;
    readonly pod: ReturnType<typeof aPod>;
    readonly useless: (simulation: Simulation) => void;
    readonly helpful: (simulation: Simulation) => void;
  }[] = [
    {
      because: "a Pod goes away",
      begin: (s) => {
        s.setNodes(aNode("n", { cpu: "1" }));
        s.setPods(
          bound(aPod("old", { cpu: "1" }), "n"),
          aPod("unscheduled", {}, { schedulingGates: [{ name: "g" }] }),
        );
      },
      pod: aPod("p", { cpu: "1" }),
      useless: (s) => s.deletePod("unscheduled"),
      helpful: (s) => s.deletePod("old"),
    },
    {
      because: "a node grows",
      begin: (s) => s.setNodes(aNode("n", { cpu: "1" })),
      pod: aPod("p", { cpu: "2" }),
      useless: (s) => s.setNodes(aNode("n", { cpu: "1", memory: "64Gi" })),
      helpful: (s) => s.setNodes(aNode("n", { cpu: "2" })),
    },
    {
      because: "a taint is taken off",
      begin: (s) => s.setNodes(closed),
      pod: aPod("p"),
      useless: (s) => s.setNodes({ ...closed, metadata: { name: "n", annotations: { beat: "2" } } }),
      helpful: (s) => s.setNodes(aNode("n")),
    },
    {
      because: "a node is labelled",
      begin: (s) => s.setNodes(aNode("n")),
      pod: aPod("p", {}, { nodeSelector: { [ZONE]: "a" } }),
      useless: (s) => s.setNodes(aNode("n", {}, { [ZONE]: "b" })),
      helpful: (s) => s.setNodes(aNode("n", {}, { [ZONE]: "a" })),
    },
    {
      because: "company comes",
      begin: (s) => s.setNodes(aNode("n")),
      pod: aPod("p", {}, { affinity }),
      useless: (s) => s.setPods(bound(aPod("stranger"), "n")),
      helpful: (s) => s.setPods(runningApp),
    },
  ];
  for (const { because, begin, pod, useless, helpful } of rows) {
    const simulation = new Simulation();
    begin(simulation);
    simulation.setPods(pod);
    assert.equal(simulation.run()[0]?.result, "unschedulable", because);
    simulation.nowMs = 20_000;
    useless(simulation);
    assert.deepEqual(simulation.run(), [], `before ${because}`);
    helpful(simulation);
    assert.equal(simulation.run()[0]?.result, "scheduled", because);
  }
});

test("ClusterState.set judges affinity by namespaces as they are now, when a namespace is labelled", () => {
  const simulation = new Simulation();
  const namespace = (labels: Readonly<Record<string, string>>) =>
    ({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team", labels } }) as const;
  const apart = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          labelSelector: { matchLabels: { app: "a" } },
          namespaceSelector: { matchLabels: { noisy: "yes" } },
          topologyKey: HOST,
        },
      ],
    },
  };
  simulation.set(namespace({}));
  simulation.setNodes(aNode("n"));
  simulation.setPods(bound(aPod("other", {}, {}, { namespace: "team", labels: { app: "a" } }), "n"));
  simulation.setPods(aPod("before", {}, { affinity: apart }));
  assert.equal(simulation.run()[0]?.result, "scheduled");
  simulation.set(namespace({ noisy: "yes" }));
  simulation.setPods(aPod("after", {}, { affinity: apart }));
  assert.equal(simulation.run()[0]?.result, "unschedulable");
});

test("ClusterState.deleteNode places nobody there, when the node is gone, and counts its Pods when it is back", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.setPods(bound(aPod("old", { cpu: "1" }), "n"));
  simulation.scheduler.cluster.deleteNode("n", 0);
  simulation.setPods(aPod("p", { cpu: "1" }));
  assert.notEqual(simulation.run()[0]?.result, "scheduled");
  simulation.tickAt(20_000);
  simulation.setNodes(aNode("n", { cpu: "1" }));
  assert.notEqual(simulation.run()[0]?.result, "scheduled");
});
