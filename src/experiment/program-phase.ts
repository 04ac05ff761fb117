// Phase "program": the whole cluster compiled once, cold, as a proxy does when it starts; then one Service at a time.
// Times are of this program's compilers, in a fresh process, text included (its bytes are counted by making it); counts
// are of what kube-proxy would hand to the kernel.
import type { EndpointSlice } from "../api/types.js";
import { durationBetween } from "../base/clock.js";
import { present } from "../base/assert.js";
import { Prng } from "../base/prng.js";
import type { RuleModel } from "../netfilter/rule-model.js";
import type { ProxyConfig } from "../proxy/config.js";
import { COMPILERS } from "../proxy/modes.js";
import type { ProxyState } from "../proxy/service-port.js";
import { ChangeTracker } from "../proxy/state/change-tracker.js";
import type { SyncResult } from "../proxy/sync-result.js";
import { ruleModelSize } from "./rule-model-size.js";
import type { PhaseContext } from "./phase.js";
import type { PreparedCase } from "./prepare.js";
import type { ProgramPhase } from "./scenario-types.js";

export interface Programmed {
  readonly state: ProxyState;
  readonly model: RuleModel;
}

/** Compile everything, and report what was asked of it. The model it returns feeds the later phases. */
export function runProgram(
  context: PhaseContext,
  prepared: PreparedCase,
  phase: ProgramPhase | null,
): Programmed {
  const { config } = prepared;
  const tracker = trackerOf(prepared);
  const compiler = COMPILERS[config.mode];
  const { value: state, ns: stateNs } = timed(context, () => {
    tracker.applyChanges();
    return tracker.state();
  });
  const { value: model, ns: modelNs } = timed(context, () => compiler.compile(state, config));
  if (phase?.sync.includes("full")) {
    const { value: result, ns: textNs } = timed(context, () => compiler.syncModel(model, state, config));
    reportFull(context, { result, model, ns: stateNs + modelNs + textNs });
  }
  if (phase?.sync.includes("partial")) runPartial(context, { tracker, state, config, phase, prepared });
  return { state, model };
}

function trackerOf({ objects, config }: PreparedCase): ChangeTracker {
  const tracker = new ChangeTracker(config);
  for (const service of objects.services) tracker.upsert(service);
  for (const slice of objects.endpointSlices) tracker.upsert(slice);
  return tracker;
}

function reportFull(
  { findings }: PhaseContext,
  full: { result: SyncResult; model: RuleModel; ns: number },
): void {
  const { result, model } = full;
  const size = ruleModelSize(model);
  findings.add("sync.full.rules", result.rules + result.elements);
  findings.add("sync.full.bytes", result.bytes);
  findings.add("sync.full.compile_ns", full.ns);
  findings.add("state.rules", size.rules);
  findings.add("state.elements", size.elements);
}

interface PartialInput {
  readonly tracker: ChangeTracker;
  readonly state: ProxyState;
  readonly config: ProxyConfig;
  readonly phase: ProgramPhase;
  readonly prepared: PreparedCase;
}

/** Replace one endpoint of one Service at a time; means over the changes. */
function runPartial(context: PhaseContext, { tracker, state, config, phase, prepared }: PartialInput): void {
  const slices = prepared.objects.endpointSlices.filter(
    (slice) => slice.addressType === config.family && slice.endpoints.length > 0,
  );
  if (slices.length === 0) {
    context.findings.warn(
      "NO_ENDPOINTS",
      "no Service has an endpoint to change",
      "give the cluster endpoints, or leave `partial` out of the program phase",
    );
    return;
  }
  const prng = new Prng(context.request.seed).fork("partial-sync");
  const totals = { rules: 0, bytes: 0, ns: 0 };
  let previous = state;
  for (let change = 0; change < phase.changes; change++) {
    const slice = prng.pick(slices);
    const { value, ns } = timed(context, () =>
      syncOneChange(tracker, previous, config, replaceEndpoint(slice, change)),
    );
    previous = value.next;
    totals.rules += value.result.rules + value.result.elements;
    totals.bytes += value.result.bytes;
    totals.ns += ns;
  }
  context.findings.add("sync.partial.rules", totals.rules / phase.changes);
  context.findings.add("sync.partial.bytes", totals.bytes / phase.changes);
  context.findings.add("sync.partial.compile_ns", totals.ns / phase.changes);
}

function syncOneChange(
  tracker: ChangeTracker,
  previous: ProxyState,
  config: ProxyConfig,
  slice: EndpointSlice,
): { next: ProxyState; result: SyncResult } {
  tracker.upsert(slice);
  const { changed } = tracker.applyChanges();
  const next = tracker.state();
  return { next, result: COMPILERS[config.mode].syncPartial(previous, next, changed, config) };
}

/** As a rolling update does: one Pod is gone, another stands in its place under a new address. */
function replaceEndpoint(slice: EndpointSlice, change: number): EndpointSlice {
  const [first, ...rest] = slice.endpoints;
  const address =
    slice.addressType === "IPv6"
      ? `fd00:ffff::${(change + 1).toString(16)}`
      : `100.64.${(change >> 8) & 255}.${change & 255}`;
  return { ...slice, endpoints: [{ ...present(first, "first endpoint"), addresses: [address] }, ...rest] };
}

function timed<T>({ clock }: PhaseContext, run: () => T): { value: T; ns: number } {
  const start = clock.now();
  const value = run();
  return { value, ns: durationBetween(start, clock.now()) };
}
