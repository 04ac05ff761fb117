// A scheduler with plugins of a test's own at Permit, which say what the test tells them to and remember what they saw.
import assert from "node:assert/strict";
import { defaultProfile } from "./config/default-configuration.js";
import { resolvePluginSets } from "./config/plugin-sets.js";
import type { PodInfo } from "./cache/pod-info.js";
import type { EventRegistration } from "./framework/cluster-event.js";
import type { WaitingPod, WaitingPods } from "./framework/handle.js";
import type { PermitPlugin, ReservePlugin } from "./framework/plugin.js";
import { type Status, WAIT } from "./framework/status.js";
import type { PluginMaker } from "./plugins/registry.js";
import { Simulation, type SimulationOptions } from "./scheduler.test-data.js";

/** What a plugin says of a Pod: null to let it pass, a number of ms to wait, or a status. */
export type PermitRule = (pod: PodInfo, waitingPods: WaitingPods) => Status | number | null;

export interface PermitTestPlugin {
  readonly rule: PermitRule;
  readonly unreserve?: (pod: PodInfo, waitingPods: WaitingPods) => void;
  readonly events?: readonly EventRegistration[];
}

export class PermitSimulation extends Simulation {
  /** "Gang permit p", "Gang unreserve p", in the order of calls. */
  readonly calls: string[];
  readonly waitingPods: WaitingPods;

  /** The plugins run at Reserve, where they reserve nothing, and Permit, in this order. */
  constructor(plugins: Readonly<Record<string, PermitTestPlugin>>, options: SimulationOptions = {}) {
    const calls: string[] = [];
    let waitingPods: WaitingPods | null = null;
    const entries = Object.entries(plugins).map(([name, plugin]): [string, PluginMaker] => {
      const create: PluginMaker["create"] = ({ handle }) => {
        waitingPods = handle.waitingPods;
        return permitPlugin(name, plugin, { waitingPods, calls });
      };
      return [name, { create }];
    });
    super({
      ...options,
      configuration: { profiles: [profileWith(Object.keys(plugins))], ...options.configuration },
      plugins: Object.fromEntries(entries),
    });
    this.calls = calls;
    this.waitingPods = waitingPods ?? assert.fail("a test of Permit has a plugin there");
  }

  waiting(uid: string): WaitingPod {
    return this.waitingPods.get(uid) ?? assert.fail(`Pod ${uid} does not wait`);
  }

  /** Names of Pods that wait. */
  waitingNames(): string[] {
    return [...this.waitingPods].map(({ pod }) => pod.uid);
  }

  /** What was decided outside of an attempt takes effect, without time going on. */
  settle(): void {
    assert.equal(this.scheduler.nextTickMs(this.nowMs), this.nowMs);
    this.tickAt(this.nowMs);
  }
}

function profileWith(names: readonly string[]) {
  const enabled = names.map((name) => ({ name, weight: 0 }));
  return defaultProfile({
    plugins: resolvePluginSets({
      reserve: { enabled, disabled: [] },
      permit: { enabled, disabled: [] },
    }),
  });
}

function permitPlugin(
  name: string,
  { rule, unreserve, events }: PermitTestPlugin,
  { waitingPods, calls }: { waitingPods: WaitingPods; calls: string[] },
): PermitPlugin & ReservePlugin {
  return {
    name,
    ...(events === undefined ? {} : { eventsToRegister: () => events }),
    reserve: () => null,
    unreserve(_state, pod) {
      calls.push(`${name} unreserve ${pod.uid}`);
      unreserve?.(pod, waitingPods);
    },
    permit(_state, pod) {
      calls.push(`${name} permit ${pod.uid}`);
      const said = rule(pod, waitingPods);
      return typeof said === "number" ? { status: WAIT, timeoutMs: said } : { status: said, timeoutMs: 0 };
    },
  };
}
