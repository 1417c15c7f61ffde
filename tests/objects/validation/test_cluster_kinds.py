"""Nodes, Leases, Namespaces and Events: what is refused."""

import pytest

from course_lib.objects.kinds import BUILT_IN
from tests.objects.validation.refusals import new, refusals, refusals_of_change

NODE_EFFECTS = '"NoSchedule", "PreferNoSchedule", "NoExecute"'


def node(status=None, **spec):
    return new("Node", spec=spec, status=status or {})


def test_a_taint_is_there_once_for_each_effect():
    taint = {"key": "disk", "effect": "NoSchedule"}
    assert refusals(node(taints=[taint, taint | {"effect": "NoExecute"}])) == []
    assert refusals(node(taints=[taint, taint | {"value": "slow"}])) == [
        'metadata.taints[1]: Duplicate value: {"Key":"disk","Value":"slow","Effect":"NoSchedule",'
        '"TimeAdded":null}: taints must be unique by key and effect pair'
    ]
    assert refusals(node(taints=[{"key": "disk", "effect": "Evict"}])) == [
        'metadata.taints[0].effect: Unsupported value: "Evict": supported values: ' + NODE_EFFECTS
    ]


def test_a_node_has_one_block_of_pods_for_each_family():
    assert refusals(node(podCIDRs=["10.9.0.0/24", "2001:db8::/64"])) == []
    said = "may specify no more than one CIDR for each IP family"
    assert refusals(node(podCIDRs=["10.9.0.0/24", "10.9.1.0/24"])) == [
        f'spec.podCIDRs: Invalid value: ["10.9.0.0/24","10.9.1.0/24"]: {said}'
    ]


def test_a_block_of_pods_is_given_once():
    assert refusals_of_change(node(), node(podCIDR="10.9.0.0/24")) == []
    assert refusals_of_change(node(podCIDR="10.9.0.0/24"), node(podCIDR="10.9.1.0/24")) == [
        'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'
    ]
    assert refusals_of_change(node(providerID="a://1"), node()) == [
        "spec.providerID: Invalid value: null: field cannot be cleared once set"
    ]


def test_the_features_of_a_kubelet_are_sorted():
    assert refusals(node(status={"declaredFeatures": ["A", "B/c"]})) == []
    assert refusals(node(status={"declaredFeatures": ["B", "A", "A"]})) == [
        'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
        'status.declaredFeatures[2]: Duplicate value: "A"',
    ]


@pytest.mark.parametrize(("seconds", "refused"), [(-1, True), (0, True), (1, False)])
def test_a_lease_lasts(seconds, refused):
    lease = new("Lease", "coordination.k8s.io/v1", spec={"leaseDurationSeconds": seconds})
    said = f"spec.leaseDurationSeconds: Invalid value: {seconds}: must be greater than 0"
    assert refusals(lease) == ([said] if refused else [])


def test_who_holds_up_a_namespace_has_a_domain():
    assert refusals(new("Namespace", spec={"finalizers": ["example.com/hold"]})) == []
    assert refusals(new("Namespace", spec={"finalizers": ["hold"]})) == [
        'spec.finalizers: Invalid value: "hold": name is neither a standard finalizer name nor is '
        "it fully qualified"
    ]


def event(version="v1", **fields):
    about = {"kind": "Pod", "name": "web", "namespace": "default"}
    name = "involvedObject" if version == "v1" else "regarding"
    return new("Event", version, **{name: about} | fields)


TIMED = {
    "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "tester",
    "reportingInstance": "tester-1", "action": "Try", "reason": "Tried", "type": "Normal",
}  # fmt: skip


def test_an_event_of_old_style_is_where_its_object_is():
    assert refusals(event(involvedObject={"kind": "Node", "name": "node-1"})) == []
    assert refusals(event(involvedObject={"kind": "Pod", "namespace": "shop"})) == [
        'involvedObject.namespace: Invalid value: "shop": does not match event.namespace'
    ]


@pytest.mark.parametrize(
    ("field", "stored", "most"),
    [("reason", "reason", 128), ("action", "action", 128),
     ("reportingInstance", "reportingInstance", 128), ("note", "message", 1024)],
)  # fmt: skip
def test_the_texts_of_an_event_with_a_time_have_an_end(field, stored, most):
    newer = "events.k8s.io/v1"
    assert refusals(event(newer, **TIMED | {field: "x" * most})) == []
    assert refusals(event(newer, **TIMED | {field: "x" * (most + 1)})) == [
        f'{stored}: Invalid value: "": can have at most {most} characters'
    ]


def test_a_newer_event_has_no_older_fields_and_is_refused_as_it_is_stored():
    newer = "events.k8s.io/v1"
    old = event(newer, **TIMED | {"deprecatedCount": 2, "series": {"count": 1}})
    assert refusals(old) == [
        'series.count: Invalid value: "": should be at least 2',
        "series.lastObservedTime: Required value",
        'count: Invalid value: "": needs to be unset',
    ]
    changed = event(newer, **TIMED | {"reason": "Failed"})
    assert refusals_of_change(event(newer, **TIMED), changed) == [
        'reason: Invalid value: "Failed": field is immutable'
    ]
    assert BUILT_IN.of_document(changed).store is not None
