package main

// Preemption as upstream runs it, but repeatable. Two things are random upstream: the part of the candidate nodes that
// is tried (a random offset, a limit, and parallel workers that stop early) and the choice between equally good nodes
// (the first in a Go map's iteration order). We replace the first by trying every candidate node, and report the
// second as the set of equally good nodes. Source: pkg/scheduler/framework/preemption/preemption.go.

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	v1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

// dryRun stands between upstream's evaluator and its DefaultPreemption plugin and keeps the candidates found.
type dryRun struct {
	preemption.Interface
	mu         sync.Mutex // Guards candidates: upstream tries nodes in parallel.
	candidates map[string]candidate
}

// candidate is what preempting on one node costs. Victims are never empty and stand in order of importance.
type candidate struct {
	victims         []*v1.Pod
	violationsCount int
}

// observeDryRun puts a dryRun into the profile's DefaultPreemption, or returns nil if the profile lacks that plugin.
func observeDryRun(profile framework.Framework) *dryRun {
	for _, plugin := range profile.EnqueueExtensions() {
		if found, ok := plugin.(*defaultpreemption.DefaultPreemption); ok {
			observed := &dryRun{Interface: found.Evaluator.Interface}
			found.Evaluator.Interface = observed
			return observed
		}
	}
	return nil
}

// GetOffsetAndNumCandidates asks for all candidate nodes. The plugin's minCandidateNodes arguments have no effect.
func (d *dryRun) GetOffsetAndNumCandidates(nodesCount int32) (int32, int32) {
	return 0, nodesCount
}

func (d *dryRun) SelectVictimsOnNode(ctx context.Context, state fwk.CycleState, pod *v1.Pod, node fwk.NodeInfo,
	budgets []*policy.PodDisruptionBudget) ([]*v1.Pod, int, *fwk.Status) {
	victims, violationsCount, status := d.Interface.SelectVictimsOnNode(ctx, state, pod, node, budgets)
	if status.IsSuccess() && len(victims) > 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.candidates[node.Node().Name] = candidate{victims, violationsCount}
	}
	return victims, violationsCount, status
}

// cost orders candidates as upstream does; smaller is better. A victim without a start time counts as started now.
func (c candidate) cost() []int64 {
	highest := corev1helpers.PodPriority(c.victims[0])
	sum, earliest := int64(0), int64(math.MaxInt64)
	for _, victim := range c.victims {
		priority := corev1helpers.PodPriority(victim)
		sum += int64(priority) + math.MaxInt32 + 1
		if priority == highest && victim.Status.StartTime != nil {
			earliest = min(earliest, victim.Status.StartTime.UnixNano())
		}
	}
	return []int64{int64(c.violationsCount), int64(highest), sum, int64(len(c.victims)), -earliest}
}

// cheapest lists the candidates of least cost, in name order.
func (d *dryRun) cheapest() []string {
	var names []string
	for name, candidate := range d.candidates {
		order := -1
		if len(names) > 0 {
			order = slices.Compare(candidate.cost(), d.candidates[names[0]].cost())
		}
		if order < 0 {
			names = names[:0]
		}
		if order <= 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// preempt runs the PostFilter plugins. The API is read-only, so nothing is evicted and no nomination is kept.
func (c *cycle) preempt(ctx context.Context) (*preempted, error) {
	observed := c.dryRuns[c.fw.ProfileName()]
	if observed != nil {
		observed.candidates = map[string]candidate{}
	}
	result, status := c.fw.RunPostFilterPlugins(ctx, c.state, c.pod, c.diagnosis.NodeToStatus)
	outcome := &preempted{Code: status.Code().String(), Victims: []string{}, Tied: []string{}, Message: status.Message()}
	if !status.IsSuccess() || observed == nil || result == nil || result.NominatingInfo == nil {
		return outcome, nil
	}
	nominated := result.NominatedNodeName
	outcome.Tied = observed.cheapest()
	if !slices.Contains(outcome.Tied, nominated) {
		return nil, fmt.Errorf("upstream preempts on node %q, which is not among the cheapest %v", nominated, outcome.Tied)
	}
	outcome.Node = &outcome.Tied[0]
	for _, victim := range observed.candidates[outcome.Tied[0]].victims {
		outcome.Victims = append(outcome.Victims, podName(victim))
	}
	slices.Sort(outcome.Victims)
	return outcome, nil
}
