// The profiles of a configuration, each with its plugins, made over what all of them share.
import type { Prng } from "../base/prng.js";
import type { PodInfo } from "./cache/pod-info.js";
import type { SchedulerCache } from "./cache/scheduler-cache.js";
import type { Profile, SchedulerConfiguration } from "./config/configuration.js";
import { CycleRecorder, type Stopwatch } from "./cycle/cycle-recorder.js";
import { EXTENDER } from "./cycle/diagnosis.js";
import { Framework } from "./cycle/framework.js";
import type { EventRegistration } from "./framework/cluster-event.js";
import type { FrameworkHandle, NominatedPods, WaitingPods } from "./framework/handle.js";
import type { PreEnqueuePlugin } from "./framework/plugin.js";
import { ProfileMetrics } from "./metrics/profile-metrics.js";
import type { SchedulerMetrics } from "./metrics/scheduler-metrics.js";
import type { ObjectLister } from "./objects.js";
import type { PreemptInMemory } from "./plugins/default-preemption/actuation.js";
import type { TrimVictims } from "./plugins/default-preemption/preemption.js";
import type { BalanceFormula } from "./plugins/node-resources/balanced-allocation.js";
import type { PluginRegistry } from "./plugins/registry.js";
import { ANY_EVENT } from "./queue/event-interests.js";

/** What all profiles are made with. */
export interface ProfileParts {
  readonly cache: SchedulerCache;
  readonly objects: ObjectLister;
  readonly nominated: NominatedPods;
  readonly prng: Prng;
  readonly metrics: SchedulerMetrics;
  readonly stopwatch: Stopwatch;
  readonly now: () => number;
  readonly balanceFormula: BalanceFormula;
  readonly asyncPreemption: boolean;
  readonly trimVictims: TrimVictims | null;
  readonly waitingPods: WaitingPods;
  readonly preemptInMemory: PreemptInMemory;
  readonly registry: PluginRegistry;
}

export interface ProfileRuntime {
  readonly framework: Framework;
  readonly recorder: CycleRecorder;
  readonly metrics: ProfileMetrics;
}

/** By scheduler name. */
export type Profiles = ReadonlyMap<string, ProfileRuntime>;

export function makeProfiles({ profiles }: SchedulerConfiguration, parts: ProfileParts): Profiles {
  return new Map(profiles.map((profile) => [profile.schedulerName, makeProfile(profile, parts)]));
}

function makeProfile(profile: Profile, parts: ProfileParts): ProfileRuntime {
  const { cache, objects, nominated, waitingPods, prng, now } = parts;
  const handle: FrameworkHandle = {
    snapshot: cache,
    objects,
    nominated,
    waitingPods,
    prng,
    now,
    filterWithNominatedPods: (state, pod, node) => framework.filterWithNominatedPods(state, pod, node),
    addPod: (state, pod, added, node) => framework.addPod(state, pod, added, node),
    removePod: (state, pod, removed, node) => framework.removePod(state, pod, removed, node),
  };
  const framework: Framework = new Framework(profile, parts.registry, {
    args: profile.args,
    handle,
    balanceFormula: parts.balanceFormula,
    asyncPreemption: parts.asyncPreemption,
    trimVictims: parts.trimVictims,
    preemptInMemory: parts.preemptInMemory,
  });
  const metrics = new ProfileMetrics(parts.metrics, profile.schedulerName);
  const recorder = new CycleRecorder(metrics, parts.stopwatch, prng.fork(`timing ${profile.schedulerName}`));
  return { framework, recorder, metrics };
}

/**
 * Plugin name -> the events it asks for, over all profiles. Plugins that only sort, bind or score reject nobody;
 * extenders cannot say what helps them.
 */
export function registrationsOf(
  profiles: Profiles,
  { hasExtenders }: { readonly hasExtenders: boolean },
): ReadonlyMap<string, readonly EventRegistration[]> {
  const registrations = new Map<string, readonly EventRegistration[]>();
  if (hasExtenders) registrations.set(EXTENDER, ANY_EVENT);
  for (const { framework } of profiles.values()) {
    for (const [name, plugin] of framework.plugins) {
      const own = plugin.eventsToRegister?.() ?? (isRejecting(framework, name) ? ANY_EVENT : []);
      if (own.length > 0) registrations.set(name, [...(registrations.get(name) ?? []), ...own]);
    }
  }
  return registrations;
}

function isRejecting({ preEnqueue, preFilter, filters, reserve, permit }: Framework, name: string): boolean {
  return [...preEnqueue, ...preFilter, ...filters, ...reserve, ...permit].some((each) => each.name === name);
}

/** All PreEnqueue plugins, each asked only about its own profile's Pods. */
export function preEnqueueOf(
  profiles: Profiles,
  profileOf: (pod: PodInfo) => ProfileRuntime | undefined,
): PreEnqueuePlugin[] {
  return [...profiles.values()].flatMap((profile) =>
    profile.framework.preEnqueue.map((plugin) => ({
      name: plugin.name,
      preEnqueue: (pod: PodInfo) => (profileOf(pod) === profile ? plugin.preEnqueue(pod) : null),
    })),
  );
}
