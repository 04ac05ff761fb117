package main

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// runLines runs the program on a document and returns its lines after the header.
func runLines(t *testing.T, document string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := run(strings.NewReader(document), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if !strings.HasPrefix(lines[0], `{"kind":"header"`) {
		t.Fatalf("first line is %s", lines[0])
	}
	return lines[1:]
}

func sample(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func decideSample(t *testing.T) []podLine {
	t.Helper()
	lines := runLines(t, sample(t))
	pods := make([]podLine, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &pods[i]); err != nil {
			t.Fatal(err)
		}
	}
	return pods
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// The nodes have 4 CPUs and 8 GiB each; 'web' asks for 1 CPU and 1 GiB; 'old' holds 1 CPU and 2 GiB of node-a.
//
//	NodeResourcesFit: node-a ((4-2)/4 -> 50, (8-3)/8 -> 62) -> 56; node-b ((4-1)/4 -> 75, (8-1)/8 -> 87) -> 81
//	NodeResourcesBalancedAllocation, both: fractions 1/8 apart, so 93 after and 100 before; 50 + (50+93-100)/2 -> 71
//	ImageLocality: 500 MiB on one node of three; 100 * (166.67-23)/(1000-23) MiB -> 14
//	total: 3*TaintToleration + the three above
func TestDecideScoresAsComputedByHand(t *testing.T) {
	web := decideSample(t)[0]
	want := map[string]map[string]int64{
		"node-a": {"TaintToleration": 100, "NodeResourcesFit": 56, "NodeResourcesBalancedAllocation": 71, "ImageLocality": 0, "DynamicResources": 0},
		"node-b": {"TaintToleration": 100, "NodeResourcesFit": 81, "NodeResourcesBalancedAllocation": 71, "ImageLocality": 14, "DynamicResources": 0},
		"node-c": nil,
	}
	totals := map[string]int64{"node-a": 427, "node-b": 466}
	equal(t, "nodes", len(web.Nodes), 3)
	for _, node := range web.Nodes {
		equal(t, node.Name+" scores", node.Scores, want[node.Name])
		if node.Total != nil {
			equal(t, node.Name+" total", *node.Total, totals[node.Name])
		}
	}
	equal(t, "chosen", *web.Chosen, "node-b")
}

func TestDecideNamesTheFilterThatRejectsANode(t *testing.T) {
	for _, node := range decideSample(t)[0].Nodes {
		if node.Name == "node-c" {
			want := verdict{"UnschedulableAndUnresolvable", "TaintToleration", []string{"node(s) had untolerated taint(s)"}}
			equal(t, "node-c", node.verdict, want)
		}
	}
}

// 'urgent' fits on node-a without 'old' (priority 0) or on node-b without 'web' (priority 5), which was placed there
// just before.
func TestDecidePreemptsTheLowestPriority(t *testing.T) {
	urgent := decideSample(t)[1]
	equal(t, "code", urgent.Preemption.Code, "Success")
	equal(t, "node", *urgent.Preemption.Node, "node-a")
	equal(t, "victims", urgent.Preemption.Victims, []string{"default/old"})
	equal(t, "tied", urgent.Preemption.Tied, []string{"node-a"})
	equal(t, "message", *urgent.Message, "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.")
}

func TestDecideReportsAPreFilterRejection(t *testing.T) {
	stateful := decideSample(t)[2]
	equal(t, "plugin", stateful.PreFilter.Plugin, "VolumeRestrictions")
	equal(t, "reasons", stateful.PreFilter.Reasons, []string{`persistentvolumeclaim "missing" not found`})
	equal(t, "nodes", len(stateful.Nodes), 0)
}

func TestTimeStartsEveryRoundFromTheSameCluster(t *testing.T) {
	document := strings.Replace(sample(t), `"mode": "decide"`, `"mode": "time", "repeat": 3`, 1)
	lines := runLines(t, document)
	equal(t, "rounds", len(lines), 3)
	for _, text := range lines {
		var line timeLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		equal(t, "pods", []int{line.Pods, len(line.CycleNs), line.Scheduled, line.Unschedulable}, []int{3, 3, 1, 2})
	}
}

// The unknown gate comes last: upstream's gates are global to the process and keep failing after it.
func TestRunRefusesInputItCannotUse(t *testing.T) {
	for _, test := range []struct{ document, want string }{
		{``, "Cannot read input from stdin: EOF"},
		{`{"mode":"guess"}`, "Cannot run mode 'guess': it is neither 'decide' nor 'time'"},
		{`{"mode":"decide","objects":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}]}`,
			"Cannot read objects[0]: Pod 'default/p' has no spec.nodeName; unbound pods belong in pending"},
		{`{"mode":"decide","featureGates":{"Nope":true}}`, "Cannot set featureGates: unrecognized feature gate: Nope"},
	} {
		err := run(strings.NewReader(test.document), &bytes.Buffer{})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.document, err, test.want)
		}
	}
}
