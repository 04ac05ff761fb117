// One sample of a benchmark through the control plane: a whole cluster in this process, loaded and timed.
import type { PhaseContext } from "../phase.js";
import { measureApiLoad } from "./api-load.js";
import type { ControlPlaneSpec, Workload } from "./controlplane-types.js";
import { measureThroughApi } from "./through-api.js";

/** @throws {PlumbError} Internal when what was asked for does not come about, saying how far it came */
export function measureControlPlane(
  { request: { seed }, findings }: PhaseContext,
  spec: ControlPlaneSpec,
): Promise<Workload> {
  switch (spec.bench) {
    case "api-load":
      return measureApiLoad(findings, spec, seed);
    case "scheduling":
      return measureThroughApi(findings, spec, seed);
    default:
      throw new Error("later");
  }
}
