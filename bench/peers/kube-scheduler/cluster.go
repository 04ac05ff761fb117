package main

// A cluster is upstream's Scheduler, built by its own constructor, over a fake API that holds the input and accepts
// no writes. Nodes and bound pods bypass the API: informers would hand them to the cache in random order, and the
// order decides the snapshot's node list.

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	schedulerapi "k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

type cluster struct {
	scheduler *scheduler.Scheduler
	config    *schedulerapi.KubeSchedulerConfiguration
	// dryRuns holds what DefaultPreemption tried, by profile. A profile without that plugin has no entry.
	dryRuns map[string]*dryRun
}

func newCluster(ctx context.Context, in *input) (*cluster, error) {
	client, err := newReadOnlyAPI(in)
	if err != nil {
		return nil, err
	}
	informerFactory := informers.NewSharedInformerFactory(client, 0)
	recorders := func(string) events.EventRecorderLogger { return &events.FakeRecorder{} }
	sched, err := scheduler.New(ctx, client, informerFactory, nil, recorders,
		scheduler.WithComponentConfigVersion(in.config.APIVersion),
		scheduler.WithProfiles(in.config.Profiles...),
		scheduler.WithPercentageOfNodesToScore(in.config.PercentageOfNodesToScore),
		scheduler.WithParallelism(in.config.Parallelism))
	if err != nil {
		return nil, fmt.Errorf("Cannot build the scheduler: %w", err)
	}
	informerFactory.Start(ctx.Done())
	informerFactory.WaitForCacheSync(ctx.Done())
	if err := sched.WaitForHandlersSync(ctx); err != nil {
		return nil, fmt.Errorf("Cannot load the objects into the scheduler: %w", err)
	}
	c := &cluster{scheduler: sched, config: in.config, dryRuns: map[string]*dryRun{}}
	for name, profile := range sched.Profiles {
		if observed := observeDryRun(profile); observed != nil {
			c.dryRuns[name] = observed
		}
	}
	return c, c.fillCache(ctx, in)
}

// newReadOnlyAPI serves the input's objects. Writes succeed without effect, so a preemption deletes nothing.
func newReadOnlyAPI(in *input) (*fake.Clientset, error) {
	client := fake.NewSimpleClientset()
	for _, object := range in.others {
		if err := client.Tracker().Add(object); err != nil {
			return nil, fmt.Errorf("Cannot load %T: %w", object, err)
		}
	}
	for _, pod := range in.pending {
		listed := pod.DeepCopy()
		listed.Spec.NodeName = "" // A pod that names its node would enter the cache as bound.
		if err := client.Tracker().Add(listed); err != nil {
			return nil, fmt.Errorf("Cannot load pending pod '%s': %w", klog.KObj(pod), err)
		}
	}
	client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		switch action.GetVerb() {
		case "get", "list", "watch":
			return false, nil, nil
		}
		return true, nil, nil
	})
	return client, nil
}

func (c *cluster) fillCache(ctx context.Context, in *input) error {
	logger := klog.FromContext(ctx)
	for _, node := range in.nodes {
		c.scheduler.Cache.AddNode(logger, node)
	}
	for _, pod := range in.bound {
		if err := c.scheduler.Cache.AddPod(logger, pod); err != nil {
			return fmt.Errorf("Cannot add bound pod '%s': %w", klog.KObj(pod), err)
		}
	}
	return nil
}

// frameworkFor gives the profile the pod asks for.
func (c *cluster) frameworkFor(pod *v1.Pod) (framework.Framework, error) {
	profile, ok := c.scheduler.Profiles[pod.Spec.SchedulerName]
	if !ok {
		return nil, fmt.Errorf("profile not found for scheduler name %q", pod.Spec.SchedulerName)
	}
	return profile, nil
}

// updateSnapshot copies the cache into the profiles' common snapshot, as the start of every scheduling cycle does.
func (c *cluster) updateSnapshot(ctx context.Context, fw framework.Framework) error {
	snapshot, ok := fw.SnapshotSharedLister().(*cache.Snapshot)
	if !ok {
		return fmt.Errorf("the scheduler's snapshot is a %T, not a *cache.Snapshot", fw.SnapshotSharedLister())
	}
	return c.scheduler.Cache.UpdateSnapshot(klog.FromContext(ctx), snapshot)
}

// placement is a pod assumed on a node together with what the Reserve plugins hold for it.
type placement struct {
	fw    framework.Framework
	state fwk.CycleState
	pod   *v1.Pod
}

// place assumes the pod on the node and runs the Reserve plugins, so that the next pod sees both its requests and,
// through VolumeBinding, its volumes. PreBind and Bind do not follow: a claim stays assumed, never bound.
func (c *cluster) place(ctx context.Context, fw framework.Framework, state fwk.CycleState, pod *v1.Pod, node string) (*placement, error) {
	assumed := pod.DeepCopy()
	assumed.Spec.NodeName = node
	if err := c.scheduler.Cache.AssumePod(klog.FromContext(ctx), assumed); err != nil {
		return nil, err
	}
	c.scheduler.SchedulingQueue.DeleteNominatedPodIfExists(assumed)
	placed := &placement{fw, state, assumed}
	if status := fw.RunReservePluginsReserve(ctx, state, assumed, node); !status.IsSuccess() {
		if err := c.unplace(ctx, placed); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("running Reserve plugin %q: %w", status.Plugin(), status.AsError())
	}
	return placed, nil
}

func (c *cluster) unplace(ctx context.Context, placed *placement) error {
	placed.fw.RunReservePluginsUnreserve(ctx, placed.state, placed.pod, placed.pod.Spec.NodeName)
	return c.scheduler.Cache.ForgetPod(klog.FromContext(ctx), placed.pod)
}
