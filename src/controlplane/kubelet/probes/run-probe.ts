// One probe against a simulated container. Network probes find what the container's behaviour says of its age; commands
// are played, unless they are programs of which the simulation knows nothing.
import type { Probe } from "../pod/pod.js";
import type { Behaviour } from "../runtime/behaviour.js";
import type { ProbeKind } from "./probe-counter.js";

export interface ProbeResult {
  readonly isSuccess: boolean;
  /** Why not, as upstream's events put it. */
  readonly output: string;
}

export const PROBE_SUCCESS: ProbeResult = { isSuccess: true, output: "" };

/** What a container of this age answers to a probe of this kind. */
export function behaviourAnswers(kind: ProbeKind, behaviour: Behaviour, ageMs: number): boolean {
  if (ageMs < behaviour.startedAfterMs) return false;
  if (kind === "startup") return true;
  if (kind === "liveness") return behaviour.deadAfterMs === null || ageMs < behaviour.deadAfterMs;
  if (ageMs < behaviour.readyAfterMs) return false;
  return behaviour.unreadyAfterMs === null || ageMs < behaviour.unreadyAfterMs;
}

/** The answer of a network probe. @param ip of the Pod */
export function networkProbe(
  kind: ProbeKind,
  probe: Probe,
  behaviour: Behaviour,
  ageMs: number,
  ip: string,
): ProbeResult {
  if (behaviourAnswers(kind, behaviour, ageMs)) return PROBE_SUCCESS;
  if (probe.httpGet !== undefined) return failure("HTTP probe failed with statuscode: 503");
  if (probe.grpc !== undefined) return failure('service unhealthy (responded with "NOT_SERVING")');
  const port = probe.tcpSocket?.port ?? 0;
  return failure(`dial tcp ${ip}:${port}: connect: connection refused`);
}

export function failure(output: string): ProbeResult {
  return { isSuccess: false, output };
}
