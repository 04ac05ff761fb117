// The words of random scheduling clusters, and how they are drawn. Few words on purpose: a selector that matches
// nothing tests little, so labels, taints and names are shared by many objects.
import type { LabelSelector, LabelSelectorRequirement } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";

export type Labels = Readonly<Record<string, string>>;

export const NAMESPACES = ["shop", "bank", "lab", "unlisted"] as const;
/** There is no Namespace object of this name: its labels are unknown, as in the moment after its creation. */
export const UNLISTED_NAMESPACE = "unlisted";
export const TEAMS = ["red", "blue"] as const;
export const APPS = ["web", "api", "db", "cache", "batch"] as const;
const TIERS = ["front", "back"] as const;
const REVISIONS = ["r1", "r2", "r3"] as const;
export const ZONES = ["z1", "z2", "z3"] as const;
export const RACKS = ["a", "b", "c", "d", "e"] as const;
export const DISKS = ["ssd", "hdd"] as const;
export const RACK = "example.com/rack";
export const DISK = "disk";
/** Whole numbers, for Gt and Lt. */
export const GENERATION = "generation";
export const GPU = "example.com/gpu";
export const HUGE_PAGES = "hugepages-2Mi";

/** True once in so many times. */
export function oneIn(prng: Prng, times: number): boolean {
  return prng.below(times) === 0;
}

export function between(prng: Prng, least: number, most: number): number {
  return least + prng.below(most - least + 1);
}

/** That many items, in random order, each at most once. */
export function some<T>(prng: Prng, items: readonly T[], count: number): T[] {
  return prng.shuffled(items).slice(0, count);
}

export function podLabels(prng: Prng): Labels {
  return {
    app: prng.pick(APPS),
    ...(oneIn(prng, 3) ? {} : { tier: prng.pick(TIERS) }),
    ...(oneIn(prng, 3) ? {} : { rev: prng.pick(REVISIONS) }),
  };
}

/** A selector of Pods: by one label mostly, by expressions of every operator, seldom empty. */
export function podSelector(prng: Prng, own: Labels): LabelSelector {
  if (oneIn(prng, 20)) return {};
  if (oneIn(prng, 3)) return { matchExpressions: [podRequirement(prng)] };
  const app = oneIn(prng, 2) ? (own["app"] as string) : prng.pick(APPS);
  if (oneIn(prng, 4)) return { matchLabels: { app }, matchExpressions: [podRequirement(prng)] };
  return { matchLabels: { app } };
}

function podRequirement(prng: Prng): LabelSelectorRequirement {
  switch (prng.below(4)) {
    case 0:
      return { key: "app", operator: "In", values: some(prng, APPS, 2) };
    case 1:
      return { key: "tier", operator: "NotIn", values: [prng.pick(TIERS)] };
    case 2:
      return { key: "tier", operator: "Exists" };
    default:
      return { key: "rev", operator: "DoesNotExist" };
  }
}
