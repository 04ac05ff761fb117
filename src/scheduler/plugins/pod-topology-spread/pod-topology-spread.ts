// Spreads Pods of a kind over topology domains: hosts, zones, whatever nodes are labelled with.
// Source: kube-scheduler plugins/podtopologyspread/plugin.go.
import { present } from "../../../base/assert.js";
import type { PodTopologySpreadArgs } from "../../config/configuration.js";
import { ACTION, type EventRegistration } from "../../framework/cluster-event.js";
import type { CycleState } from "../../framework/cycle-state.js";
import { podEvents } from "../../framework/event-objects.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { FilterPlugin, PreFilterPlugin, PreScorePlugin, ScorePlugin } from "../../framework/plugin.js";
import { SKIP } from "../../framework/status.js";
import { ConstraintSource } from "./constraints.js";
import { FilterState, NAME } from "./filtering.js";
import { afterNodeChange, afterPodChange, type HardConstraints } from "./hints.js";
import { ScoreState } from "./scoring.js";

export { NAME };
const FILTER_KEY = `PreFilter${NAME}`;
const SCORE_KEY = `PreScore${NAME}`;

export function createPodTopologySpread(args: PodTopologySpreadArgs, { snapshot, objects }: FrameworkHandle) {
  const source = new ConstraintSource(args, objects);
  return {
    name: NAME,
    eventsToRegister: () => registrations((pod) => source.hard(pod)),
    preFilter(state, pod, nodes) {
      const constraints = source.hard(pod);
      if (constraints.length === 0) return { status: SKIP, nodeNames: null };
      state.write(FILTER_KEY, FilterState.of(pod, constraints, nodes));
      return { status: null, nodeNames: null };
    },
    addPod: (state, _pod, added, { node }) => filterState(state).count(added, node, 1),
    removePod: (state, _pod, removed, { node }) => filterState(state).count(removed, node, -1),
    filter: (state, _pod, node) => filterState(state).judge(node),
    preScore(state, pod, feasible) {
      const constraints = source.soft(pod);
      if (constraints.length === 0) return SKIP;
      const needsAllKeys = source.needsAllKeys(pod);
      const allNodes = snapshot.nodes;
      state.write(SCORE_KEY, new ScoreState({ pod, constraints, needsAllKeys, allNodes, feasible }));
      return null;
    },
    score: (state, _pod, node) => scoreState(state).score(node),
    normalize: (state, _pod, nodes, scores) => scoreState(state).normalize(nodes, scores),
  } satisfies PreFilterPlugin & FilterPlugin & PreScorePlugin & ScorePlugin;
}

function registrations(hard: HardConstraints): EventRegistration[] {
  const podActions = ACTION.Add | ACTION.UpdatePodLabel | ACTION.UpdatePodToleration | ACTION.Delete;
  const nodeActions = ACTION.Add | ACTION.Delete | ACTION.UpdateNodeLabel | ACTION.UpdateNodeTaint;
  return [
    ...podEvents(podActions, afterPodChange(hard)),
    { resource: "Node", actions: nodeActions, hint: afterNodeChange(hard) },
  ];
}

function filterState(state: CycleState): FilterState {
  return present(state.read<FilterState>(FILTER_KEY), FILTER_KEY);
}

function scoreState(state: CycleState): ScoreState {
  return present(state.read<ScoreState>(SCORE_KEY), SCORE_KEY);
}
