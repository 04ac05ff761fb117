// Command patch answers what upstream's own code makes of patches: strategic merge patches by apimachinery's
// strategicpatch on the types of k8s.io/api, server-side apply and field tracking by apimachinery's managedfields.
// One JSON request per line on stdin, one JSON answer per line on stdout. See README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

const lineBytesMax = 16 << 20

type request struct {
	Mode       string         `json:"mode"`
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Original   map[string]any `json:"original"`
	Patch      map[string]any `json:"patch"`
	Steps      []step         `json:"steps"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), lineBytesMax)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		answer, err := answerLine(in.Bytes())
		if err == nil {
			err = out.Encode(answer)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}

func answerLine(line []byte) (any, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	gv, err := schema.ParseGroupVersion(asked.APIVersion)
	if err != nil {
		return nil, err
	}
	gvk := gv.WithKind(asked.Kind)
	switch asked.Mode {
	case "strategic":
		return mergeStrategically(gvk, asked.Original, asked.Patch)
	case "manage":
		return manage(gvk, asked.Steps)
	}
	return nil, fmt.Errorf("unknown mode %q", asked.Mode)
}

func mergeStrategically(gvk schema.GroupVersionKind, original, patch map[string]any) (any, error) {
	object, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	result, err := strategicpatch.StrategicMergeMapPatch(original, patch, object)
	if err != nil {
		return map[string]any{"error": err.Error()}, nil
	}
	return map[string]any{"result": result}, nil
}
