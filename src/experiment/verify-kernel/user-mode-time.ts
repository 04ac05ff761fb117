// What a modelled time, which is of the calibration's native kernel, is in a user-mode Linux.
//
//   instructions   the guest's kernel runs them faster, because it has no mitigations of side channels: by as much as
//                  its own controls, timed beside the rulesets, are faster than the calibration's
//   memory         the walk along a long chain and what many Services keep out of the caches wait for memory, and that
//                  is the machine's in both: as they are
//
// Measured on one machine: controls 1.86 times as fast, walks of 5,000 and 10,000 rules 1.07 to 1.10.
import type { Calibration } from "../../calibration/calibration.js";
import type { ModelledCost } from "../../dataplane/cost-model.js";
import type { ControlRecord } from "../../measure/kernel-record.js";

/** Parts of a modelled time that wait for memory. */
const MEMORY_PARTS = ["rules", "coldCaches"] as const;

/** @param controls of one packet kind, timed in the guest */
export function timeInUserMode(
  controls: readonly ControlRecord[],
  { path }: Calibration,
): (cost: ModelledCost) => number {
  let measured = 0;
  let modelled = 0;
  for (const { control, packet, ns } of controls) {
    measured += ns;
    modelled += path[packet].ns;
    if (control === "conntrack")
      modelled += (packet === "first" ? path.conntrackFirst : path.conntrackEstablished).ns;
  }
  const factor = measured / modelled;
  return ({ ns, parts }) => {
    const memory = MEMORY_PARTS.reduce((sum, part) => sum + (parts[part] ?? 0), 0);
    return (ns - memory) * factor + memory;
  };
}
