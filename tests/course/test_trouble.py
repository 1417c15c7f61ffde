"""Each fault is seen, its reference repair mends it, and another one does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from course_lib import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course import FAULTS, Trouble
from course_lib.course.diagnosis import plausible
from course_lib.course.faults import ENDPOINTS
from course_lib.course.shop import checks, open_shop
from course_lib.errors import CourseError

Repair = Callable[[Cluster], object]


def as_it_was(cluster: Cluster) -> None:
    """Put the manifests of the healthy shop in the place of what there is."""
    for kind, name in (("deployment", "api"), ("deployment", "front"), ("deployment", "db")):
        cluster.delete(kind, name)
    cluster.run(60)
    cluster.apply(packaged("trouble"))


def nodes(spec: dict) -> Repair:
    def repair(cluster: Cluster) -> None:
        for name in cluster.kubelets:
            cluster.api.patch("Node", name, "", {"spec": spec})

    return repair


def policies(cluster: Cluster) -> None:
    cluster.apply(packaged("shop-policies"))


def manifests(cluster: Cluster) -> None:
    cluster.apply(packaged("trouble"))


def restart_clients(cluster: Cluster) -> None:
    """Who read the old certificates at its start has to be started anew."""
    for component in ("kube-controller-manager", "kube-scheduler"):
        cluster.kill_process("control-plane-1", component)


# The reference solution of each fault.
REPAIRS: dict[str, Repair] = {
    "bad-image": lambda c: c.kubectl("set image deployment/api *=python:3.13"),
    "image-never-pulled": as_it_was,
    "wrong-probe-port": as_it_was,
    "deadly-probe": as_it_was,
    "missing-secret": manifests,
    "missing-config": lambda c: c.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "setings"}, "data": {}}
    ),
    "too-large": as_it_was,
    "tainted": nodes({"taints": None}),
    "cordoned": lambda c: [c.kubectl(f"uncordon {name}") for name in c.kubelets],
    "wrong-node-selector": lambda c: c.api.patch(
        "Node", "node-2", "", {"metadata": {"labels": {"disk": "sssd"}}}
    ),
    "wrong-selector": manifests,
    "wrong-target-port": manifests,
    "unknown-port-name": manifests,
    "quota": lambda c: c.delete("resourcequota", "small"),
    "limit-range": lambda c: c.delete("limitrange", "tight"),
    "crash-loop": as_it_was,
    "too-little-memory": as_it_was,
    "endless-init": as_it_was,
    "scaled-to-zero": lambda c: c.kubectl("scale deployment/api --replicas=2"),
    "dns-gone": lambda c: c.kubectl("scale deployment/coredns --replicas=2 -n kube-system"),
    "policy-without-dns": policies,
    "closed-door": lambda c: c.delete("networkpolicy", "lock"),
    "wrong-friend": policies,
    "not-exposed": manifests,
    "source-ranges": lambda c: c.api.patch(
        "Service", "front", "default", {"spec": {"loadBalancerSourceRanges": None}}
    ),
    "claim-pending": as_it_was,
    # Three would not do: the rollout needs room for one more than is wanted.
    "one-a-node": lambda c: c.kubectl("scale deployment/front --replicas=2"),
    "cut-link": lambda c: c.pod_network.heal(),
    "expired-lease": lambda c: c.restore_node("node-2"),
    "lost-quorum": lambda c: c.restore_node(next(iter(c.etcd.members))),
    "expired-certificates": lambda c: (c.renew_certificates(), restart_clients(c)),
}


# How a learner may name the cause of each.
NAMED = {
    "bad-image": "Deployment api: image tag python:3.31",
    "image-never-pulled": "deployment/api: imagePullPolicy Never",
    "wrong-probe-port": "front: the port of the readiness probe",
    "deadly-probe": "deployment api: livenessProbe, port 9999",
    "missing-secret": "Secret db: deleted",
    "missing-config": "Deployment api: the volume's ConfigMap setings",
    "too-large": "api: requests.cpu 8",
    "tainted": "nodes: taint maintenance",
    "cordoned": "the nodes: unschedulable",
    "wrong-node-selector": "Deployment api: nodeSelector disk=sssd",
    "wrong-selector": "Service api: selector",
    "wrong-target-port": "Service api: target port",
    "unknown-port-name": "service/api: targetPort https",
    "quota": "ResourceQuota small: pods",
    "limit-range": "LimitRange tight: max memory",
    "crash-loop": "Deployment api: command",
    "too-little-memory": "api: the memory limit",
    "endless-init": "api: the init container never ends",
    "scaled-to-zero": "Deployment api: replicas 0",
    "dns-gone": "Deployment coredns: scaled to zero",
    "policy-without-dns": "NetworkPolicy names: deleted",
    "closed-door": "NetworkPolicy lock: no ingress rule for front",
    "wrong-friend": "NetworkPolicy db: from app=apis",
    "not-exposed": "Service front: type ClusterIP",
    "source-ranges": "Service front: loadBalancerSourceRanges",
    "claim-pending": "PVC data: storageClassName fastest",
    "one-a-node": "Deployment front: anti-affinity",
    "cut-link": "the network of node-1: cut off",
    "expired-lease": "node-2: no power",
    "lost-quorum": "etcd: no majority",
    "expired-certificates": "certificates: expired",
}
EITHER = {  # the object's name says already what is wrong
    name
    for name, named in NAMED.items()
    if any(w in named.split(": ")[0].lower() for w in FAULTS[name].words[1])
}


def test_there_is_a_repair_and_a_cause_for_each_fault():
    assert set(REPAIRS) == set(NAMED) == set(FAULTS) and len(FAULTS) >= 25


def test_a_list_of_all_words_is_no_cause():
    trouble = Trouble(fault="wrong-selector")
    words = "api front db image probe selector targetPort replicas memory command type taint node"
    assert "many causes" in trouble.diagnose(words)
    for nothing in ("", " ", None, True, 2.5):
        assert "a number of trouble.causes()" in trouble.diagnose(nothing)


@pytest.mark.parametrize("name", FAULTS)
def test_the_cause_is_one_of_five_choices_whose_place_says_nothing(name):
    causes = plausible(FAULTS[name])
    assert len(set(causes)) == 5 and FAULTS[name].story in causes
    assert causes == plausible(FAULTS[name])


def test_the_true_choice_is_not_always_at_the_same_place():
    places = {plausible(fault).index(fault.story) for fault in FAULTS.values()}
    assert places == set(range(5))


def test_a_choice_is_right_or_wrong_and_wrong_ones_are_counted():
    trouble = Trouble(fault="wrong-selector")
    causes = list(trouble.causes().CAUSE)
    right = causes.index(FAULTS["wrong-selector"].story) + 1
    wrong = right % 5 + 1
    assert "not the cause" in trouble.diagnose(wrong)
    assert trouble.diagnose(str(right)) == "Right. Now repair it."
    for outside in (0, 6, -1):
        with pytest.raises(CourseError, match="no such choice"):
            trouble.diagnose(outside)
    manifests(trouble.cluster)
    assert trouble.check().startswith("Repaired, without a hint and 1 wrong diagnosis. It was this")


def test_who_names_the_cause_first_is_told_the_story_when_it_is_repaired():
    trouble = Trouble(fault="wrong-selector")
    assert trouble.diagnose("the selector of the service api") == "Right. Now repair it."
    manifests(trouble.cluster)
    assert FAULTS["wrong-selector"].story in trouble.check()


@pytest.mark.parametrize("fault", [n for n, f in FAULTS.items() if ENDPOINTS in f.hints])
def test_the_endpoint_slice_that_a_hint_points_to_is_there(fault):
    names = Trouble(fault=fault).cluster.get("endpointslices").NAME
    assert any(name.startswith("api-") for name in names)


@pytest.mark.parametrize("fault", ["wrong-target-port", "unknown-port-name", "wrong-selector"])
def test_a_service_that_is_deleted_and_made_anew_is_repaired(fault):
    trouble = Trouble(fault=fault)
    trouble.cluster.delete("service", "api")
    manifests(trouble.cluster)
    assert trouble.check().startswith("Repaired")


def test_the_shop_is_well_before_anybody_breaks_it():
    assert all(check.ok for check in checks(open_shop()))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_stays_until_it_is_repaired_and_then_is_gone(name: str):
    trouble = Trouble(fault=name)
    assert trouble.failing(), name
    assert trouble.check().startswith("Not repaired yet")  # nobody did anything
    with suppress(CourseError):  # this helps nobody, where the API takes it at all
        trouble.cluster.kubectl("rollout restart deployment/front")
    assert trouble.check().startswith("Not repaired yet")
    for hint in FAULTS[name].hints:
        assert trouble.hint() == hint
    assert "no more hints" in trouble.hint()
    REPAIRS[name](trouble.cluster)
    said = trouble.check()
    for _ in range(4):  # a back-off may have to run out
        if said.startswith("Repaired"):
            break
        said = trouble.check()
    assert said.startswith("Repaired") and "what was the cause?" in said, said
    assert FAULTS[name].story not in said  # who repairs blindly has not found it
    place = NAMED[name].partition(": ")[0]
    assert "The object is right" in trouble.diagnose(place) or name in EITHER
    assert "not the cause" in trouble.diagnose("the moon: its phase")
    assert FAULTS[name].story in trouble.diagnose(NAMED[name]), trouble.diagnose(NAMED[name])
    assert FAULTS[name].story in trouble.check()


def test_a_seed_draws_the_same_trouble_each_time_and_others_draw_others():
    assert Trouble(seed=3).give_up() == Trouble(seed=3).give_up()
    assert len({Trouble(seed=seed).give_up() for seed in range(6)}) > 2


def test_a_fault_that_does_not_exist_is_refused():
    with pytest.raises(CourseError, match="no such fault"):
        Trouble(fault="gremlins")
