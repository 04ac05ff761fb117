// Ends what runs of a Pod: preStop hooks and SIGTERM to all containers at once, sidecars after the rest and in reverse
// order, SIGKILL when the time is up, then the sandbox.
// Source: kubernetes pkg/kubelet/kuberuntime killContainersWithSyncResult, kuberuntime_termination_order.go.
import type { SimContainer } from "../runtime/sim-container.js";
import { worldOf } from "./container-starter.js";
import { isSidecar } from "./pod.js";
import type { PodContext } from "./pod-context.js";

/** What is left for a container whose preStop hook took all the time. */
const LEAST_GRACE_SECONDS = 2;

/** @param grace seconds, as they stand: they may become fewer meanwhile */
export async function killPod(worker: PodContext, grace: () => number): Promise<void> {
  const { due, runtime } = worker.host;
  const beganAtMs = due.now();
  const leftSeconds = () => Math.max(0, grace() - (due.now() - beganAtMs) / 1000);
  const sidecars = (worker.pod.spec.initContainers ?? []).filter(isSidecar).map((each) => each.name);
  const running = worker.containers().filter((container) => container.state === "running");
  const others = running.filter((container) => !sidecars.includes(container.name));
  await Promise.all(others.map((container) => killContainer(worker, container, grace, leftSeconds)));
  for (const name of sidecars.reverse()) {
    const sidecar = running.find((container) => container.name === name);
    if (sidecar !== undefined) await killContainer(worker, sidecar, grace, leftSeconds);
  }
  for (const sandbox of runtime.listPodSandboxes(worker.uid)) await runtime.stopPodSandbox(sandbox.id);
}

async function killContainer(
  worker: PodContext,
  container: SimContainer,
  grace: () => number,
  leftSeconds: () => number,
): Promise<void> {
  worker.report(container.spec, "Normal", "Killing", `Stopping container ${container.name}`);
  if (container.spec.lifecycle?.preStop !== undefined && grace() > 0)
    await preStop(worker, container, leftSeconds());
  const left = Math.min(grace(), Math.max(leftSeconds(), Math.min(grace(), LEAST_GRACE_SECONDS)));
  await worker.host.runtime.stopContainer(container.id, left);
}

async function preStop(worker: PodContext, container: SimContainer, limitSeconds: number): Promise<void> {
  const hook = container.spec.lifecycle?.preStop as
    | { exec?: { command?: string[] }; sleep?: { seconds: number } }
    | undefined;
  const { due, runtime } = worker.host;
  if (hook?.sleep !== undefined) {
    await Promise.race([due.wait(Math.min(hook.sleep.seconds, limitSeconds) * 1000), container.ended()]);
    return;
  }
  if (hook?.exec?.command === undefined) return;
  try {
    const world = await worldOf(worker, container.spec);
    await runtime.execSync(container.id, hook.exec.command, limitSeconds, world);
  } catch {
    worker.report(container.spec, "Warning", "FailedPreStopHook", "PreStopHook failed");
  }
}
