// The parts of a Pod's spec that speak about other Pods, with what they leave unsaid filled in: namespaces, and
// selectors extended by matchLabelKeys. They hang on the Pod's namespace and labels, too.
// Source: kube-scheduler framework/types.go (AffinityTerm), plugins/podtopologyspread/common.go.
import { matchesSelector } from "../../api/selector.js";
import type {
  NodeInclusionPolicy,
  PodAffinityTerm,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from "../../api/scheduling.js";
import type { LabelSelector, LabelSelectorRequirement, Pod } from "../../api/types.js";

type Labels = Readonly<Record<string, string>>;

/** Which Pods a term means. */
export interface PodMatcher {
  /** Empty together with a null namespaceSelector cannot be: the Pod's own namespace is filled in. */
  readonly namespaces: ReadonlySet<string>;
  /** Further namespaces by their labels; null for none. */
  readonly namespaceSelector: LabelSelector | null;
  /** null matches no Pod. */
  readonly selector: LabelSelector | null;
  /** Equal texts mean equal matchers. */
  readonly id: string;
}

export interface AffinityTerm extends PodMatcher {
  readonly topologyKey: string;
}

export interface WeightedTerm {
  readonly term: AffinityTerm;
  /** 1..100; negative for anti-affinity. */
  readonly weight: number;
}

export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly minDomains: number;
  readonly nodeAffinityPolicy: NodeInclusionPolicy;
  readonly nodeTaintsPolicy: NodeInclusionPolicy;
  /** Pods of the own namespace; null matches none. */
  readonly selector: LabelSelector | null;
  /** Equal texts mean equal namespace and selector. */
  readonly selectorId: string;
}

export interface PodTerms {
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  /** Affinity and anti-affinity. */
  readonly preferred: readonly WeightedTerm[];
  readonly hardSpread: readonly SpreadConstraint[];
  readonly softSpread: readonly SpreadConstraint[];
}

export const NO_TERMS: PodTerms = {
  requiredAffinity: [],
  requiredAntiAffinity: [],
  preferred: [],
  hardSpread: [],
  softSpread: [],
};

export function podTerms(pod: Pod): PodTerms {
  const { affinity, topologySpreadConstraints: spread = [] } = pod.spec ?? {};
  if (affinity?.podAffinity === undefined && affinity?.podAntiAffinity === undefined && spread.length === 0)
    return NO_TERMS;
  const required = (terms: readonly PodAffinityTerm[] = []) => terms.map((term) => affinityTerm(term, pod));
  const preferred = (terms: readonly WeightedPodAffinityTerm[] = [], sign: 1 | -1) =>
    terms.map(({ weight, podAffinityTerm }) => ({
      term: affinityTerm(podAffinityTerm, pod),
      weight: weight * sign,
    }));
  const { podAffinity: near, podAntiAffinity: far } = affinity ?? {};
  const constraints = (kind: TopologySpreadConstraint["whenUnsatisfiable"]) =>
    spread
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)
      .map((written) => spreadConstraint(written, pod));
  return {
    requiredAffinity: required(near?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(far?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: [
      ...preferred(near?.preferredDuringSchedulingIgnoredDuringExecution, 1),
      ...preferred(far?.preferredDuringSchedulingIgnoredDuringExecution, -1),
    ],
    hardSpread: constraints("DoNotSchedule"),
    softSpread: constraints("ScheduleAnyway"),
  };
}

/** `namespaceLabels` of a namespace that is not known are empty. */
export function matchesPod(
  matcher: PodMatcher,
  pod: Pod,
  namespaceLabels: (namespace: string) => Labels,
): boolean {
  const namespace = pod.metadata.namespace ?? "default";
  const inNamespace =
    matcher.namespaces.has(namespace) ||
    (matcher.namespaceSelector !== null &&
      matchesSelector(namespaceLabels(namespace), matcher.namespaceSelector));
  return inNamespace && matcher.selector !== null && matchesSelector(pod.metadata.labels, matcher.selector);
}

function affinityTerm(written: PodAffinityTerm, pod: Pod): AffinityTerm {
  const { topologyKey, namespaceSelector = null, labelSelector = null } = written;
  const listed = written.namespaces ?? [];
  const own = listed.length === 0 && namespaceSelector === null;
  const namespaces = new Set(own ? [pod.metadata.namespace ?? "default"] : listed);
  const selector = withLabelKeys(labelSelector, pod.metadata.labels, {
    In: written.matchLabelKeys,
    NotIn: written.mismatchLabelKeys,
  });
  const id = JSON.stringify([[...namespaces].sort(), namespaceSelector, selector]);
  return { namespaces, namespaceSelector, selector, topologyKey, id };
}

function spreadConstraint(written: TopologySpreadConstraint, pod: Pod): SpreadConstraint {
  const selector = withLabelKeys(written.labelSelector ?? null, pod.metadata.labels, {
    In: written.matchLabelKeys,
  });
  return {
    maxSkew: written.maxSkew,
    topologyKey: written.topologyKey,
    minDomains: written.minDomains ?? 1,
    nodeAffinityPolicy: written.nodeAffinityPolicy ?? "Honor",
    nodeTaintsPolicy: written.nodeTaintsPolicy ?? "Ignore",
    selector,
    selectorId: JSON.stringify([pod.metadata.namespace ?? "default", selector]),
  };
}

/** The selector ANDed with the Pod's own values of some labels; keys it does not carry are left out. */
function withLabelKeys(
  selector: LabelSelector | null,
  labels: Labels | undefined,
  keys: { readonly In?: readonly string[] | undefined; readonly NotIn?: readonly string[] | undefined },
): LabelSelector | null {
  if (selector === null) return null;
  const extra: LabelSelectorRequirement[] = [];
  for (const operator of ["In", "NotIn"] as const) {
    for (const key of keys[operator] ?? []) {
      const value = labels?.[key];
      if (value !== undefined) extra.push({ key, operator, values: [value] });
    }
  }
  if (extra.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...extra] };
}
