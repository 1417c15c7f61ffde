"""Each fault of the shop can be found by kubectl alone: what is wrong stands in what it prints."""

from __future__ import annotations

import re

import pytest

from course_lib import Cluster
from course_lib.course import FAULTS, Trouble

# For each fault the commands that lead to it, each with what is seen.
WAYS: dict[str, list[tuple[str, str]]] = {
    "bad-image": [
        ("get pods", "ImagePullBackOff|ErrImagePull"),
        ("describe pods -l app=api --show-events", r"python:3\.31.*not found"),
    ],
    "image-never-pulled": [
        ("get pods", "ErrImageNeverPull"),
        (
            "describe pods -l app=api --show-events",
            '"python:3.14" is not present with pull policy of Never',
        ),
    ],
    "wrong-probe-port": [
        ("get pods", r"front-\S+ +0/1 +Running"),
        ("describe pods -l app=front --show-events", r"Readiness probe failed: .*:8081"),
    ],
    "deadly-probe": [
        ("get pods", r"api-\S+ +\d/1 +\S+ +[1-9]"),
        ("describe pods -l app=api --show-events", r"Liveness probe failed: .*:9999"),
    ],
    "missing-secret": [("describe pods -l app=api --show-events", 'secret "db" not found')],
    "missing-config": [("describe pods -l app=api --show-events", 'configmap "setings" not found')],
    "too-large": [
        ("get pods", r"api-\S+ +0/1 +Pending"),
        ("describe pods -l app=api --show-events", "3 Insufficient cpu"),
        ("describe deployment api", r"cpu: +8\n"),
    ],
    "tainted": [
        ("describe pods -l app=api --show-events", "untolerated taint"),
        ("describe nodes", r"Taints: +maintenance:NoSchedule"),
    ],
    "cordoned": [("get nodes", "Ready,SchedulingDisabled")],
    "wrong-node-selector": [
        ("describe pods -l app=api --show-events", "didn't match Pod's node affinity/selector"),
        ("describe deployment api", r"Node-Selectors: +disk=sssd"),
    ],
    "wrong-selector": [
        ("get endpointslices", r"api-\S+ +IPv4 +<unset> +<unset>"),
        ("describe service api", r"Selector: +app=apis"),
    ],
    "wrong-target-port": [
        ("describe service api", r"TargetPort: +80/TCP"),
        ("describe pods -l app=api --show-events", r"Port: +8080/TCP"),
    ],
    "unknown-port-name": [
        ("describe service api", r"TargetPort: +https/TCP"),
        ("describe pods -l app=api --show-events", r"Port: +8080/TCP"),
    ],
    "quota": [
        ("describe replicasets -l app=api", "exceeded quota: small"),
        ("describe quota small", r"pods +\d+ +3"),
    ],
    "limit-range": [
        ("describe replicasets -l app=api", "maximum memory usage per Container is 128Mi"),
        ("describe limitrange tight", r"memory +- +128Mi"),
    ],
    "crash-loop": [("get pods", "CrashLoopBackOff|Error"), ("logs -l app=api", "no database")],
    "too-little-memory": [
        ("describe pods -l app=api --show-events", r"Reason: +OOMKilled"),
        ("describe deployment api", r"memory: +16Mi"),
    ],
    "endless-init": [
        ("get pods", r"api-\S+ +0/1 +Init:0/1"),
        ("describe deployment api", r"sleep\n +infinity"),
    ],
    "scaled-to-zero": [("get deployments", r"api +0/0")],
    "dns-gone": [
        ("exec deployment/front -- getent hosts api", "exit code 2"),
        ("get deployments -n kube-system", r"coredns +0/0"),
    ],
    "policy-without-dns": [
        ("exec deployment/front -- getent hosts api", "exit code 2"),
        ("diff -f data/shop-policies.yaml", r"\+ +name: names"),
    ],
    "closed-door": [
        ("describe networkpolicy lock", r"PodSelector: +app=front"),
        ("describe networkpolicy lock", "Selected pods are isolated for ingress connectivity"),
    ],
    "wrong-friend": [("describe networkpolicy db", r"PodSelector: app=apis")],
    "not-exposed": [("get services", r"front +ClusterIP")],
    "source-ranges": [("describe service front", r"Source Ranges: +192.0.2.0/24")],
    "claim-pending": [
        ("get pods", r"db-\S+ +0/1 +Pending"),
        ("describe pvc data", 'storageclass.storage.k8s.io "fastest" not found'),
    ],
    "one-a-node": [
        ("get deployments", r"front +\d/5"),
        ("describe pods -l app=front --show-events", "didn't match pod anti-affinity rules"),
    ],
    "cut-link": [("exec {near} -- curl -sS -m 2 http://{far}:8080", "timed out")],
    "expired-lease": [
        ("get nodes", r"node-2 +NotReady"),
        ("describe node node-2", "Kubelet stopped posting node status"),
    ],
    "lost-quorum": [("get pods", "Unable to connect to the server: EOF")],
    "expired-certificates": [("get nodes", "x509: certificate has expired")],
}


def filled(line: str, cluster: Cluster) -> str:
    """A line with a Pod of front, and the address `far` of an api on node-1, where no front is."""
    if "{near}" not in line:
        return line
    pods = cluster.get("pods", wide=True)
    near = pods[pods.NAME.str.startswith("front-") & (pods.NODE != "node-1")].NAME.iloc[0]
    far = pods[pods.NAME.str.startswith("api-") & (pods.NODE == "node-1")].IP.iloc[0]
    return line.format(near=near, far=far)


def test_there_is_a_way_to_each_fault():
    assert set(WAYS) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_seen_by_commands(name: str):
    cluster = Trouble(fault=name).cluster
    for line, seen in WAYS[name]:
        said = cluster.kubectl(filled(line, cluster))
        assert re.search(seen, said.text), f"kubectl {line}\n{said.text}"


@pytest.mark.parametrize("name", ["wrong-selector", "too-large", "missing-config"])
def test_what_shows_a_fault_does_not_show_in_another_shop(name: str):
    cluster = Trouble(fault="scaled-to-zero").cluster
    line, seen = WAYS[name][-1]
    assert not re.search(seen, cluster.kubectl(line).text)
