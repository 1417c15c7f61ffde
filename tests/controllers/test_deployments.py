"""Deployments: rollouts within their bounds, revisions, and progress."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.deployment_rollout import revision
from tests.conftest import container, workload
from tests.controllers.workloads import PROBE, extremes, get


def revisions(cluster) -> list[tuple[int, str]]:
    """The revisions of the Deployment in order, each with its image."""
    found = [
        (revision(replicas), replicas.spec.template.spec.containers[0].image)
        for replicas in cluster.api.list("ReplicaSet", "default")
    ]
    return sorted(found)


def probed(**spec: object) -> dict:
    return workload(containers=[container(readinessProbe=PROBE)], **spec)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "least", "most"),
    [
        (4, "25%", "25%", 3, 5),
        (4, 1, 0, 4, 5),
        (4, 0, 1, 3, 4),
        (3, "100%", 0, 3, 6),
        (5, 0, "50%", 3, 5),
    ],
)
def test_a_rolling_update_stays_within_its_bounds(replicas, surge, unavailable, least, most):
    cluster = Cluster(nodes=3)
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    cluster.apply(probed(replicas=replicas, strategy={"rollingUpdate": rolling}))
    cluster.run(seconds=30)
    cluster.kubectl("set image deployment/web *=nginx:1.28")
    assert extremes(cluster, 60) == (least, most)
    assert cluster.ready("deployment/web")
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}


def test_recreate_has_no_moment_with_old_and_new_pods(cluster):
    cluster.apply(workload(replicas=3, strategy={"type": "Recreate"}))
    cluster.run(seconds=20)
    cluster.kubectl("set image deployment/web *=nginx:1.28")
    for _ in range(80):
        cluster.run(seconds=0.25)
        images = {p.spec.containers[0].image for p in cluster.api.list("Pod")}
        assert len(images) <= 1
    assert images == {"nginx:1.28"}
    assert cluster.ready("deployment/web")


def test_a_paused_deployment_gathers_changes_and_rolls_out_once(cluster):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    cluster.kubectl("rollout pause deployment/web")
    for tag in ("1.28", "1.29"):
        cluster.kubectl(f"set image deployment/web *=nginx:{tag}")
        cluster.run(seconds=20)
    assert len(cluster.get("replicasets")) == 1
    cluster.kubectl("scale deployment/web --replicas=3")
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 3, "a paused Deployment still scales"
    cluster.kubectl("rollout resume deployment/web")
    cluster.run(seconds=60)
    assert [image for _, image in revisions(cluster)] == ["nginx:1.27", "nginx:1.29"]


def test_rolling_back_to_a_revision(cluster):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    for tag in ("1.28", "1.29"):
        cluster.kubectl(f"set image deployment/web *=nginx:{tag}")
        cluster.run(seconds=60)
    cluster.kubectl("rollout undo deployment/web --to-revision=1")
    cluster.run(seconds=60)
    history = revisions(cluster)
    assert [number for number, _ in history] == [2, 3, 4]
    assert history[-1] == (4, "nginx:1.27")
    said = cluster.kubectl("rollout undo deployment/web --to-revision=9").stderr
    assert said.endswith("error: unable to find specified revision 9 in history\n")


def test_old_revisions_are_kept_up_to_a_limit(cluster):
    cluster.apply(workload(replicas=1, revisionHistoryLimit=2))
    cluster.run(seconds=20)
    for tag in range(5):
        cluster.kubectl(f"set image deployment/web *=nginx:1.{30 + tag}")
        cluster.run(seconds=30)
    assert [number for number, _ in revisions(cluster)] == [4, 5, 6]


def test_no_progress_for_too_long_is_stated(cluster):
    cluster.apply(workload(replicas=2, progressDeadlineSeconds=60))
    cluster.run(seconds=20)
    cluster.kubectl("set image deployment/web *=registry.invalid/web:v2")
    cluster.run(seconds=50)

    def progressing():
        return next(
            c for c in get(cluster, "Deployment").status.conditions if c.type == "Progressing"
        )

    assert progressing().status == "True"
    cluster.run(seconds=20)
    assert (progressing().status, progressing().reason) == ("False", "ProgressDeadlineExceeded")
    cluster.kubectl("rollout undo deployment/web")
    cluster.run(seconds=30)
    assert (progressing().status, progressing().reason) == ("True", "NewReplicaSetAvailable")


def test_a_size_changed_in_the_middle_of_a_rollout_is_shared_out(cluster):
    rolling = {"maxSurge": 3, "maxUnavailable": 2}
    cluster.apply(workload(replicas=10, strategy={"rollingUpdate": rolling}))
    cluster.run(seconds=30)
    cluster.kubectl("set image deployment/web *=registry.invalid/web:v2")
    cluster.run(seconds=10)
    assert sorted(rs.spec.replicas for rs in cluster.api.list("ReplicaSet")) == [5, 8]
    cluster.kubectl("scale deployment/web --replicas=15")
    cluster.run(seconds=10)
    # kubernetes.io "Proportional scaling": 5 more, 3 to the larger and 2 to the smaller
    assert sorted(rs.spec.replicas for rs in cluster.api.list("ReplicaSet")) == [7, 11]


def test_min_ready_seconds_delays_availability(cluster):
    cluster.apply(workload(replicas=1, minReadySeconds=20))
    cluster.run(seconds=15)
    status = get(cluster, "Deployment").status
    assert (status.ready_replicas, status.available_replicas) == (1, 0)
    cluster.run(seconds=15)
    assert get(cluster, "Deployment").status.available_replicas == 1


def test_a_finished_rollout_is_not_late_when_its_pods_turn_unready_later():
    cluster = Cluster(nodes=2)
    cluster.apply(workload(replicas=4, progressDeadlineSeconds=30))
    cluster.run(seconds=20)
    cluster.kill_node("node-1")
    cluster.run(seconds=200)
    found = get(cluster).status
    stated = {c.type: (c.status, c.reason) for c in found.conditions}
    assert found.available_replicas == 2
    assert stated["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert stated["Available"] == ("False", "MinimumReplicasUnavailable")


def test_a_deployment_says_what_its_replica_set_is_refused(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    cluster.apply([quota | {"spec": {"hard": {"pods": "0"}}}, workload(replicas=1)])
    cluster.run(seconds=10)
    stated = {c.type: (c.status, c.reason) for c in get(cluster).status.conditions}
    assert stated["ReplicaFailure"] == ("True", "FailedCreate")


@pytest.mark.parametrize(("written", "shown"), [("abc", 0), ("", 1), ("1.5", 0)])
def test_a_revision_that_is_no_number_does_not_stop_a_deployment(cluster, written, shown):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=30)
    [only] = cluster.api.list("ReplicaSet", "default")
    patch = {"metadata": {"annotations": {"deployment.kubernetes.io/revision": written}}}
    cluster.api.patch("ReplicaSet", only.name, "default", patch)
    cluster.kubectl("scale deployment/web --replicas=3")
    cluster.run(seconds=30)
    assert cluster.get("deployments").READY[0] == "3/3"
    assert [number for number, _ in revisions(cluster)] == [shown]


def test_availability_says_when_it_was_stated_and_when_it_changed(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=30)
    stated = cluster.api.get("Deployment", "web").status.conditions
    times = {each.type: (each.last_update_time, each.last_transition_time) for each in stated}
    assert set(times) == {"Available", "Progressing"}
    assert times["Available"][0] == times["Available"][1] is not None


def test_the_number_of_its_revision_is_no_change_of_a_deployment(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=30)
    deployment = cluster.api.get("Deployment", "web")
    assert deployment.annotations["deployment.kubernetes.io/revision"] == "1"
    assert deployment.metadata.generation == deployment.status.observed_generation == 1


def conditions(cluster) -> list[tuple[str, str, str]]:
    found = get(cluster, "Deployment").status.conditions
    return [(each.type, each.status, each.reason) for each in found]


def test_the_condition_that_changed_last_stands_last(cluster):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=30)
    available = ("Available", "True", "MinimumReplicasAvailable")
    progressed = ("Progressing", "True", "NewReplicaSetAvailable")
    assert conditions(cluster) == [available, progressed]
    cluster.kubectl("scale deployment/web --replicas=8")
    cluster.run(seconds=30)
    assert conditions(cluster) == [progressed, available]


def test_a_deployment_that_is_paused_states_it_before_anything_else(cluster):
    cluster.apply(workload(replicas=2, paused=True))
    cluster.run(seconds=5)
    assert conditions(cluster)[0] == ("Progressing", "Unknown", "DeploymentPaused")
    cluster.kubectl("rollout resume deployment/web")
    cluster.run(seconds=30)
    assert conditions(cluster)[-1] == ("Progressing", "True", "NewReplicaSetAvailable")


def test_a_finished_rollout_does_not_fail_its_deadline(cluster):
    cluster.apply(workload(replicas=2, progressDeadlineSeconds=30))
    cluster.run(seconds=30)
    for node in ("node-1", "node-2", "node-3"):
        cluster.kubectl(f"cordon {node}")
    for pod in cluster.api.list("Pod"):
        cluster.api.delete("Pod", pod.name, "default", grace_period=0)
    cluster.run(seconds=120)
    assert ("Progressing", "True", "NewReplicaSetAvailable") in conditions(cluster)
    assert ("Available", "False", "MinimumReplicasUnavailable") in conditions(cluster)


def test_annotations_of_a_deployment_count_as_a_generation_and_go_to_its_replica_set(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    assert get(cluster, "Deployment").metadata.generation == 1
    notes = {"metadata": {"annotations": {"team": "blue"}, "labels": {"tier": "front"}}}
    cluster.api.patch("Deployment", "web", "default", notes)
    cluster.run(seconds=5)
    assert get(cluster, "Deployment").metadata.generation == 2
    assert get(cluster, "Deployment").status.observed_generation == 2
    (replica_set,) = cluster.api.list("ReplicaSet")
    assert replica_set.annotations["team"] == "blue"
    assert "tier" not in replica_set.labels


def test_a_replica_set_that_comes_back_keeps_the_revisions_that_it_had(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    for _ in range(2):
        cluster.kubectl("set image deployment/web *=nginx:1.28")
        cluster.run(seconds=30)
        cluster.kubectl("rollout undo deployment/web")
        cluster.run(seconds=30)
    notes = [rs.annotations for rs in cluster.api.list("ReplicaSet")]
    history = "deployment.kubernetes.io/revision-history"
    assert sorted(each.get(history, "") for each in notes) == ["1,3", "2"]


def test_a_failure_of_a_replica_set_is_stated_with_its_time(cluster):
    quota = {"hard": {"pods": "1"}}
    head = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    cluster.apply([head | {"spec": quota}, workload(replicas=2)])
    cluster.run(seconds=20)
    found = get(cluster, "Deployment").status.conditions
    (failure,) = [each for each in found if each.type == "ReplicaFailure"]
    assert failure.last_update_time == failure.last_transition_time is not None


def test_minimal_seconds_of_readiness_reach_the_replica_set(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    for seconds in (7, 0):
        cluster.api.patch("Deployment", "web", "default", {"spec": {"minReadySeconds": seconds}})
        cluster.run(seconds=2)
        (replica_set,) = cluster.api.list("ReplicaSet")
        assert replica_set.spec.min_ready_seconds == seconds


def test_another_replica_set_of_the_same_name_makes_the_next_hash_another_one(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    (made,) = cluster.api.list("ReplicaSet")
    cluster.api.delete("Deployment", "web", "default", "Orphan")
    cluster.run(seconds=5)
    labels = {"metadata": {"labels": {"app": "other", "pod-template-hash": None}}}
    cluster.api.patch("ReplicaSet", made.name, "default", labels)
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    assert get(cluster, "Deployment").status.collision_count == 1
    names = [rs.name for rs in cluster.api.list("ReplicaSet")]
    assert len(names) == 2
    assert made.name in names
