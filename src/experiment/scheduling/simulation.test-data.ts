// Simulated cases for tests: a scheduler over an empty API, nodes and Pods in one line, workloads of bench/.
import { ManualClock } from "../../base/clock.js";
import type { Node, Pod, PodSpec } from "../../api/types.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { DEFAULT_FEATURES } from "../../scheduler/scheduler.js";
import type { SchedulingSource } from "./scheduling-types.js";
import { newSimulation, type Simulation, type SimulationOptions, type Surroundings } from "./simulation.js";

export const SIMULATED: Surroundings = {
  seed: 1,
  timeMode: "simulated",
  clock: new ManualClock(),
  sleep: () => Promise.reject(new Error("simulated time never sleeps")),
  callExtender: () => Promise.reject(new Error("there is no extender")),
};

export function newTestSimulation(changes: Partial<SimulationOptions> = {}): Simulation {
  return newSimulation({
    ...SIMULATED,
    configuration: defaultConfiguration(),
    features: DEFAULT_FEATURES,
    runsPods: false,
    readsThroughput: true,
    fragmentation: () => null,
    ...changes,
  });
}

export function benchWorkload(
  folder: string,
  testCase: string,
  workload: string,
): SchedulingSource & { readonly kind: "workload" } {
  return {
    kind: "workload",
    configPath: `bench/scheduler_perf/${folder}/performance-config.yaml`,
    testCase,
    workload,
  };
}

/** 4 CPU and 32Gi unless told otherwise. */
export function node(name: string, changes: Pick<Node, "spec"> & { readonly cpu?: string } = {}): Node {
  const { cpu = "4", spec = {} } = changes;
  const allocatable = { cpu, memory: "32Gi", pods: "110" };
  return { apiVersion: "v1", kind: "Node", metadata: { name }, spec, status: { allocatable } };
}

export function pod(name: string, cpu: string, spec: PodSpec = {}): Pod {
  const containers = [{ name: "main", resources: { requests: { cpu } } }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers, ...spec } };
}

/** Pod name -> node, of Pods that have one. */
export function placements({ api }: Simulation): Record<string, string> {
  const bound = [...api.pods()].filter(({ spec }) => spec?.nodeName !== undefined);
  return Object.fromEntries(bound.map(({ metadata, spec }) => [metadata.name, spec?.nodeName ?? ""]));
}

export const ONE_MINUTE = { timeoutMs: 60_000, waitingFor: () => "the test" };
