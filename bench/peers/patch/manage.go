package main

import (
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// step is one write to the object that the steps before it left.
type step struct {
	// "apply" or "update".
	Op          string         `json:"op"`
	Manager     string         `json:"manager"`
	Subresource string         `json:"subresource"`
	Force       bool           `json:"force"`
	Object      map[string]any `json:"object"`
}

// oneVersion makes Go's types of objects, as a server does. It neither changes versions nor defaults.
type oneVersion struct{ gvk schema.GroupVersionKind }

func (oneVersion) Convert(_, _, _ any) error { return errors.New("not implemented") }

func (v oneVersion) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	untyped, ok := in.(*unstructured.Unstructured)
	if !ok {
		return in, nil
	}
	typed, err := v.New(v.gvk)
	if err != nil {
		return nil, err
	}
	return typed, runtime.DefaultUnstructuredConverter.FromUnstructured(untyped.Object, typed)
}

func (oneVersion) ConvertFieldLabel(_ schema.GroupVersionKind, _, _ string) (string, string, error) {
	return "", "", errors.New("not implemented")
}

func (oneVersion) Default(runtime.Object) {}

func (oneVersion) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	empty, err := scheme.Scheme.New(gvk)
	if err == nil {
		empty.GetObjectKind().SetGroupVersionKind(gvk)
	}
	return empty, err
}

// manage carries the steps out; an answer is the object after each, or the Status that refused it.
func manage(gvk schema.GroupVersionKind, steps []step) (any, error) {
	types := applyconfigurations.NewTypeConverter(scheme.Scheme)
	seam := oneVersion{gvk}
	live, err := seam.New(gvk)
	if err != nil {
		return nil, err
	}
	answers := []map[string]any{}
	for _, each := range steps {
		manager, err := managedfields.NewDefaultFieldManager(types, seam, seam, seam, gvk, gvk.GroupVersion(), each.Subresource, nil)
		if err != nil {
			return nil, err
		}
		next, err := write(manager, live.DeepCopyObject(), each, seam)
		if err != nil {
			answers = append(answers, map[string]any{"error": errorOf(err)})
			continue
		}
		live = next
		answers = append(answers, map[string]any{"object": timeless(live)})
	}
	return map[string]any{"steps": answers}, nil
}

func write(manager *managedfields.FieldManager, live runtime.Object, each step, seam oneVersion) (runtime.Object, error) {
	object := &unstructured.Unstructured{Object: each.Object}
	switch each.Op {
	case "apply":
		return manager.Apply(live, object, each.Manager, each.Force)
	case "update":
		typed, err := seam.ConvertToVersion(object, nil)
		if err != nil {
			return nil, err
		}
		return manager.Update(live, typed, each.Manager)
	}
	return nil, fmt.Errorf("unknown op %q", each.Op)
}

func errorOf(err error) any {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		s := status.Status()
		return map[string]any{"code": s.Code, "message": s.Message, "details": s.Details}
	}
	return map[string]any{"message": err.Error()}
}

// timeless is the object without the times of its managers, which differ with every run.
func timeless(object runtime.Object) any {
	text, _ := json.Marshal(object)
	copied := map[string]any{}
	_ = json.Unmarshal(text, &copied)
	entries, _, _ := unstructured.NestedSlice(copied, "metadata", "managedFields")
	for _, entry := range entries {
		delete(entry.(map[string]any), "time")
	}
	if len(entries) > 0 {
		_ = unstructured.SetNestedSlice(copied, entries, "metadata", "managedFields")
	}
	return copied
}
