// How many Pods a second kube-scheduler's own scheduling cycle places, and where.
//
// Input: a JSON object with nodes, the Pods that are there, and lists of Pods by workload. Output: for
// each workload the Pods and the seconds that it took, and of each Pod what was found. The cycle is
// that of the scheduler's loop: take the next Pod from the queue, update the snapshot, find and score
// nodes, assume, reserve, permit. Nothing is bound.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	v1 "k8s.io/api/core/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

type input struct {
	Nodes       []*v1.Node           `json:"nodes"`
	Existing    []*v1.Pod            `json:"existing"`
	Workloads   map[string][]*v1.Pod `json:"workloads"`
	Percentage  int32                `json:"percentageOfNodesToScore"`
	Parallelism int32                `json:"parallelism"`
	Alike       bool                 `json:"alike"` // whether results serve Pods of the same signature
}

type result struct {
	Pods    int     `json:"pods"`
	Seconds float64 `json:"seconds"`
	// Of each Pod: how many nodes were looked at, how many of them fit, and which one it got.
	Evaluated []int    `json:"evaluated"`
	Feasible  []int    `json:"feasible"`
	Hosts     []string `json:"hosts"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	cores := flag.Int("cores", runtime.NumCPU(), "how many cores to use")
	flag.Parse()
	runtime.GOMAXPROCS(*cores)
	klog.LogToStderr(false)
	klog.SetOutput(nothing{})
	var in input
	check(json.NewDecoder(os.Stdin).Decode(&in))
	gate := fmt.Sprintf("OpportunisticBatching=%v", in.Alike)
	check(utilfeature.DefaultMutableFeatureGate.Set(gate))
	results := map[string]result{}
	for name, pods := range in.Workloads {
		results[name] = place(&in, pods)
	}
	check(json.NewEncoder(os.Stdout).Encode(results))
}

type nothing struct{}

func (nothing) Write(text []byte) (int, error) { return len(text), nil }

// Place all Pods on a fresh cluster; what counts is how long the cycles take.
func place(in *input, pods []*v1.Pod) result {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	logger := klog.FromContext(ctx)
	percentage, snapshot := in.Percentage, cache.NewEmptySnapshot()
	client := fake.NewClientset()
	sched, err := scheduler.New(ctx, client, informers.NewSharedInformerFactory(client, 0), nil,
		profile.NewRecorderFactory(events.NewBroadcaster(
			&events.EventSinkImpl{Interface: client.EventsV1()})),
		scheduler.WithPercentageOfNodesToScore(&percentage),
		scheduler.WithParallelism(in.Parallelism),
		scheduler.WithNodeInfoSnapshot(snapshot))
	check(err)
	for _, node := range in.Nodes {
		sched.Cache.AddNode(logger, node)
	}
	for _, pod := range in.Existing {
		check(sched.Cache.AddPod(logger, pod))
	}
	for _, pod := range pods {
		sched.SchedulingQueue.Add(ctx, pod)
	}
	check(sched.Cache.UpdateSnapshot(logger, snapshot))
	runtime.GC()
	said := result{Pods: len(pods)}
	started := time.Now()
	for range pods {
		found := cycle(ctx, sched, snapshot)
		said.Evaluated = append(said.Evaluated, found.EvaluatedNodes)
		said.Feasible = append(said.Feasible, found.FeasibleNodes)
		said.Hosts = append(said.Hosts, found.SuggestedHost)
	}
	said.Seconds = time.Since(started).Seconds()
	return said
}

func cycle(ctx context.Context, sched *scheduler.Scheduler, snapshot *cache.Snapshot) scheduler.ScheduleResult {
	logger := klog.FromContext(ctx)
	entity, err := sched.NextEntity(logger)
	check(err)
	queued := entity.(*framework.QueuedPodInfo)
	profile := sched.Profiles[queued.Pod.Spec.SchedulerName]
	state := framework.NewCycleState()
	state.Write(framework.PodsToActivateKey, framework.NewPodsToActivate())
	check(sched.Cache.UpdateSnapshot(logger, snapshot))
	found, err := sched.SchedulePod(ctx, profile, state, queued)
	check(err)
	assumed := queued.DeepCopy().Pod
	assumed.Spec.NodeName = found.SuggestedHost
	check(sched.Cache.AssumePod(logger, assumed))
	check(profile.RunReservePluginsReserve(ctx, state, assumed, found.SuggestedHost).AsError())
	_, status := profile.RunPermitPlugins(ctx, state, assumed, found.SuggestedHost)
	check(status.AsError())
	sched.SchedulingQueue.Done(assumed.UID)
	return found
}
