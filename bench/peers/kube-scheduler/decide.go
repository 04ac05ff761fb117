package main

// One scheduling cycle, explained. The steps and their order are upstream's Scheduler.schedulePod (schedule_one.go);
// what differs serves the comparison: every node is filtered, in the snapshot's order and by one goroutine, whatever
// percentageOfNodesToScore or a nominated node would save; a lone feasible node is scored too; equal totals go to
// the smallest node name, not to a random one.

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// cycle is the work on one pod.
type cycle struct {
	*cluster
	fw        framework.Framework
	state     fwk.CycleState
	pod       *v1.Pod
	diagnosis framework.Diagnosis
	line      *podLine
}

// decide runs the pod's cycle, places it if a node is feasible, and returns its line. It never fails: what goes
// wrong stands in the line's error.
func (c *cluster) decide(ctx context.Context, pod *v1.Pod) *podLine {
	line := newPodLine(pod)
	if err := c.runCycle(ctx, pod, line); err != nil {
		message := err.Error()
		line.Error = &message
	}
	return line
}

func (c *cluster) runCycle(ctx context.Context, pod *v1.Pod, line *podLine) error {
	fw, err := c.frameworkFor(pod)
	if err != nil {
		return err
	}
	if err := c.updateSnapshot(ctx, fw); err != nil {
		return err
	}
	nodes, err := fw.SnapshotSharedLister().NodeInfos().List()
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		return scheduler.ErrNoNodesAvailable
	}
	cycle := &cycle{
		cluster:   c,
		fw:        fw,
		state:     framework.NewCycleState(),
		pod:       pod,
		diagnosis: framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()},
		line:      line,
	}
	feasible, err := cycle.filter(ctx, nodes)
	if err != nil {
		return err
	}
	if len(feasible) == 0 {
		return cycle.fail(ctx, len(nodes))
	}
	best, err := cycle.score(ctx, feasible)
	if err != nil {
		return err
	}
	if _, err := c.place(ctx, fw, cycle.state, pod, best); err != nil {
		return err
	}
	line.Chosen = &best
	return nil
}

// filter runs PreFilter once and Filter on every node PreFilter leaves, and returns the feasible nodes.
func (c *cycle) filter(ctx context.Context, nodes []fwk.NodeInfo) ([]fwk.NodeInfo, error) {
	narrowed, status, narrowers := c.fw.RunPreFilterPlugins(ctx, c.state, c.pod)
	c.line.PreFilterSkip = sets.List(c.state.GetSkipFilterPlugins())
	if !status.IsSuccess() {
		verdict := verdictOf(status)
		c.line.PreFilter = &verdict
		if !status.IsRejected() {
			return nil, status.AsError()
		}
		c.diagnosis.NodeToStatus.SetAbsentNodesStatus(status)
		c.diagnosis.PreFilterMsg = status.Message()
		return nil, nil
	}
	excluded := fwk.NewStatus(fwk.UnschedulableAndUnresolvable,
		fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(narrowers)))
	if !narrowed.AllNodes() {
		c.diagnosis.NodeToStatus.SetAbsentNodesStatus(excluded)
	}
	feasible := []fwk.NodeInfo{}
	for _, node := range nodes {
		name := node.Node().Name
		status := excluded
		if narrowed.AllNodes() || narrowed.NodeNames.Has(name) {
			status = c.fw.RunFilterPluginsWithNominatedPods(ctx, c.state, c.pod, node)
			if !status.IsSuccess() {
				c.diagnosis.NodeToStatus.Set(name, status)
			}
		}
		c.line.Nodes = append(c.line.Nodes, &nodeLine{Name: name, verdict: verdictOf(status)})
		if status.Code() == fwk.Error {
			return nil, status.AsError()
		}
		if status.IsSuccess() {
			feasible = append(feasible, node)
		}
	}
	return feasible, nil
}

// score writes each feasible node's scores to its line and returns the best node.
func (c *cycle) score(ctx context.Context, feasible []fwk.NodeInfo) (string, error) {
	if status := c.fw.RunPreScorePlugins(ctx, c.state, c.pod, feasible); !status.IsSuccess() {
		return "", status.AsError()
	}
	c.line.PreScoreSkip = sets.List(c.state.GetSkipScorePlugins())
	scored, status := c.fw.RunScorePlugins(ctx, c.state, c.pod, feasible)
	if !status.IsSuccess() {
		return "", status.AsError()
	}
	lines := map[string]*nodeLine{}
	for _, line := range c.line.Nodes {
		lines[line.Name] = line
	}
	weights := scoreWeights(c.fw.ListPlugins())
	best := scored[0]
	for i := range scored {
		node := scored[i]
		line := lines[node.Name]
		line.Total = &node.TotalScore
		line.Scores = map[string]int64{}
		for _, score := range node.Scores {
			// Upstream multiplied integers, so the division is exact.
			line.Scores[score.Name] = score.Score / int64(weights[score.Name])
		}
		if node.TotalScore > best.TotalScore || node.TotalScore == best.TotalScore && node.Name < best.Name {
			best = node
		}
	}
	return best.Name, nil
}

// fail runs PostFilter and writes upstream's message about the pod that fits nowhere.
func (c *cycle) fail(ctx context.Context, nodesCount int) error {
	if c.fw.HasPostFilterPlugins() {
		outcome, err := c.preempt(ctx)
		if err != nil {
			return err
		}
		c.line.Preemption = outcome
		c.diagnosis.PostFilterMsg = outcome.Message
	}
	fitError := &framework.FitError{Pod: c.pod, NumAllNodes: nodesCount, Diagnosis: c.diagnosis}
	message := fitError.Error()
	c.line.Message = &message
	return nil
}
