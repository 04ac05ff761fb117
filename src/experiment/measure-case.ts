// One sample of one case, from objects to numbers: compile, encode, then the case's phases in order.
// Runs inside a process of its own; everything exact it finds must be the same in every process.
import type { Clock } from "../base/clock.js";
import { PlumbError } from "../base/errors.js";
import type { ProxyState } from "../proxy/service-port.js";
import { calibrateTimer } from "../measure/timer.js";
import { trafficTargets } from "../workload/traffic-targets.js";
import { runAffinity } from "./affinity-phase.js";
import { runConntrack } from "./conntrack-phase.js";
import { type DataPath, encodeModel, encodeOptionsFor } from "./data-path.js";
import type { FlowPlace } from "./flows.js";
import { Findings, type PhaseContext } from "./phase.js";
import { type PreparedCase, prepareCase } from "./prepare.js";
import { runProgram } from "./program-phase.js";
import { measureRuleset } from "./ruleset-case.js";
import type { SampleRequest, SampleResult } from "./sample-types.js";
import type { PacketsCase, Phase, ProgramPhase, ScenarioCase } from "./scenario-types.js";
import type { SchedulingWaits } from "./scheduling/real-waits.js";
import { runTraffic } from "./traffic-phase.js";
import { runWorkers } from "./workers-phase.js";

/**
 * @returns what was found; a case that its mode cannot serve says so in `unsupported` and holds no values
 * @throws {PlumbError} for inputs that cannot be read or limits that are passed
 */
export async function measureCase(
  request: SampleRequest,
  clock: Clock,
  waits: SchedulingWaits,
): Promise<SampleResult> {
  const findings = new Findings();
  const context: PhaseContext = { request, clock, timer: calibrateTimer(clock), findings };
  const sample = { caseId: request.case.id, block: request.block };
  try {
    const measured = await measureKind(context, request.case, waits);
    const { values, warnings } = findings;
    return { ...sample, ...measured, values, warnings, unsupported: null };
  } catch (error) {
    if (!(error instanceof PlumbError) || error.code !== "Unsupported") throw error;
    return {
      ...sample,
      workload: { requested: {}, applied: {} },
      scheduling: null,
      values: [],
      warnings: [],
      unsupported: error.message,
    };
  }
}

type Measured = Pick<SampleResult, "workload" | "scheduling">;

async function measureKind(
  context: PhaseContext,
  scenarioCase: ScenarioCase,
  waits: SchedulingWaits,
): Promise<Measured> {
  if (scenarioCase.kind === "scheduling") {
    // A process that sends packets need not load a scheduler: it would take as long as a small sample.
    const { measureScheduling } = await import("./scheduling/measure-scheduling.js");
    return measureScheduling(context, scenarioCase, waits);
  }
  if (scenarioCase.kind === "controlplane") {
    const { measureControlPlane } = await import("./controlplane/measure-controlplane.js");
    return { workload: await measureControlPlane(context, scenarioCase.spec), scheduling: null };
  }
  const { source } = scenarioCase.cluster;
  const workload =
    source.kind === "iptablesSave"
      ? await measureRuleset(context, scenarioCase, source.path)
      : await measureCluster(context, scenarioCase);
  return { workload, scheduling: null };
}

async function measureCluster(
  context: PhaseContext,
  scenarioCase: PacketsCase,
): Promise<SampleResult["workload"]> {
  const { seed } = context.request;
  const prepared = prepareCase(scenarioCase, seed);
  context.findings.warnOfEach("INPUT", prepared.warnings, "see plumb lint on the input");
  const program =
    scenarioCase.phases.find((phase): phase is ProgramPhase => phase.kind === "program") ?? null;
  const { model, state } = runProgram(context, prepared, program);
  const path: DataPath = { model, encoder: encodeModel(model, encodeOptionsFor(scenarioCase)), seed };
  if (program?.sync.includes("full"))
    context.findings.add("state.image_bytes", path.encoder.image.bytes.length);
  const place = flowPlace(prepared, state, seed);
  for (const phase of scenarioCase.phases) await runPhase(context, path, phase, { prepared, place });
  return workload(scenarioCase, prepared);
}

async function runPhase(
  context: PhaseContext,
  path: DataPath,
  phase: Phase,
  { prepared, place }: { prepared: PreparedCase; place: FlowPlace },
): Promise<void> {
  switch (phase.kind) {
    case "program":
      return;
    case "traffic":
      return runTraffic(context, path, phase, place);
    case "workers":
      return runWorkers(context, path, phase, place);
    case "conntrack":
      return runConntrack(context, path, phase, place);
    case "affinity":
      return runAffinity(context, path, phase, { prepared, targets: place.targets });
  }
}

function flowPlace({ objects, family, config }: PreparedCase, state: ProxyState, seed: number): FlowPlace {
  const order = config.order === "input" ? "input" : "sorted";
  const ofFamily = (text: string) => text.includes(":") === (family === "IPv6");
  const targets = trafficTargets(objects, family, config.node.addresses, order);
  const endpoints = new Map(
    state.entries.map(({ port, reachable }) => [`${port.name} ${port.protocol}`, reachable.length]),
  );
  return {
    targets,
    endpointsOf: (target) => {
      const { service = "", protocol = "TCP" } = targets[target] ?? {};
      return endpoints.get(`${service} ${protocol}`) ?? null;
    },
    podCIDR: config.node.podCIDRs.find(ofFamily) ?? null,
    nodeAddress: config.node.addresses.find(ofFamily) ?? null,
    serviceCIDR: objects.serviceCIDRs.find(ofFamily) ?? null,
    seed,
  };
}

/** A generated cluster must have as many Services as the scenario says. */
function workload({ cluster }: PacketsCase, { objects }: PreparedCase): SampleResult["workload"] {
  const endpoints = objects.endpointSlices.reduce((sum, slice) => sum + slice.endpoints.length, 0);
  const applied = { services: objects.services.length, endpoints, nodes: objects.nodes.length };
  if (cluster.source.kind !== "services") return { requested: {}, applied };
  return {
    requested: { services: cluster.source.services.services * cluster.replicate, nodes: cluster.nodes },
    applied,
  };
}
