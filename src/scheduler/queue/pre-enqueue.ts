// Asks the PreEnqueue plugins whether a Pod may enter the queue, and notes in the Pod which one keeps it out.
// The plugin that kept it out before is asked first: most likely it still does, and the others need not be asked.
// Source: kube-scheduler backend/queue/scheduling_queue.go (runPreEnqueuePlugins).
import type { PreEnqueuePlugin } from "../framework/plugin.js";
import type { QueuedPod } from "../framework/queued-pod.js";

/** Sets `gatingPlugin`: "" when the Pod may enter. */
export function runPreEnqueue(plugins: readonly PreEnqueuePlugin[], queued: QueuedPod): void {
  const earlier = queued.gatingPlugin;
  if (earlier !== "" && plugins.some((plugin) => plugin.name === earlier && isKeptOut(plugin, queued)))
    return;
  for (const plugin of plugins) {
    if (plugin.name !== earlier && isKeptOut(plugin, queued)) return;
  }
  queued.gatingPlugin = "";
}

function isKeptOut(plugin: PreEnqueuePlugin, queued: QueuedPod): boolean {
  if (plugin.preEnqueue(queued.pod) === null) return false;
  queued.unschedulablePlugins = new Set([...queued.unschedulablePlugins, plugin.name]);
  queued.gatingPlugin = plugin.name;
  return true;
}
