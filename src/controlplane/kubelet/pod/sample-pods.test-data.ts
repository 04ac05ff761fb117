// Pods and container records for tests.
import type { RuntimeContainer } from "../runtime/runtime-service.js";
import type { Container, ContainerStatus, Pod, PodSpec } from "./pod.js";

export function samplePod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web-0", namespace: "default", uid: "uid-web-0", ...metadata },
    spec: { containers: [sampleContainer("web")], restartPolicy: "Always", nodeName: "node-0", ...spec },
  };
}

export function sampleContainer(name: string, more: Partial<Container> = {}): Container {
  return { name, image: "nginx:1.27", ...more };
}

export function record(name: string, more: Partial<RuntimeContainer> = {}): RuntimeContainer {
  return {
    id: `id-${name}-${more.attempt ?? 0}`,
    name,
    attempt: 0,
    state: "running",
    image: "docker.io/library/nginx:1.27",
    imageRef: "docker.io/library/nginx@sha256:1",
    createdAtMs: 1000,
    startedAtMs: 2000,
    finishedAtMs: 0,
    exitCode: 0,
    reason: "",
    message: "",
    ...more,
  };
}

export function exited(
  name: string,
  exitCode: number,
  more: Partial<RuntimeContainer> = {},
): RuntimeContainer {
  return record(name, {
    state: "exited",
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    finishedAtMs: 3000,
    ...more,
  });
}

/** "running", "started", "waiting", "exit 0", "back off after exit 1". */
export function status(name: string, what: string): ContainerStatus {
  const base = { name, image: "", imageID: "", restartCount: 0 };
  const code = Number(/exit (\d+)/.exec(what)?.[1] ?? 0);
  const terminated = { exitCode: code };
  if (what.startsWith("back off"))
    return {
      ...base,
      ready: false,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated },
    };
  if (what.startsWith("exit")) return { ...base, ready: code === 0, state: { terminated } };
  if (what === "waiting")
    return { ...base, ready: false, state: { waiting: { reason: "ContainerCreating" } } };
  return { ...base, ready: what !== "unready", started: what !== "starting", state: { running: {} } };
}
