package main

import (
	"encoding/json"
	"fmt"
	"io"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	schedulerapi "k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	configscheme "k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/validation"
)

const (
	modeDecide = "decide"
	modeTime   = "time"
)

// document is the input as it stands on stdin.
type document struct {
	Mode         string            `json:"mode"`
	Config       string            `json:"config"`
	FeatureGates map[string]bool   `json:"featureGates"`
	Objects      []json.RawMessage `json:"objects"`
	Pending      []json.RawMessage `json:"pending"`
	Repeat       int               `json:"repeat"`
}

// input is the document decoded. Nodes and bound pods stand apart from the other objects because they go straight
// into the scheduler's cache, in the order given.
type input struct {
	mode    string
	config  *schedulerapi.KubeSchedulerConfiguration
	nodes   []*v1.Node
	bound   []*v1.Pod
	others  []runtime.Object
	pending []*v1.Pod
	repeat  int
}

// Unknown fields are errors: a field upstream silently drops would make two schedulers judge different clusters.
var objectDecoder = serializer.NewCodecFactory(clientscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

func readInput(in io.Reader) (*input, error) {
	var doc document
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("Cannot read input from stdin: %w", err)
	}
	if doc.Mode != modeDecide && doc.Mode != modeTime {
		return nil, fmt.Errorf("Cannot run mode '%s': it is neither '%s' nor '%s'", doc.Mode, modeDecide, modeTime)
	}
	// Gates come before the configuration, whose default plugins depend on them.
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(doc.FeatureGates); err != nil {
		return nil, fmt.Errorf("Cannot set featureGates: %w", err)
	}
	config, err := readConfig(doc.Config)
	if err != nil {
		return nil, err
	}
	input := &input{mode: doc.Mode, config: config, repeat: max(doc.Repeat, 1)}
	seen := map[string]bool{}
	for i, raw := range doc.Objects {
		if err := input.addObject(raw, seen); err != nil {
			return nil, fmt.Errorf("Cannot read objects[%d]: %w", i, err)
		}
	}
	for i, raw := range doc.Pending {
		if err := input.addPending(raw, seen); err != nil {
			return nil, fmt.Errorf("Cannot read pending[%d]: %w", i, err)
		}
	}
	return input, nil
}

// readConfig decodes, defaults and validates as the kube-scheduler command does with its --config file.
func readConfig(text string) (*schedulerapi.KubeSchedulerConfiguration, error) {
	if text == "" {
		return latest.Default()
	}
	object, kind, err := configscheme.Codecs.UniversalDecoder().Decode([]byte(text), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("Cannot read config: %w", err)
	}
	config, ok := object.(*schedulerapi.KubeSchedulerConfiguration)
	if !ok {
		return nil, fmt.Errorf("Cannot read config: it is a %s, not a KubeSchedulerConfiguration", kind.Kind)
	}
	config.APIVersion = kind.GroupVersion().String()
	if err := validation.ValidateKubeSchedulerConfiguration(config); err != nil {
		return nil, fmt.Errorf("Cannot use config: %w", err)
	}
	if len(config.Extenders) > 0 {
		return nil, fmt.Errorf("Cannot use config: it has extenders, which are other processes and not part of this peer")
	}
	return config, nil
}

func (in *input) addObject(raw json.RawMessage, seen map[string]bool) error {
	object, err := decodeObject(raw, seen)
	if err != nil {
		return err
	}
	switch object := object.(type) {
	case *v1.Node:
		in.nodes = append(in.nodes, object)
	case *v1.Pod:
		if object.Spec.NodeName == "" {
			return fmt.Errorf("Pod '%s/%s' has no spec.nodeName; unbound pods belong in pending", object.Namespace, object.Name)
		}
		in.bound = append(in.bound, object)
	default:
		in.others = append(in.others, object)
	}
	return nil
}

// addPending allows a pending pod to name its node: the NodeName plugin judges it.
func (in *input) addPending(raw json.RawMessage, seen map[string]bool) error {
	object, err := decodeObject(raw, seen)
	if err != nil {
		return err
	}
	pod, ok := object.(*v1.Pod)
	if !ok {
		return fmt.Errorf("it is a %s, not a Pod", object.GetObjectKind().GroupVersionKind().Kind)
	}
	in.pending = append(in.pending, pod)
	return nil
}

// decodeObject decodes one object and fills in what an API server would and the scheduler cannot do without:
// a pod's uid, namespace and scheduler name. All other defaults are the caller's.
func decodeObject(raw json.RawMessage, seen map[string]bool) (runtime.Object, error) {
	object, kind, err := objectDecoder.Decode(raw, nil, nil)
	if err != nil {
		return nil, err
	}
	metadata, err := meta.Accessor(object)
	if err != nil {
		return nil, fmt.Errorf("%s is not a single object: %w", kind.Kind, err)
	}
	if pod, ok := object.(*v1.Pod); ok {
		if pod.Namespace == "" {
			pod.Namespace = v1.NamespaceDefault
		}
		if pod.UID == "" {
			pod.UID = types.UID(pod.Namespace + "/" + pod.Name)
		}
		if pod.Spec.SchedulerName == "" {
			pod.Spec.SchedulerName = v1.DefaultSchedulerName
		}
	}
	key := fmt.Sprintf("%s '%s/%s'", kind.Kind, metadata.GetNamespace(), metadata.GetName())
	if metadata.GetName() == "" {
		return nil, fmt.Errorf("%s has no name", key)
	}
	if seen[key] {
		return nil, fmt.Errorf("%s appears twice", key)
	}
	seen[key] = true
	return object, nil
}
