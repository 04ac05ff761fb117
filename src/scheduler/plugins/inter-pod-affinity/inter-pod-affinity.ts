// Pods that want to be near or far from others, by the labels of those and by topology domain.
// Source: kube-scheduler plugins/interpodaffinity/plugin.go.
import { present } from "../../../base/assert.js";
import type { InterPodAffinityArgs } from "../../config/configuration.js";
import { ACTION, type EventRegistration } from "../../framework/cluster-event.js";
import type { CycleState } from "../../framework/cycle-state.js";
import { podEvents } from "../../framework/event-objects.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { FilterPlugin, PreFilterPlugin, PreScorePlugin, ScorePlugin } from "../../framework/plugin.js";
import { SKIP } from "../../framework/status.js";
import { FilterState, NAME } from "./filtering.js";
import { afterNodeChange, afterPodChange } from "./hints.js";
import { normalizeRange, ScoreState } from "./scoring.js";

export { NAME };
const FILTER_KEY = `PreFilter${NAME}`;
const SCORE_KEY = `PreScore${NAME}`;

export function createInterPodAffinity(args: InterPodAffinityArgs, { snapshot, objects }: FrameworkHandle) {
  return {
    name: NAME,
    eventsToRegister: (): EventRegistration[] => [
      ...podEvents(ACTION.Add | ACTION.UpdatePodLabel | ACTION.Delete, afterPodChange),
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeLabel, hint: afterNodeChange },
    ],
    preFilter(state, pod, nodes) {
      const counts = FilterState.of(pod, objects.namespaceLabels, nodes);
      if (counts.isIdle) return { status: SKIP, nodeNames: null };
      state.write(FILTER_KEY, counts);
      return { status: null, nodeNames: null };
    },
    addPod: (state, _pod, added, { node }) => filterState(state).count(added, node, 1),
    removePod: (state, _pod, removed, { node }) => filterState(state).count(removed, node, -1),
    filter: (state, _pod, node) => filterState(state).judge(node),
    preScore(state, pod) {
      if (args.ignorePreferredTermsOfExistingPods && pod.terms.preferred.length === 0) return SKIP;
      const { hardPodAffinityWeight } = args;
      const weights = new ScoreState(pod, hardPodAffinityWeight, objects.namespaceLabels, snapshot.nodes);
      if (weights.isIdle) return SKIP;
      state.write(SCORE_KEY, weights);
      return null;
    },
    score: (state, _pod, { node }) => present(state.read<ScoreState>(SCORE_KEY), SCORE_KEY).score(node),
    normalize: (_state, _pod, _nodes, scores) => normalizeRange(scores),
  } satisfies PreFilterPlugin & FilterPlugin & PreScorePlugin & ScorePlugin;
}

function filterState(state: CycleState): FilterState {
  return present(state.read<FilterState>(FILTER_KEY), FILTER_KEY);
}
