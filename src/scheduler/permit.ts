// Permit: the last extension point at which a Pod can be turned down. Every plugin is asked, unless one turns the Pod
// down or breaks; if any says Wait, the Pod waits for all that did.
// Source: kube-scheduler framework/runtime/framework.go (RunPermitPlugins).
import type { PodCycle } from "./cycle/pod-cycle.js";
import type { CycleRecorder } from "./cycle/cycle-recorder.js";
import { failure, isRejected, type Status, WAIT } from "./framework/status.js";
import type { PermitTimeouts } from "./waiting-pods.js";

/** Longest time that a plugin may keep a Pod, whatever it asks for. */
const TIMEOUT_MAX_MS = 15 * 60_000;

/** The Pod waits. */
export interface PermitHold {
  readonly timeouts: PermitTimeouts;
}

/** null: the Pod may go on. A status: it is turned down, or a plugin broke. */
export function runPermit(
  cycle: PodCycle,
  nodeName: string,
  recorder: CycleRecorder,
): Status | PermitHold | null {
  if (cycle.framework.permit.length === 0) return null;
  const begun = recorder.pointBegins();
  const said = askAll(cycle, nodeName, recorder);
  recorder.pointEnds("Permit", begun, said !== null && "timeouts" in said ? WAIT : said);
  return said;
}

function askAll(
  { framework, state, pod }: PodCycle,
  nodeName: string,
  recorder: CycleRecorder,
): Status | PermitHold | null {
  const timeouts = new Map<string, number>();
  for (const plugin of framework.permit) {
    const { name } = plugin;
    const begun = recorder.pluginBegins();
    const { status, timeoutMs } = plugin.permit(state, pod, nodeName);
    recorder.pluginEnds(name, "Permit", begun, status);
    if (status === null) continue;
    if (status.code !== "Wait") return ended(name, status);
    timeouts.set(name, Math.min(timeoutMs, TIMEOUT_MAX_MS));
  }
  return timeouts.size === 0 ? null : { timeouts };
}

function ended(plugin: string, status: Status): Status {
  const message = status.reasons.join(", ");
  return isRejected(status)
    ? { ...status, plugin }
    : failure(plugin, `running Permit plugin "${plugin}": ${message}`);
}
