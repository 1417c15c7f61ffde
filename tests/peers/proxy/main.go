// kube-proxy's own code, asked for the rules that it would write.
//
// Input: a JSON list of cases (node, nodeIP, labels, clusterCIDR, services, slices). Output: a JSON
// list of texts, each what the iptables mode gives to iptables-restore, as its tables stand then.
// With the argument "nftables" the one case is written into the kernel, in that mode; to be run in
// a network namespace of its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/component-helpers/node/util/sysctl/testing"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/apis/config"
	"k8s.io/kubernetes/pkg/proxy/apis/config/scheme"
	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/nftables"
	proxyutil "k8s.io/kubernetes/pkg/proxy/util"
	utiliptables "k8s.io/kubernetes/pkg/util/iptables"
	iptablestest "k8s.io/kubernetes/pkg/util/iptables/testing"
)

type question struct {
	Node        string                    `json:"node"`
	NodeIP      string                    `json:"nodeIP"`
	Labels      map[string]string         `json:"labels"`
	ClusterCIDR string                    `json:"clusterCIDR"`
	Services    []v1.Service              `json:"services"`
	Slices      []discovery.EndpointSlice `json:"slices"`
}

// kube-proxy's own defaults, as it reads them from an empty file.
func configuration(nodePortAddresses ...string) *config.KubeProxyConfiguration {
	document := []byte(`{"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"}`)
	object, _, err := scheme.Codecs.UniversalDecoder().Decode(document, nil, nil)
	if err != nil {
		panic(err)
	}
	read := object.(*config.KubeProxyConfiguration)
	read.NodePortAddresses = nodePortAddresses
	return read
}

func tell(proxier proxy.Provider, asked question) {
	proxier.OnTopologyChange(asked.Labels)
	for i := range asked.Services {
		proxier.OnServiceAdd(&asked.Services[i])
	}
	for i := range asked.Slices {
		proxier.OnEndpointSliceAdd(&asked.Slices[i])
	}
	proxier.OnServiceSynced()
	proxier.OnEndpointSlicesSynced()
}

func writeNFTables(asked question) {
	proxier, err := nftables.NewProxier(
		context.Background(), configuration(asked.NodeIP+"/32"), v1.IPv4Protocol,
		proxyutil.NewDetectLocalByCIDR(asked.ClusterCIDR), asked.Node, net.ParseIP(asked.NodeIP),
		nil, nil, false)
	if err != nil {
		panic(err)
	}
	proxier.OnServiceCIDRsChanged([]string{"10.96.0.0/12"})
	tell(proxier, asked)
}

func rules(asked question) string {
	fake := iptablestest.NewFake()
	proxier, err := iptables.NewProxier(
		context.Background(), configuration(), v1.IPv4Protocol, fake, testing.NewFake(),
		proxyutil.NewDetectLocalByCIDR(asked.ClusterCIDR), asked.Node, net.ParseIP(asked.NodeIP),
		nil, nil, false)
	if err != nil {
		panic(err)
	}
	tell(proxier, asked)
	text := bytes.NewBuffer(nil)
	for _, table := range []utiliptables.Table{utiliptables.TableFilter, utiliptables.TableNAT} {
		if err := fake.SaveInto(table, text); err != nil {
			panic(err)
		}
	}
	return text.String()
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(bytes.NewBuffer(nil))
	var asked []question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	if len(os.Args) > 1 && os.Args[1] == "nftables" {
		writeNFTables(asked[0])
		return
	}
	answers := make([]string, len(asked))
	for i, each := range asked {
		answers[i] = rules(each)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
