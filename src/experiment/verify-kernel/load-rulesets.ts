// The nodes of a sweep, all alive at once: two controls, and one node per path and size with its rules loaded. Each
// ruleset's counts are taken while it is at hand; the rules themselves are then only in the kernel.
// Loading stops, path by path, where the next size would not be done in time.
import type { Clock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { ipvsNodeCommands } from "../../kernel/host/ipvs-node.js";
import { loadRules } from "../../kernel/host/rule-loading.js";
import { runCommands } from "../../kernel/host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../../kernel/host/topology.js";
import { makeControl } from "../../kernel/timing/controls.js";
import { predictedLoadMs, type SweepNode } from "../../kernel/timing/sweep-plan.js";
import { KERNEL_PATHS, type KernelPath, type NotVerifiedRecord } from "../../measure/kernel-record.js";
import { NODE_ADDRESS, type SweepCounts, sweepCounts, sweepRules } from "./sweep-rules.js";

/** A node of the sweep that stands in the kernel. */
export interface LoadedNode {
  readonly what: SweepNode;
  readonly spec: NodeSpec;
  /** None for a control. */
  readonly counts: SweepCounts;
}

export interface LoadOptions {
  readonly host: KernelHost;
  readonly clock: Clock;
  /** Milliseconds of `clock` by which the last load should have ended. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

export interface LoadedRulesets {
  readonly nodes: readonly LoadedNode[];
  readonly notVerified: readonly NotVerifiedRecord[];
}

/**
 * @param planned in the order to load them, sizes ascending
 * @throws {PlumbError} when a node cannot be made; a ruleset that is refused is left out and told of
 */
export async function loadSweep(
  planned: readonly SweepNode[],
  options: LoadOptions,
): Promise<LoadedRulesets> {
  const loads = new Map<KernelPath, { services: number; ms: number }[]>();
  const notVerified = new Map<KernelPath, NotVerifiedRecord>();
  const nodes: LoadedNode[] = [];
  for (const what of planned) {
    options.signal?.throwIfAborted();
    if (what.kind === "control") {
      nodes.push(await loadControl(what, options.host));
      continue;
    }
    const { path, services } = what;
    if (notVerified.has(path)) continue;
    const earlier = loads.get(path) ?? [];
    loads.set(path, earlier);
    const predicted = predictedLoadMs(earlier, services) ?? 0;
    const left = options.deadlineMs - options.clock.milliseconds();
    if (predicted > left) {
      notVerified.set(path, outOfTime(what, { predicted, left }));
      continue;
    }
    options.onProgress(`loading ${path}, ${services} Services`);
    const begin = options.clock.milliseconds();
    try {
      nodes.push(await loadRuleset(what, options.host));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      notVerified.set(path, { what: path, reason: "KERNEL_REFUSED", detail: error.message });
    }
    earlier.push({ services, ms: options.clock.milliseconds() - begin });
  }
  return { nodes, notVerified: [...notVerified.values()] };
}

function outOfTime(
  { path, services }: { readonly path: KernelPath; readonly services: number },
  { predicted, left }: { readonly predicted: number; readonly left: number },
): NotVerifiedRecord {
  const seconds = (ms: number) => `${Math.max(0, ms / 1000).toFixed(0)} s`;
  return {
    what: path,
    reason: "OUT_OF_TIME",
    detail: `timing at ${services} Services and more: loading would take ${seconds(predicted)}, ${seconds(left)} were left`,
  };
}

function specOf(id: string): NodeSpec {
  return { id, interfaces: ["eth0"], addresses: [NODE_ADDRESS] };
}

/** @throws {PlumbError} Internal when the node cannot be made */
export async function loadControl(
  what: Extract<SweepNode, { kind: "control" }>,
  host: KernelHost,
): Promise<LoadedNode> {
  const spec = specOf(what.control);
  await makeControl(host, what.control, spec);
  return { what, spec, counts: new Map() };
}

/** Cost: loading, and compiling the rules to count what packets make them do. @throws {PlumbError} when they are refused */
export async function loadRuleset(
  what: Extract<SweepNode, { kind: "rules" }>,
  host: KernelHost,
): Promise<LoadedNode> {
  const { path, services } = what;
  const spec = specOf(`${KERNEL_PATHS.indexOf(path)}-${services}`);
  await runCommands(host, makeNode(spec));
  const { model, texts } = sweepRules(path, services);
  const { node: netns } = namespacesOf(spec);
  const load =
    model.mode === "ipvs"
      ? ipvsNodeCommands(model, { netns, strictArp: false })
      : loadRules(path, "IPv4", texts, netns, { transactions: "quick" });
  await runCommands(host, load);
  return { what, spec, counts: sweepCounts(what, model) };
}
