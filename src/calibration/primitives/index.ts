// All probes of a calibration.
import { coldProbes } from "./cold-probes.js";
import { scanProbes, setUpProbes } from "./path-probes.js";
import type { Probe } from "./probe.js";
import { ruleProbes } from "./rule-probes.js";

export function calibrationProbes(): readonly Probe[] {
  return [...setUpProbes(), ...ruleProbes(), ...scanProbes(), ...coldProbes()];
}
