// The real plugins of kube-scheduler, asked about cases from standard input.
//
// Input: a JSON list of cases in the format of tests/oracles/harness.py. Output: a JSON list of
// what the plugin of each case says, in the form of `expect`, with the reasons of its refusals.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	"k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumebinding"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

type testCase struct {
	ID         string            `json:"id"`
	Plugin     string            `json:"plugin"`
	Point      string            `json:"extension_point"`
	Args       json.RawMessage   `json:"args"`
	Namespaces []v1.Namespace    `json:"namespaces"`
	Nodes      []v1.Node         `json:"nodes"`
	Existing   []v1.Pod          `json:"existing_pods"`
	Pod        v1.Pod            `json:"pod"`
	Candidates []string          `json:"candidates"`
	Objects    []json.RawMessage `json:"objects"`
}

type answer struct {
	Scores   map[string]int64    `json:"scores,omitempty"`
	Feasible []string            `json:"feasible"`
	Codes    map[string]string   `json:"codes,omitempty"`
	Reasons  map[string][]string `json:"reasons,omitempty"`
	Skipped  bool                `json:"skipped,omitempty"`
	Message  string              `json:"message,omitempty"`

	Nominated string   `json:"nominated,omitempty"`
	Victims   []string `json:"victims,omitempty"`
}

func check(err error, where string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", where, err)
		os.Exit(1)
	}
}

func main() {
	metrics.Register()
	// Victims are to be gone when preemption returns, not some time later.
	check(utilfeature.DefaultMutableFeatureGate.Set("SchedulerAsyncPreemption=false"), "gates")
	var cases []testCase
	check(json.NewDecoder(os.Stdin).Decode(&cases), "cases")
	answers := make([]answer, len(cases))
	// Each case waits a while for its informers: many of them wait together.
	var group sync.WaitGroup
	free := make(chan struct{}, 64)
	for i := range cases {
		group.Add(1)
		free <- struct{}{}
		go func() {
			defer group.Done()
			answers[i] = ask(&cases[i])
			<-free
		}()
	}
	group.Wait()
	check(json.NewEncoder(os.Stdout).Encode(answers), "answers")
}

func ask(c *testCase) answer {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := fake.NewClientset(objects(c)...)
	factory := informers.NewSharedInformerFactory(client, 0)
	var pods []*v1.Pod
	for i := range c.Existing {
		pods = append(pods, &c.Existing[i])
	}
	var nodes []*v1.Node
	for i := range c.Nodes {
		nodes = append(nodes, &c.Nodes[i])
	}
	snapshot := cache.NewSnapshot(pods, nodes)
	options := whatPluginsUse(ctx, c, factory, client, snapshot)
	handle, err := frameworkruntime.NewFramework(ctx, nil, nil, options...)
	check(err, c.ID)
	if c.Plugin == "" {
		return decide(ctx, c, factory, client, snapshot, options)
	}
	plugin, err := plugins.NewInTreeRegistry()[c.Plugin](ctx, arguments(c), handle)
	check(err, c.ID)
	synchronise(ctx, c, factory)
	infos, err := snapshot.NodeInfos().List()
	check(err, c.ID)
	if c.Point == "filter" {
		return filter(ctx, c, plugin.(fwk.FilterPlugin), infos)
	}
	return score(ctx, c, plugin.(fwk.ScorePlugin), infos)
}

// What kube-scheduler hands to its plugins, as far as they use it.
func whatPluginsUse(ctx context.Context, c *testCase, factory informers.SharedInformerFactory,
	client *fake.Clientset, snapshot *cache.Snapshot) []frameworkruntime.Option {
	claims := assumecache.NewAssumeCache(klog.FromContext(ctx),
		factory.Resource().V1().ResourceClaims().Informer(), "ResourceClaim", "", nil)
	slices, err := tracker.StartTracker(ctx, tracker.Options{
		SliceInformer: factory.Resource().V1().ResourceSlices(),
		KubeClient:    client,
	})
	check(err, c.ID)
	return []frameworkruntime.Option{
		frameworkruntime.WithSnapshotSharedLister(snapshot),
		frameworkruntime.WithMutableSnapshotLister(snapshot),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithEventRecorder(events.NewFakeRecorder(100)),
		frameworkruntime.WithPodNominator(nobody{}),
		frameworkruntime.WithWaitingPods(frameworkruntime.NewWaitingPodsMap()),
		frameworkruntime.WithPodsInPreBind(frameworkruntime.NewPodsInPreBindMap()),
		frameworkruntime.WithSharedDRAManager(dynamicresources.NewDRAManager(ctx, claims, slices, factory)),
		frameworkruntime.WithSharedCSIManager(
			nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
		frameworkruntime.WithClientSet(client),
	}
}

func synchronise(ctx context.Context, c *testCase, factory informers.SharedInformerFactory) {
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for _, raw := range c.Objects {
		if bytes.Contains(raw, []byte(`"PersistentVolume"`)) {
			// The volume plugins keep caches of their own behind the informers, and tell nobody
			// when these are filled.
			time.Sleep(time.Second)
			return
		}
	}
}

// The whole default profile: the sums of the nodes that fit, or what FailedScheduling would say.
func decide(ctx context.Context, c *testCase, factory informers.SharedInformerFactory,
	client *fake.Clientset, snapshot *cache.Snapshot, options []frameworkruntime.Option) answer {
	profile := configuration(c, nil).Profiles[0]
	whole, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), &profile, options...)
	check(err, c.ID)
	synchronise(ctx, c, factory)
	infos, err := snapshot.NodeInfos().List()
	check(err, c.ID)
	state := framework.NewCycleState()
	diagnosis := framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()}
	said := answer{Scores: map[string]int64{}, Feasible: []string{}}
	only, before, names := whole.RunPreFilterPlugins(ctx, state, &c.Pod)
	var feasible []fwk.NodeInfo
	for _, info := range infos {
		name := info.Node().Name
		status := before
		switch {
		case !before.IsSuccess():
			diagnosis.PreFilterMsg = before.Message()
		case !only.AllNodes() && !only.NodeNames.Has(name):
			status = fwk.NewStatus(fwk.UnschedulableAndUnresolvable,
				fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", names.UnsortedList()))
		default:
			status = whole.RunFilterPlugins(ctx, state, &c.Pod, info)
		}
		if status.IsSuccess() {
			feasible = append(feasible, info)
		} else {
			diagnosis.NodeToStatus.Set(name, status)
		}
	}
	if len(feasible) == 0 {
		failure := framework.FitError{Pod: &c.Pod, NumAllNodes: len(infos), Diagnosis: diagnosis}
		said.Message = failure.Error()
		if c.Point == "preemption" {
			failure.Diagnosis.PostFilterMsg = preempt(ctx, c, whole, client, state, diagnosis, &said)
			said.Message = failure.Error()
		}
		return said
	}
	check(whole.RunPreScorePlugins(ctx, state, &c.Pod, feasible).AsError(), c.ID)
	scores, status := whole.RunScorePlugins(ctx, state, &c.Pod, feasible)
	check(status.AsError(), c.ID)
	for _, one := range scores {
		said.Scores[one.Name] = one.TotalScore
	}
	return said
}

// DefaultPreemption: the node that it nominates, the Pods that are gone from the API afterwards, and
// what it says.
func preempt(ctx context.Context, c *testCase, whole framework.Framework, client *fake.Clientset,
	state fwk.CycleState, diagnosis framework.Diagnosis, said *answer) string {
	result, status := whole.RunPostFilterPlugins(ctx, state, &c.Pod, diagnosis.NodeToStatus)
	if result == nil || result.NominatingInfo == nil || result.NominatedNodeName == "" {
		return status.Message()
	}
	said.Nominated = result.NominatedNodeName
	left, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	check(err, c.ID)
	there := map[string]bool{}
	for _, pod := range left.Items {
		there[pod.Name] = true
	}
	for i := range c.Existing {
		if !there[c.Existing[i].Name] {
			said.Victims = append(said.Victims, c.Existing[i].Name)
		}
	}
	return status.Message()
}

// No Pod is nominated to any node.
type nobody struct{}

func (nobody) AddNominatedPod(klog.Logger, fwk.PodInfo, *fwk.NominatingInfo) {}
func (nobody) DeleteNominatedPodIfExists(*v1.Pod)                            {}
func (nobody) UpdateNominatedPod(klog.Logger, *v1.Pod, fwk.PodInfo)          {}
func (nobody) NominatedPodsForNode(string) []fwk.PodInfo                     { return nil }

func objects(c *testCase) []runtime.Object {
	var found []runtime.Object
	for i := range c.Namespaces {
		found = append(found, &c.Namespaces[i])
	}
	for i := range c.Nodes {
		found = append(found, &c.Nodes[i])
	}
	if c.Point == "preemption" {
		found = append(found, &c.Pod)
		for i := range c.Existing {
			found = append(found, &c.Existing[i])
		}
	}
	for _, raw := range c.Objects {
		object, _, err := clientscheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
		check(err, c.ID)
		found = append(found, object)
	}
	return found
}

// The arguments with upstream's defaults, as kube-scheduler itself reads them from its file.
func arguments(c *testCase) runtime.Object {
	args := c.Args
	if len(args) == 0 {
		args = json.RawMessage("{}")
	}
	var asked []map[string]any
	if string(args) != "{}" && string(args) != "null" {
		asked = append(asked, map[string]any{"name": c.Plugin, "args": args})
	}
	for _, one := range configuration(c, asked).Profiles[0].PluginConfig {
		if one.Name == c.Plugin {
			return one.Args
		}
	}
	return nil
}

func configuration(c *testCase, plugins []map[string]any) *config.KubeSchedulerConfiguration {
	document, err := json.Marshal(map[string]any{
		"apiVersion": "kubescheduler.config.k8s.io/v1",
		"kind":       "KubeSchedulerConfiguration",
		"profiles":   []any{map[string]any{"pluginConfig": plugins}},
	})
	check(err, c.ID)
	object, _, err := scheme.Codecs.UniversalDecoder().Decode(document, nil, nil)
	check(err, c.ID)
	return object.(*config.KubeSchedulerConfiguration)
}

func filter(ctx context.Context, c *testCase, plugin fwk.FilterPlugin, infos []fwk.NodeInfo) answer {
	state := framework.NewCycleState()
	said := answer{Codes: map[string]string{}, Reasons: map[string][]string{}}
	say := func(name string, status *fwk.Status) {
		said.Codes[name] = status.Code().String()
		if !status.IsSuccess() {
			said.Reasons[name] = status.Reasons()
		}
	}
	var only *fwk.PreFilterResult
	var before *fwk.Status
	if pre, ok := plugin.(fwk.PreFilterPlugin); ok {
		only, before = pre.PreFilter(ctx, state, &c.Pod, infos)
	}
	for _, info := range infos {
		name := info.Node().Name
		switch {
		case before.IsSkip():
			say(name, nil)
		case !before.IsSuccess():
			say(name, before)
		case only != nil && !only.AllNodes() && !only.NodeNames.Has(name):
			say(name, fwk.NewStatus(fwk.UnschedulableAndUnresolvable,
				fmt.Sprintf("node(s) didn't satisfy plugin(s) [%s]", c.Plugin)))
		default:
			say(name, plugin.Filter(ctx, state, &c.Pod, info))
		}
	}
	for i := range c.Nodes {
		if said.Codes[c.Nodes[i].Name] == fwk.Success.String() {
			said.Feasible = append(said.Feasible, c.Nodes[i].Name)
		}
	}
	return said
}

func feasible(ctx context.Context, c *testCase, state fwk.CycleState,
	plugin *volumebinding.VolumeBinding, infos []fwk.NodeInfo) []fwk.NodeInfo {
	var found []fwk.NodeInfo
	if _, before := plugin.PreFilter(ctx, state, &c.Pod, infos); !before.IsSuccess() {
		return nil
	}
	for _, info := range infos {
		if plugin.Filter(ctx, state, &c.Pod, info).IsSuccess() {
			found = append(found, info)
		}
	}
	return found
}

func score(ctx context.Context, c *testCase, plugin fwk.ScorePlugin, infos []fwk.NodeInfo) answer {
	state := framework.NewCycleState()
	var candidates []fwk.NodeInfo
	for _, info := range infos {
		wanted := c.Candidates == nil
		for _, name := range c.Candidates {
			wanted = wanted || name == info.Node().Name
		}
		if wanted {
			candidates = append(candidates, info)
		}
	}
	if c.Plugin == "VolumeBinding" { // scores what its own Filter has found for each node
		candidates = feasible(ctx, c, state, plugin.(*volumebinding.VolumeBinding), candidates)
	}
	said := answer{Scores: map[string]int64{}}
	if pre, ok := plugin.(fwk.PreScorePlugin); ok {
		status := pre.PreScore(ctx, state, &c.Pod, candidates)
		if status.IsSkip() {
			for _, info := range candidates {
				said.Scores[info.Node().Name] = 0
			}
			said.Skipped = true
			return said
		}
		check(status.AsError(), c.ID)
	}
	var scores fwk.NodeScoreList
	for _, info := range candidates {
		value, status := plugin.Score(ctx, state, &c.Pod, info)
		check(status.AsError(), c.ID)
		scores = append(scores, fwk.NodeScore{Name: info.Node().Name, Score: value})
	}
	if extensions := plugin.ScoreExtensions(); extensions != nil {
		check(extensions.NormalizeScore(ctx, state, &c.Pod, scores).AsError(), c.ID)
	}
	for _, one := range scores {
		said.Scores[one.Name] = one.Score
	}
	return said
}
