// One sample of a benchmark through the control plane: a whole cluster in this process, loaded and timed.
import type { PhaseContext } from "../phase.js";
import { measureApiLoad } from "./api-load.js";
import type { ControlPlaneSpec, Workload } from "./controlplane-types.js";
import { measureNodeJoin } from "./node-join.js";
import { measurePodStartup } from "./pod-startup.js";
import { measureProgrammingLatency } from "./programming-latency.js";
import { measureRollout } from "./rollout.js";

/** @throws {PlumbError} Internal when what was asked for does not come about, saying how far it came */
export function measureControlPlane(
  { request: { seed }, findings }: PhaseContext,
  spec: ControlPlaneSpec,
): Promise<Workload> {
  switch (spec.bench) {
    case "api-load":
      return measureApiLoad(findings, spec, seed);
    case "pod-startup":
      return measurePodStartup(findings, spec, seed);
    case "node-join":
      return measureNodeJoin(findings, spec, seed);
    case "programming-latency":
      return measureProgrammingLatency(findings, spec, seed);
    case "rollout":
      return measureRollout(findings, spec, seed);
  }
}
