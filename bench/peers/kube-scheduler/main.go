// Command kube-scheduler runs upstream kube-scheduler's own code on a cluster given as JSON, without an API server.
// It is the peer our scheduler is checked against: mode "decide" explains every decision node by node, mode "time"
// times upstream's scheduling cycle on the same cluster. README.md states the protocol.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/klog/v2"
)

func main() {
	klog.SetLogger(klog.Logger{}) // The zero logger discards: stderr carries our one message, or nothing.
	out := bufio.NewWriter(os.Stdout)
	err := run(os.Stdin, out)
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// run reads one input document and writes its JSON lines. A pod that cannot be judged is reported on its own line;
// an error is returned only if the input as a whole is unusable.
func run(in io.Reader, out io.Writer) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("Cannot run upstream's scheduler on this input: it panicked: %v", cause)
		}
	}()
	ctx, cancel := context.WithCancel(klog.NewContext(context.Background(), klog.Logger{}))
	defer cancel()

	input, err := readInput(in)
	if err != nil {
		return err
	}
	cluster, err := newCluster(ctx, input)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(cluster.header()); err != nil {
		return err
	}
	if input.mode == modeTime {
		return timeRounds(ctx, cluster, input, lines)
	}
	for _, pod := range input.pending {
		if err := lines.Encode(cluster.decide(ctx, pod)); err != nil {
			return err
		}
	}
	return nil
}
