// What answers at a Pod's port: who listens there, and what it says to an HTTP request. The same simulation stands behind
// probes, port-forward and the API server's proxies.
//
// A container listens at the TCP ports that it declares, for Services or for probes. One that declares none listens
// everywhere when it is a server of which the simulation knows nothing more, and nowhere when it plays a script.
import type { PodAnswer } from "../../protocol/node-streams.js";
import type { Container } from "../pod/pod.js";
import type { PodContext } from "../pod/pod-context.js";
import { behaviourAnswers } from "../probes/run-probe.js";
import { imageName } from "../runtime/profile.js";
import type { SimContainer } from "../runtime/sim-container.js";
import { baseName } from "../shell/run-shell.js";

/** It runs and does nothing else. */
const SILENT_IMAGE = "pause";
const PROBED = ["readiness", "liveness"] as const;

/** @param path with its query @returns null: nothing listens */
export function podAnswer(worker: PodContext, port: number, path: string): PodAnswer | null {
  const container = worker.containers().find((each) => listens(each, port));
  if (container === undefined) return null;
  const code = isWell(container, path) ? 200 : 503;
  const text = `Pod ${worker.pod.metadata.name} answers on port ${port}.\n`;
  return { code, contentType: "text/plain", text: code === 200 ? text : "Service Unavailable\n" };
}

function listens(container: SimContainer, port: number): boolean {
  const { plan, spec } = container;
  if (container.state !== "running" || container.ageMs() < plan.behaviour.startedAfterMs) return false;
  const declared = declaredPorts(spec);
  if (declared.length > 0) return declared.includes(port);
  return plan.script === null && baseName(imageName(spec.image ?? "")) !== SILENT_IMAGE;
}

function declaredPorts(spec: Container): readonly number[] {
  const ports = (spec.ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP");
  const probes = [spec.startupProbe, spec.readinessProbe, spec.livenessProbe];
  const probed = probes.map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port);
  return [
    ...ports.map(({ containerPort }) => containerPort),
    ...probed.filter((port) => typeof port === "number"),
  ];
}

/** As a probe that asks for this path finds it; other paths are well as long as the container is alive. */
function isWell(container: SimContainer, path: string): boolean {
  const { behaviour } = container.plan;
  const plain = path.split("?")[0] as string;
  const isProbed = (kind: (typeof PROBED)[number]) =>
    (container.spec[`${kind}Probe`]?.httpGet?.path ?? null) === plain;
  const kind = PROBED.find(isProbed) ?? "liveness";
  return behaviourAnswers(kind, behaviour, container.ageMs());
}
