package main

// Time mode: the pending pods go, in the order given, through upstream's own cycle: snapshot update, SchedulePod
// (sampling, rotation and parallel workers as configured), assume and Reserve. Left out: queue, PostFilter, Permit and
// binding. Pods are not popped from the queue, so opportunistic batching never has a hint; with upstream's default
// configuration it has none either, because default spreading makes pods unfit for it.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// timeRounds writes one line per round. Every round starts from the cluster as given; only the node at which the
// search starts carries over. The first round also warms caches up.
func timeRounds(ctx context.Context, c *cluster, in *input, lines *json.Encoder) error {
	queued := make([]*framework.QueuedPodInfo, len(in.pending))
	for i, pod := range in.pending {
		parsed, err := framework.NewPodInfo(pod) // The queue parses a pod once, when it is added: not part of the cycle.
		if err != nil {
			return fmt.Errorf("Cannot time pod '%s': %w", podName(pod), err)
		}
		queued[i] = &framework.QueuedPodInfo{PodInfo: parsed}
	}
	for range in.repeat {
		line, err := timeRound(ctx, c, queued)
		if err != nil {
			return err
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func timeRound(ctx context.Context, c *cluster, queued []*framework.QueuedPodInfo) (*timeLine, error) {
	line := &timeLine{Kind: "time", Pods: len(queued), CycleNs: make([]int64, len(queued))}
	placements := make([]*placement, 0, len(queued))
	runtime.GC() // A round pays for its own garbage only.
	for i, pod := range queued {
		start := time.Now()
		placed, err := scheduleOne(ctx, c, pod)
		line.CycleNs[i] = time.Since(start).Nanoseconds()
		var unfit *framework.FitError
		switch {
		case err == nil:
			placements = append(placements, placed)
		case errors.As(err, &unfit):
			line.Unschedulable++
		default:
			return nil, fmt.Errorf("Cannot time pod '%s': %w", podName(pod.Pod), err)
		}
	}
	line.Scheduled = len(placements)
	for _, placed := range placements {
		if err := c.unplace(ctx, placed); err != nil {
			return nil, fmt.Errorf("Cannot take pod '%s' back: %w", podName(placed.pod), err)
		}
	}
	return line, nil
}

func scheduleOne(ctx context.Context, c *cluster, pod *framework.QueuedPodInfo) (*placement, error) {
	fw, err := c.frameworkFor(pod.Pod)
	if err != nil {
		return nil, err
	}
	if err := c.updateSnapshot(ctx, fw); err != nil {
		return nil, err
	}
	state := framework.NewCycleState()
	result, err := c.scheduler.SchedulePod(ctx, fw, state, pod)
	if err != nil {
		return nil, err
	}
	return c.place(ctx, fw, state, pod.Pod, result.SuggestedHost)
}
