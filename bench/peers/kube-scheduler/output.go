package main

import (
	"runtime"
	"runtime/debug"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	schedulerapi "k8s.io/kubernetes/pkg/scheduler/apis/config"
)

type headerLine struct {
	Kind       string         `json:"kind"`
	Kubernetes string         `json:"kubernetes"`
	Go         string         `json:"go"`
	Threads    int            `json:"threads"`
	Profile    string         `json:"profile"`
	Plugins    []headerPlugin `json:"plugins"`
}

// headerPlugin has weight 0 if the plugin does not score.
type headerPlugin struct {
	Name   string `json:"name"`
	Weight int32  `json:"weight"`
}

type podLine struct {
	Kind          string      `json:"kind"`
	Pod           string      `json:"pod"`
	PreFilter     *verdict    `json:"preFilter"`
	PreFilterSkip []string    `json:"preFilterSkip"`
	Nodes         []*nodeLine `json:"nodes"`
	PreScoreSkip  []string    `json:"preScoreSkip"`
	Chosen        *string     `json:"chosen"`
	Preemption    *preempted  `json:"preemption"`
	// Message is upstream's FitError, the text of a FailedScheduling event.
	Message *string `json:"message"`
	Error   *string `json:"error"`
}

type verdict struct {
	Code    string   `json:"code"`
	Plugin  string   `json:"plugin"`
	Reasons []string `json:"reasons"`
}

// nodeLine has scores, before weights, and their weighted total for feasible nodes only.
type nodeLine struct {
	Name string `json:"name"`
	verdict
	Scores map[string]int64 `json:"scores,omitempty"`
	Total  *int64           `json:"total,omitempty"`
}

// preempted is the outcome of PostFilter. Tied lists, in name order, the nodes upstream holds equally good; it takes
// any of them, by the iteration order of a Go map, and we report the first.
type preempted struct {
	Code    string   `json:"code"`
	Node    *string  `json:"node"`
	Victims []string `json:"victims"`
	Tied    []string `json:"tied"`
	Message string   `json:"message"`
}

type timeLine struct {
	Kind          string  `json:"kind"`
	Pods          int     `json:"pods"`
	CycleNs       []int64 `json:"cycleNs"`
	Scheduled     int     `json:"scheduled"`
	Unschedulable int     `json:"unschedulable"`
}

func newPodLine(pod *v1.Pod) *podLine {
	return &podLine{
		Kind:          "pod",
		Pod:           podName(pod),
		PreFilterSkip: []string{},
		Nodes:         []*nodeLine{},
		PreScoreSkip:  []string{},
	}
}

func podName(pod *v1.Pod) string {
	return pod.Namespace + "/" + pod.Name
}

func verdictOf(status *fwk.Status) verdict {
	if status == nil { // Upstream's nil means success.
		return verdict{fwk.Success.String(), "", []string{}}
	}
	return verdict{status.Code().String(), status.Plugin(), append([]string{}, status.Reasons()...)}
}

// header names the versions that ran and the plugins enabled in the first profile.
func (c *cluster) header() *headerLine {
	profile := c.config.Profiles[0]
	return &headerLine{
		Kind:       "header",
		Kubernetes: moduleVersion("k8s.io/kubernetes"),
		Go:         runtime.Version(),
		Threads:    runtime.GOMAXPROCS(0),
		Profile:    profile.SchedulerName,
		Plugins:    enabledPlugins(profile.Plugins, c.scheduler.Profiles[profile.SchedulerName].ListPlugins()),
	}
}

// enabledPlugins lists what runs, in the configuration's MultiPoint order, then what single points add to it.
func enabledPlugins(configured, running *schedulerapi.Plugins) []headerPlugin {
	points := []schedulerapi.PluginSet{
		running.PreEnqueue, running.QueueSort, running.PreFilter, running.Filter, running.PostFilter, running.PreScore,
		running.Score, running.Reserve, running.Permit, running.PreBind, running.Bind, running.PostBind,
	}
	runs := map[string]bool{}
	for _, point := range points {
		for _, plugin := range point.Enabled {
			runs[plugin.Name] = true
		}
	}
	weights := scoreWeights(running)
	plugins := []headerPlugin{}
	for _, point := range append([]schedulerapi.PluginSet{configured.MultiPoint}, points...) {
		for _, plugin := range point.Enabled {
			if runs[plugin.Name] {
				plugins = append(plugins, headerPlugin{plugin.Name, weights[plugin.Name]})
				delete(runs, plugin.Name)
			}
		}
	}
	return plugins
}

func scoreWeights(enabled *schedulerapi.Plugins) map[string]int32 {
	weights := map[string]int32{}
	for _, plugin := range enabled.Score.Enabled {
		weights[plugin.Name] = plugin.Weight
	}
	return weights
}

// moduleVersion reads the version linked in, which cannot differ from what ran.
func moduleVersion(path string) string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == path {
				return module.Version
			}
		}
	}
	return "unknown"
}
