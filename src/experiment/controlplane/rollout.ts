// A rolling update of a Deployment behind a Service: from the moment a Pod is told to go until no rule leads to it.
import { clientOf, DEPLOYMENTS, PODS } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { numberedNodes } from "../../controlplane/plane-options.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import type { Findings } from "../phase.js";
import { NAMESPACE, nodesReady, reached, startPlane, timers } from "./bench-plane.js";
import { addLatency, addPercentile } from "./controlplane-metrics.js";
import type { RolloutSpec, Workload } from "./controlplane-types.js";
import { RulesWatch } from "./rules-watch.js";
import { countServices, createQuietServices, SERVICES } from "./service-cluster.js";
import { deployment, service, serviceAccountReady } from "./workload-objects.js";

const NAME = "web";
/** A node has room for old and new Pods of twice as many. */
const REPLICAS_PER_NODE = 25;
const READY_MS_MAX = 60_000;

export async function measureRollout(
  findings: Findings,
  { mode, services, replicas, minSyncPeriod }: RolloutSpec,
  seed: number,
): Promise<Workload> {
  const nodes = Math.ceil(replicas / REPLICAS_PER_NODE);
  const rules = new RulesWatch([NAME]);
  const plane = await startPlane(seed, {
    ...rules.options(mode, "node-0", minSyncPeriod / 1e6),
    nodes: numberedNodes(nodes),
    controllers: ["*"],
    scheduler: defaultConfiguration(),
  });
  rules.bind(plane);
  try {
    await nodesReady(plane, nodes, READY_MS_MAX);
    await serviceAccountReady(plane);
    await createQuietServices(plane, services - 1);
    await plane.client.resource(SERVICES, NAMESPACE).create(service(NAME, { app: NAME }));
    const deployments = clientOf(plane.client, DEPLOYMENTS, NAMESPACE);
    await deployments.create(deployment(NAME, replicas, { revision: "1" }));
    await reached(replicas, () => rules.reachable().size, "replicas in the rules");
    const old = rules.reachable();
    awaitGoing(plane, rules, old);
    const begunMs = timers.milliseconds();
    const { metadata } = await deployments.get(NAME);
    await deployments.update({ ...deployment(NAME, replicas, { revision: "2" }), metadata });
    await reached(replicas, () => rules.latency.count, "old Pods out of the rules");
    const durationMs = rules.lastMs - begunMs;
    await reached(replicas, () => rules.reachable().size, "new replicas in the rules");
    addLatency(findings, "rollout.stale_ns", rules.latency);
    addPercentile(findings, "rollout.stale_p99_ns", rules.latency, 99);
    findings.add("rollout.duration_ns", durationMs * 1e6);
    return {
      requested: { services, replicas, replaced: replicas },
      applied: {
        services: await countServices(plane),
        replicas: rules.reachable().size,
        replaced: rules.latency.count,
      },
    };
  } finally {
    await plane.stop();
  }
}

/** From now on every old Pod that is told to go is awaited out of the rules. */
function awaitGoing(plane: Plane, rules: RulesWatch, old: ReadonlySet<string>): void {
  const told = new Set<string>();
  plane.informers.informer(PODS).addHandler({
    onUpdate: (_, { metadata, status }) => {
      const address = status?.podIP ?? "";
      if (metadata.deletionTimestamp === undefined || !old.has(address) || told.has(address)) return;
      told.add(address);
      rules.await(address, "out");
    },
  });
}
