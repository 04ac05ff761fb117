// Hollow nodes that join an empty cluster with all controllers and the scheduler at work, until every one is Ready.
import { clientOf, NODES } from "../../controlplane/client/resources.js";
import { numberedNodes } from "../../controlplane/plane-options.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import type { Findings } from "../phase.js";
import { nodesReady, startPlane, timers } from "./bench-plane.js";
import type { NodeJoinSpec, Workload } from "./controlplane-types.js";

const READY_MS_MAX = 300_000;

export async function measureNodeJoin(
  findings: Findings,
  { nodes }: NodeJoinSpec,
  seed: number,
): Promise<Workload> {
  const begunMs = timers.milliseconds();
  const plane = await startPlane(seed, {
    nodes: numberedNodes(nodes),
    controllers: ["*"],
    scheduler: defaultConfiguration(),
  });
  try {
    await nodesReady(plane, nodes, READY_MS_MAX);
    findings.add("join.ready_ns", (timers.milliseconds() - begunMs) * 1e6);
    findings.add("join.rss_bytes", process.memoryUsage.rss());
    const { items } = await clientOf(plane.client, NODES, null).list({ resourceVersion: "0" });
    return { requested: { nodes }, applied: { nodes: items.length } };
  } finally {
    await plane.stop();
  }
}
