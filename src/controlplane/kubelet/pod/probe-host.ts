// How the probes of a Pod reach its containers.
import type { ProbeHost } from "../probes/pod-probes.js";
import {
  behaviourAnswers,
  failure,
  networkProbe,
  PROBE_SUCCESS,
  type ProbeResult,
} from "../probes/run-probe.js";
import type { ProbeKind } from "../probes/probe-counter.js";
import { RuntimeRefusal } from "../runtime/runtime-service.js";
import type { SimContainer } from "../runtime/sim-container.js";
import { isKnownCommand } from "../shell/shell.js";
import { worldOf } from "./container-starter.js";
import type { Probe } from "./pod.js";
import type { PodContext } from "./pod-context.js";

const TITLES: Readonly<Record<ProbeKind, string>> = {
  startup: "Startup",
  liveness: "Liveness",
  readiness: "Readiness",
};

export function probeHost(worker: PodContext): ProbeHost {
  return {
    due: worker.host.due,
    run: (kind, probe, container) => runProbe(worker, kind, probe, container),
    onFailure: (kind, container, output) =>
      worker.report(container.spec, "Warning", "Unhealthy", `${TITLES[kind]} probe failed: ${output}`),
    onVerdict: () => {
      worker.publish();
      worker.wake();
    },
  };
}

function runProbe(
  worker: PodContext,
  kind: ProbeKind,
  probe: Probe,
  container: SimContainer,
): ProbeResult | Promise<ProbeResult> {
  const { behaviour, unknown } = container.plan;
  const command = probe.exec?.command;
  if (command === undefined) return networkProbe(kind, probe, behaviour, container.ageMs(), worker.podIP());
  if (!behaviourAnswers(kind, behaviour, container.ageMs())) return failure("");
  if (unknown === "server" && !isKnownCommand(command)) return PROBE_SUCCESS;
  return execProbe(worker, probe, command, container);
}

async function execProbe(
  worker: PodContext,
  probe: Probe,
  command: readonly string[],
  container: SimContainer,
): Promise<ProbeResult> {
  try {
    const world = await worldOf(worker, container.spec);
    const result = await worker.host.runtime.execSync(
      container.id,
      command,
      probe.timeoutSeconds ?? 1,
      world,
    );
    return result.exitCode === 0 ? PROBE_SUCCESS : failure(result.stdout + result.stderr);
  } catch (error) {
    if (error instanceof RuntimeRefusal || error instanceof Error) return failure(error.message);
    throw error;
  }
}
