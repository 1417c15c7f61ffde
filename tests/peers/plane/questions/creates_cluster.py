"""Nodes, Leases, Events."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker"}}
LEASE = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {"name": "leader"},
    "spec": {"holderIdentity": "one", "leaseDurationSeconds": 15},
}
EVENT = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "web.17a"},
    "involvedObject": {"kind": "Pod", "namespace": "inv", "name": "web"},
    "reason": "Tested",
    "message": "It works",
    "type": "Normal",
}
NEW_EVENT = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "web.17b"},
    "regarding": {"kind": "Pod", "namespace": "inv", "name": "web"},
    "reason": "Tested",
    "note": "It works",
    "type": "Normal",
    "action": "Test",
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "example.com/tester",
    "reportingInstance": "tester-1",
}
EVENTS = "/apis/events.k8s.io/v1/namespaces/inv/events"
TAINT = {"key": "disk", "value": "slow", "effect": "NoSchedule"}

CASES = [
    *each(
        NODE,
        {
            "metadata.name": ["worker", "worker.eu", "Worker", "w" * 253, "w" * 254],
            "metadata.labels": [
                {"kubernetes.io/hostname": "worker"},
                {"zone": "a b"},
            ],
            "spec": [{}, {"unschedulable": True}, {"unschedulable": "no"}],
            "spec.podCIDR": ["10.9.0.0/24", "10.9.0.7/24", "10.9.0.0", ""],
            "spec.podCIDRs": [
                ["10.9.0.0/24"],
                ["10.9.0.0/24", "10.9.1.0/24"],
                ["10.9.0.0/24", "2001:db8::/64"],
                ["10.9.0.0/24", "2001:db8::/64", "10.9.1.0/24"],
                ["nowhere"],
            ],
            "spec.providerID": ["cloud://7"],
            "spec.taints": [
                [TAINT],
                [TAINT, TAINT],
                [TAINT, TAINT | {"effect": "NoExecute"}],
                [{"key": "disk", "effect": "NoExecute"}],
                [TAINT | {"key": "a b"}],
                [TAINT | {"key": ""}],
                [TAINT | {"value": "a b"}],
                [TAINT | {"effect": "Evict"}],
                [TAINT | {"effect": ""}],
                [TAINT | {"timeAdded": "2026-01-01T00:00:00Z"}],
                [TAINT | {"timeAdded": "noon"}],
            ],
            "status": [
                {"capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
                {"capacity": {"cpu": "-4"}},
                {"capacity": {"cpu": "four"}},
                {"capacity": {"cpu": "4", "memory": "8192Mi"}},
                {"addresses": [{"type": "InternalIP", "address": "10.1.2.3"}]},
                {"conditions": [{"type": "Ready", "status": "True"}]},
            ],
        },
    ),
    *named(
        NODE,
        {
            "with two different first blocks of Pods": {
                "spec.podCIDR": "10.9.0.0/24",
                "spec.podCIDRs": ["10.9.1.0/24"],
            },
            "with an annotation to avoid Pods that is no JSON": {
                "metadata.annotations": {
                    "scheduler.alpha.kubernetes.io/preferAvoidPods": "none"
                },
            },
        },
    ),
    *each(
        LEASE,
        {
            "metadata.name": ["leader.eu", "Leader"],
            "spec": [ABSENT, {}],
            "spec.holderIdentity": ["", "two", 2, "h" * 300],
            "spec.leaseDurationSeconds": [ABSENT, 1, 0, -1, "15"],
            "spec.leaseTransitions": [0, 3, -1],
            "spec.acquireTime": ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00Z", "noon"],
            "spec.renewTime": ["2026-01-01T00:00:00.123456Z"],
            "spec.strategy": ["OldestEmulationVersion", "Other"],
            "spec.preferredHolder": ["two"],
        },
    ),
    *each(
        EVENT,
        {
            "metadata.name": ["a b", "A"],
            "metadata.generateName": ["web."],
            "type": [ABSENT, "Warning", "Error", ""],
            "reason": [ABSENT, "", "r" * 128, "r" * 129],
            "message": [ABSENT, "m" * 1024, "m" * 1025],
            "involvedObject": [ABSENT, {}, {"kind": "Node", "name": "node-1"}],
            "involvedObject.namespace": ["other", ABSENT, ""],
            "involvedObject.fieldPath": ["spec.containers{web}"],
            "count": [0, 3, -1, "3"],
            "source": [{"component": "tester", "host": "node-1"}, "tester"],
            "firstTimestamp": ["2026-01-01T00:00:00Z", "noon"],
            "lastTimestamp": ["2026-01-01T00:00:01Z"],
            "eventTime": ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00Z"],
            "reportingComponent": ["example.com/tester", "a b"],
            "series": [{"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}],
        },
    ),
    *named(
        EVENT,
        {
            "about a Node, in default": {
                "metadata.namespace": "default",
                "involvedObject": {"kind": "Node", "name": "node-1"},
            },
        },
    ),
    *(
        case | {"path": EVENTS}
        for case in each(
            NEW_EVENT,
            {
                "note": ["It works", "n" * 1024, "n" * 1025],
                "reason": [ABSENT, "r" * 129],
                "action": [ABSENT, "a" * 129],
                "type": ["Warning", "Error", ABSENT],
                "eventTime": [ABSENT],
                "reportingController": [ABSENT, "a b"],
                "reportingInstance": [ABSENT, "i" * 129],
                "regarding": [ABSENT],
                "deprecatedCount": [2],
            },
            "Event of events.k8s.io/v1",
        )
    ),
]  # fmt: skip
