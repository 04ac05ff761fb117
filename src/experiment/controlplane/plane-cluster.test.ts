// Operations on a whole control plane, one by one: what they do, and how they fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { DEFAULT_FEATURES } from "../../scheduler/scheduler.js";
import type { LoadModel } from "../../workload/arrivals.js";
import type { Op } from "../../workload/scheduler-perf/ops.js";
import { realWaits } from "../scheduling/real-waits.js";
import type { WorkloadCluster } from "../scheduling/workload-cluster.js";
import { executeWorkload } from "../scheduling/workload-executor.js";
import { creation, DELETION, NODES, orderOf, PODS, sleep } from "../scheduling/workload-ops.test-data.js";
import { startPlaneCluster } from "./plane-cluster.js";

const OPTIONS = {
  ...realWaits,
  seed: 1,
  clock: realClock,
  configuration: defaultConfiguration(),
  features: DEFAULT_FEATURES,
  readsThroughput: true,
  fragmentation: () => null,
} as const;

const PRIORITY_CLASS = `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: urgent }
value: 1000
`;
const POD = `
apiVersion: v1
kind: Pod
metadata: { generateName: pod- }
spec:
  priorityClassName: urgent
  terminationGracePeriodSeconds: 1
  containers: [{ name: pause, image: pause }]
`;
const LIGHT_POD = `
apiVersion: v1
kind: Pod
metadata: { generateName: light- }
spec: { containers: [{ name: pause, image: pause }] }
`;
const NODE = `
apiVersion: v1
kind: Node
metadata: { name: the-only }
status: { capacity: { cpu: 4, memory: 32Gi, pods: 110 } }
`;
const WITHOUT_CONTAINERS = `
apiVersion: v1
kind: Pod
metadata: { name: empty }
spec: { containers: [] }
`;
const WIDGET = `
apiVersion: example.org/v1
kind: Widget
metadata: { name: w }
`;
const SERVICE = `
apiVersion: v1
kind: Service
metadata: { generateName: service- }
spec: { ports: [{ port: 80 }] }
`;
const TEMPLATES = {
  "class.yaml": PRIORITY_CLASS,
  "pod.yaml": POD,
  "light.yaml": LIGHT_POD,
  "node.yaml": NODE,
  "empty.yaml": WITHOUT_CONTAINERS,
  "widget.yaml": WIDGET,
  "service.yaml": SERVICE,
};

async function execute(
  ops: readonly Op[],
  look: (cluster: WorkloadCluster) => void = () => {},
  load: LoadModel | null = null,
): Promise<void> {
  const cluster = await startPlaneCluster(OPTIONS);
  try {
    const { workload } = await executeWorkload(cluster, orderOf(ops, { templates: TEMPLATES, load }));
    assert.deepEqual(workload.applied, workload.requested);
    look(cluster);
  } finally {
    await cluster.close();
  }
}

const podsOf = (cluster: WorkloadCluster) => [...cluster.pods()];

test("a plane keeps a steady state: Pods come and go until its time is over", async () => {
  await execute([NODES, { ...PODS, collectMetrics: true, steadyState: true, durationMs: 300 }], (cluster) => {
    const { podsScheduled, durationMs } = cluster.window;
    assert.ok(podsScheduled > 0, `${podsScheduled} Pods`);
    assert.ok(durationMs >= 300, `${durationMs} ms`);
    assert.ok(podsOf(cluster).length <= 20, `${podsOf(cluster).length} Pods left`);
  });
});

test("a plane measures from when a Pod was due to when a watch shows its binding", async () => {
  const load = { model: "fixed", ratePerSecond: 100 } as const;
  await execute(
    [NODES, { ...PODS, collectMetrics: true }],
    ({ window }) => {
      assert.equal(window.podsScheduled, 10);
      assert.ok(window.durationMs >= 90, `${window.durationMs} ms`);
      const { total, bind, cycle, attempt } = window.latencies.toJSON();
      for (const { count, min } of [total, bind, cycle, attempt]) assert.ok(count === 10 && (min ?? 0) > 0);
      assert.ok((total.min ?? 0) >= (bind.min ?? 0) + (cycle.min ?? 0));
    },
    load,
  );
});

test("a plane deletes Pods at their rate beside what follows, and all at once", async () => {
  const beside = { ...DELETION, deletePodsPerSecond: 10, skipWaitToCompletion: true };
  await execute([NODES, PODS, beside, sleep(550)], (cluster) => {
    const left = podsOf(cluster).length;
    assert.ok(left >= 4 && left <= 6, `${left} Pods left`);
  });
  await execute([NODES, PODS, DELETION], (cluster) => assert.equal(podsOf(cluster).length, 0));
});

test("a plane's Pods have the priority of their class, and the grace period that they ask for", async () => {
  const pods = { ...PODS, podTemplatePath: "pod.yaml" };
  const before = [NODES, creation("class.yaml", ""), pods];
  await execute(before, (cluster) => {
    for (const { spec } of podsOf(cluster)) {
      assert.equal(spec?.priority, 1000);
      assert.equal(spec?.terminationGracePeriodSeconds, 1);
    }
  });
  await execute([...before, DELETION], (cluster) => {
    assert.equal(
      podsOf(cluster).filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length,
      10,
    );
  });
  await execute([...before, DELETION, sleep(1300)], (cluster) => assert.equal(podsOf(cluster).length, 0));
});

test("a plane recreates churn: an object is made in one tick and deleted in the next", async () => {
  const churn = {
    opcode: "churn",
    at: NODES.at,
    mode: "recreate",
    number: 1,
    intervalMilliseconds: 40,
    namespace: "churn",
    templatePaths: ["service.yaml", "light.yaml"],
  } as const;
  const seen = { made: 0, gone: 0 };
  const cluster = await startPlaneCluster(OPTIONS);
  try {
    cluster.onPod(({ before, after }) => {
      if (before === null) seen.made++;
      if (after === null) seen.gone++;
    });
    await executeWorkload(cluster, orderOf([NODES, churn, sleep(500)], { templates: TEMPLATES }));
  } finally {
    await cluster.close();
  }
  assert.ok(seen.gone >= 2, `${seen.gone} gone`);
  assert.ok(seen.made - seen.gone <= 1, `${seen.made} made, ${seen.gone} gone`);
});

test("a plane that refuses a write says of which operation, which object, and why", async () => {
  const code = (wanted: string, message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PlumbError, `${error}`);
    assert.equal(error.code, wanted);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("\n"));
    return true;
  };
  await assert.rejects(
    execute([creation("empty.yaml", "test")]),
    code(
      "InvalidInput",
      /^performance-config\.yaml:1:1: Cannot create Pod 'test\/empty' through the API: .*spec\.containers/,
    ),
  );
  await assert.rejects(
    execute([creation("widget.yaml", "")]),
    code(
      "Unsupported",
      /:1:1: Cannot create Widget 'w' through the API: .*serves no example\.org\/v1 Widget/,
    ),
  );
  await assert.rejects(
    execute([{ ...NODES, count: 2, nodeTemplatePath: "node.yaml" }]),
    code("InvalidInput", /:1:1: Cannot create Node 'the-only' through the API: .*already exists/),
  );
});

test("startPlaneCluster refuses extenders, and says who asks them", async () => {
  const extender = { urlPrefix: "http://localhost:1" } as unknown;
  const configuration = { ...defaultConfiguration(), extenders: [extender] } as typeof OPTIONS.configuration;
  await assert.rejects(startPlaneCluster({ ...OPTIONS, configuration }), (error: PlumbError) => {
    assert.equal(error.code, "Unsupported");
    assert.match(error.hint ?? "", /without --through api/);
    return true;
  });
});
