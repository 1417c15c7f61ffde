"""Workload controllers, by what they bring about."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.meta import is_true
from course_lib.objects.schedule import Schedule, time_zone
from tests.conftest import container, job, pod, reasons, service, status_of, workload

PROBE = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}


def get(cluster: Cluster, kind: str = "Deployment", name: str = "web"):
    return cluster.api.get(kind, name)


def extremes(cluster: Cluster, seconds: float, selector: str = "app=web") -> tuple[int, int]:
    """The fewest ready Pods, and the most Pods, during a time."""
    fewest, most = 10**9, 0
    for _ in range(int(seconds / 0.25)):
        cluster.run(seconds=0.25)
        pods = [p for p in cluster.api.list("Pod") if not p.terminating]
        ready = cluster.get("pods", selector=selector).READY
        fewest = min(fewest, list(ready).count("1/1"))
        most = max(most, len(pods))
    return fewest, most


def probed(**spec: object) -> dict:
    return workload(containers=[container(readinessProbe=PROBE)], **spec)


# ReplicaSet and ReplicationController


def test_a_replica_set_adopts_fitting_orphans_and_lets_go_of_what_no_longer_fits(cluster):
    cluster.apply(pod("web"))
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 3
    assert get(cluster, "Pod").metadata.controller.name == "web"
    cluster.api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "debug"}}})
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 4
    assert get(cluster, "Pod").metadata.controller is None


def test_scaling_down_gives_up_unready_and_younger_pods_first(cluster):
    cluster.apply(workload("ReplicaSet", replicas=2))
    cluster.run(seconds=100)
    old = set(cluster.get("pods").NAME)
    cluster.scale("replicaset/web", 3)
    cluster.run(seconds=20)
    cluster.scale("replicaset/web", 2)
    cluster.run(seconds=20)
    assert set(cluster.get("pods").NAME) == old


def test_scaling_down_thins_out_the_crowded_node_first():
    cluster = Cluster(nodes=2)
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=100)
    nodes = list(cluster.get("pods", wide=True).NODE)
    cluster.scale("replicaset/web", 2)
    cluster.run(seconds=20)
    assert sorted(nodes.count(node) for node in set(nodes)) == [1, 2]
    assert len(set(cluster.get("pods", wide=True).NODE)) == 2


def test_a_pod_with_a_low_deletion_cost_goes_first(cluster):
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    cheap = cluster.get("pods").NAME[1]
    note = {"controller.kubernetes.io/pod-deletion-cost": "-10"}
    cluster.api.patch("Pod", cheap, "", {"metadata": {"annotations": note}})
    cluster.scale("replicaset/web", 2)
    cluster.run(seconds=20)
    assert cheap not in set(cluster.get("pods").NAME)


def test_a_refused_pod_is_reported_and_made_when_there_is_room(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    cluster.apply(quota | {"spec": {"hard": {"pods": "2"}}})
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 2
    said = cluster.log(reason="FailedCreate").MESSAGE[0]
    assert re.match(
        'Error creating: pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: few', said
    )
    conditions = get(cluster, "ReplicaSet").status.conditions
    assert [(c.type, c.status) for c in conditions] == [("ReplicaFailure", "True")]
    cluster.apply(quota | {"spec": {"hard": {"pods": "5"}}})
    cluster.run(seconds=60)
    assert len(cluster.get("pods")) == 3
    assert not get(cluster, "ReplicaSet").status.conditions


# Deployment


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
    cluster.set_image("deployment/web", "nginx:1.28")
    assert extremes(cluster, 60) == (least, most)
    assert cluster.ready("deployment/web")
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}


def test_recreate_has_no_moment_with_old_and_new_pods(cluster):
    cluster.apply(workload(replicas=3, strategy={"type": "Recreate"}))
    cluster.run(seconds=20)
    cluster.set_image("deployment/web", "nginx:1.28")
    for _ in range(80):
        cluster.run(seconds=0.25)
        images = {p.spec.containers[0].image for p in cluster.api.list("Pod")}
        assert len(images) <= 1
    assert images == {"nginx:1.28"}
    assert cluster.ready("deployment/web")


def test_a_paused_deployment_gathers_changes_and_rolls_out_once(cluster):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    cluster.workloads.pause("deployment/web")
    for tag in ("1.28", "1.29"):
        cluster.set_image("deployment/web", f"nginx:{tag}")
        cluster.run(seconds=20)
    assert len(cluster.get("replicasets")) == 1
    cluster.scale("deployment/web", 3)
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 3, "a paused Deployment still scales"
    cluster.workloads.resume("deployment/web")
    cluster.run(seconds=60)
    assert list(cluster.history_of("deployment/web").IMAGES) == ["nginx:1.27", "nginx:1.29"]


def test_rolling_back_to_a_revision(cluster):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    for tag in ("1.28", "1.29"):
        cluster.set_image("deployment/web", f"nginx:{tag}")
        cluster.run(seconds=60)
    cluster.rollback("deployment/web", to_revision=1)
    cluster.run(seconds=60)
    history = cluster.history_of("deployment/web")
    assert list(history.REVISION) == [2, 3, 4]
    assert history.IMAGES.iloc[-1] == "nginx:1.27"
    with pytest.raises(CourseError, match="no rollout history"):
        cluster.rollback("deployment/web", to_revision=9)


def test_old_revisions_are_kept_up_to_a_limit(cluster):
    cluster.apply(workload(replicas=1, revisionHistoryLimit=2))
    cluster.run(seconds=20)
    for tag in range(5):
        cluster.set_image("deployment/web", f"nginx:1.{30 + tag}")
        cluster.run(seconds=30)
    assert list(cluster.history_of("deployment/web").REVISION) == [4, 5, 6]


def test_no_progress_for_too_long_is_stated(cluster):
    cluster.apply(workload(replicas=2, progressDeadlineSeconds=60))
    cluster.run(seconds=20)
    cluster.set_image("deployment/web", "registry.invalid/web:v2")
    cluster.run(seconds=50)

    def progressing():
        return next(
            c for c in get(cluster, "Deployment").status.conditions if c.type == "Progressing"
        )

    assert progressing().status == "True"
    cluster.run(seconds=20)
    assert (progressing().status, progressing().reason) == ("False", "ProgressDeadlineExceeded")
    cluster.rollback("deployment/web")
    cluster.run(seconds=30)
    assert (progressing().status, progressing().reason) == ("True", "NewReplicaSetAvailable")


def test_a_size_changed_in_the_middle_of_a_rollout_is_shared_out(cluster):
    rolling = {"maxSurge": 3, "maxUnavailable": 2}
    cluster.apply(workload(replicas=10, strategy={"rollingUpdate": rolling}))
    cluster.run(seconds=30)
    cluster.set_image("deployment/web", "registry.invalid/web:v2")
    cluster.run(seconds=10)
    assert sorted(rs.spec.replicas for rs in cluster.api.list("ReplicaSet")) == [5, 8]
    cluster.scale("deployment/web", 15)
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


# StatefulSet


def test_a_stateful_set_is_made_in_order_removed_in_reverse_and_keeps_its_claims(cluster):
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    mount = container(volumeMounts=[{"name": "data", "mountPath": "/data"}])
    cluster.apply(
        workload("StatefulSet", containers=[mount], replicas=3, volumeClaimTemplates=[claim])
    )
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["web-0", "web-1", "web-2"]
    claims = list(cluster.get("pvc").VOLUME)
    cluster.scale("statefulset/web", 1)
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["web-0"]
    killed = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in killed] == ["web-2", "web-1"]
    cluster.scale("statefulset/web", 3)
    cluster.run(seconds=60)
    assert list(cluster.get("pvc").VOLUME) == claims


def test_parallel_pods_do_not_wait_for_each_other(cluster):
    cluster.behaviours.set("nginx", startup=30)
    slow = container(readinessProbe=PROBE)
    for policy in ("OrderedReady", "Parallel"):
        name = policy.lower()
        spec = {"replicas": 3, "podManagementPolicy": policy}
        cluster.apply(workload("StatefulSet", name, [slow], **spec))
    cluster.run(seconds=10)
    assert len(cluster.get("pods", selector="app=orderedready")) == 1
    assert len(cluster.get("pods", selector="app=parallel")) == 3


def test_a_stateful_set_is_updated_from_the_highest_ordinal_down_to_its_partition(cluster):
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    cluster.apply(workload("StatefulSet", replicas=3, updateStrategy=update))
    cluster.run(seconds=60)
    cluster.set_image("statefulset/web", "nginx:1.28")
    cluster.run(seconds=60)
    images = [p.spec.containers[0].image for p in cluster.api.list("Pod")]
    assert images == ["nginx:1.27", "nginx:1.28", "nginx:1.28"]
    order = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in order] == ["web-2", "web-1"]
    cluster.delete("pod", "web-0")
    cluster.run(seconds=30)
    assert get(cluster, "Pod", "web-0").spec.containers[0].image == "nginx:1.27"


# DaemonSet


def test_a_daemon_set_has_one_pod_on_each_fitting_node_and_follows_them():
    cluster = Cluster(nodes=2)
    cluster.add_node(taints=[{"key": "gpu", "value": "only", "effect": "NoSchedule"}])
    cluster.add_node(labels={"disk": "ssd"})
    cluster.apply(workload("DaemonSet"))
    chosen = workload("DaemonSet", "chosen", pod_spec={"nodeSelector": {"disk": "ssd"}})
    cluster.apply(chosen)
    cluster.run(seconds=30)
    assert set(cluster.get("pods", selector="app=web", wide=True).NODE) == {
        "node-1",
        "node-2",
        "node-4",
    }
    assert list(cluster.get("pods", selector="app=chosen", wide=True).NODE) == ["node-4"]
    cluster.add_node()
    cluster.cordon("node-1")
    cluster.run(seconds=30)
    assert cluster.get("daemonsets").query("NAME == 'web'").READY.iloc[0] == 4
    cluster.api.patch("Node", "node-4", "", {"metadata": {"labels": {"disk": None}}})
    cluster.run(seconds=30)
    assert len(cluster.get("pods", selector="app=chosen")) == 0


def test_a_daemon_set_is_updated_one_node_at_a_time(cluster):
    cluster.apply(workload("DaemonSet", containers=[container(readinessProbe=PROBE)]))
    cluster.run(seconds=30)
    cluster.set_image("daemonset/web", "nginx:1.28")
    fewest, most = extremes(cluster, 60)
    assert (fewest, most) == (2, 3)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}


def test_on_delete_waits_for_the_deletion(cluster):
    cluster.apply(workload("DaemonSet", updateStrategy={"type": "OnDelete"}))
    cluster.run(seconds=30)
    cluster.set_image("daemonset/web", "nginx:1.28")
    cluster.run(seconds=30)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.27"}
    cluster.delete("pod", cluster.get("pods").NAME[0])
    cluster.run(seconds=30)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {
        "nginx:1.27",
        "nginx:1.28",
    }


# Job and CronJob


def script(text: str) -> list[dict]:
    return [container(image="busybox:1.36", command=["sh", "-c", text])]


def test_a_job_runs_until_its_completions_so_many_at_a_time(cluster):
    cluster.apply(job(completions=5, parallelism=2))
    most = 0
    for _ in range(120):
        cluster.run(seconds=0.5)
        most = max(most, get(cluster, "Job", "work").status.active)
    assert most == 2
    status = get(cluster, "Job", "work").status
    assert (status.succeeded, status.failed) == (5, 0)
    assert cluster.get("jobs").STATUS[0] == "Complete"
    assert status_of(cluster) == ["Completed"] * 5


def test_a_failing_job_tries_again_ever_later_and_gives_up(cluster):
    cluster.apply(job(containers=script("exit 1"), backoffLimit=3))
    cluster.run(seconds=300)
    status = get(cluster, "Job", "work").status
    assert (status.succeeded, status.failed) == (0, 4)
    assert cluster.log(reason="BackoffLimitExceeded").MESSAGE[0] == (
        "Job has reached the specified backoff limit"
    )
    created = list(cluster.log(reason="SuccessfulCreate").TIME)
    gaps = [round(b - a) for a, b in pairwise(created)]
    assert gaps == [pytest.approx(seconds, abs=3) for seconds in (10, 20, 40)]


def test_a_job_with_on_failure_restarts_inside_its_pod(cluster):
    cluster.apply(job(containers=script("exit 1"), backoffLimit=2, restartPolicy="OnFailure"))
    cluster.run(seconds=200)
    assert cluster.get("jobs").STATUS[0] == "Failed"


def test_an_indexed_job_completes_each_index_once(cluster):
    cluster.apply(job(completions=4, parallelism=3, completionMode="Indexed"))
    cluster.run(seconds=60)
    assert get(cluster, "Job", "work").status.completed_indexes == "0-3"
    notes = [
        p.annotations["batch.kubernetes.io/job-completion-index"] for p in cluster.api.list("Pod")
    ]
    assert sorted(notes) == ["0", "1", "2", "3"]


def test_deadline_suspension_and_time_to_live_of_jobs(cluster):
    cluster.apply(job("late", script("sleep 3600"), activeDeadlineSeconds=30))
    cluster.apply(job("held", suspend=True))
    cluster.apply(job("brief", ttlSecondsAfterFinished=20))
    cluster.run(seconds=15)
    assert set(cluster.get("jobs").STATUS) == {"Running", "Suspended", "Complete"}
    cluster.run(seconds=60)
    assert cluster.log(reason="DeadlineExceeded").OBJECT[0] == "Job/late"
    assert list(cluster.get("jobs").NAME) == ["held", "late"]
    cluster.api.patch("Job", "held", "", {"spec": {"suspend": False}})
    cluster.run(seconds=20)
    assert get(cluster, "Job", "held").status.succeeded == 1


def cron(policy: str = "Allow", seconds: int = 5, **spec: object) -> dict:
    template = job(containers=script(f"sleep {seconds}"))["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick"},
        "spec": {
            "schedule": "* * * * *",
            "concurrencyPolicy": policy,
            "jobTemplate": {"spec": template},
            **spec,
        },
    }


def test_a_cron_job_makes_a_job_each_minute_and_keeps_three(cluster):
    cluster.apply(cron())
    cluster.run(seconds=60 * 10 + 30)
    assert len(cluster.log(reason="SuccessfulCreate", object="CronJob")) == 10
    assert len(cluster.get("jobs")) == 3
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [60 * n for n in range(1, 11)]


@pytest.mark.parametrize(("policy", "jobs"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_concurrency_policies(cluster, policy, jobs):
    cluster.apply(cron(policy, seconds=150))
    cluster.run(seconds=60 * 4 + 30)
    assert (get(cluster, "CronJob", "tick").status.active or []).__len__() == jobs
    if policy == "Replace":
        assert "SuccessfulDelete" in reasons(cluster, "CronJob")


def test_a_suspended_cron_job_waits(cluster):
    cluster.apply(cron(suspend=True))
    cluster.run(seconds=300)
    assert len(cluster.get("jobs")) == 0


def test_a_run_missed_under_forbid_starts_when_the_one_before_ends(cluster):
    cluster.apply(cron("Forbid", seconds=70))
    cluster.run(seconds=150)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob")
    assert len(created) == 2
    assert 130 < created.TIME.iloc[1] < 135
    minute = int(created.MESSAGE.iloc[0].rpartition("-")[2])
    assert created.MESSAGE.iloc[1] == f"Created job tick-{minute + 1}"
    assert "SawCompletedJob" in reasons(cluster, "CronJob")


def test_a_starting_deadline_lets_a_run_be_missed(cluster):
    cluster.apply(cron("Forbid", seconds=70, startingDeadlineSeconds=5))
    cluster.run(seconds=190)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [60, 180]


def test_a_schedule_is_read_in_its_time_zone(cluster):
    cluster.apply(cron(schedule="1 9 * * *", timeZone="Asia/Tokyo"))
    cluster.run(seconds=120)
    assert len(cluster.get("jobs")) == 1, "9:01 in Tokyo is 0:01 UTC"
    (found,) = cluster.api.list("Job")
    note = found.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert note == "2026-01-01T09:01:00+09:00"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"timeZone": "Mars/Phobos"}, "unknown time zone Mars/Phobos"),
        ({"timeZone": "Local"}, "timeZone must be an explicit time zone"),
        ({"timeZone": "../etc"}, "unknown time zone"),
        ({"schedule": "TZ=UTC 0 9 * * *"}, "five fields"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused(cluster, spec, words):
    with pytest.raises(CourseError, match=words):
        cluster.apply(cron(**spec))


def test_a_schedule_may_be_an_interval(cluster):
    cluster.apply(cron(schedule="@every 90s"))
    cluster.run(seconds=200)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [90, 180]
    with pytest.raises(CourseError, match="a duration after @every"):
        cluster.apply(cron(schedule="@every day"))


def test_summer_time_leaves_an_hour_out_and_repeats_another():
    berlin = time_zone("Europe/Berlin")
    schedule = Schedule.parse("30 2 * * *")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    # On 29 March 2026 the clocks go from 2:00 to 3:00; on 25 October 2:30 comes twice.
    assert schedule.after(before, berlin) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    first = schedule.after(autumn, berlin)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert schedule.after(first, berlin) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_indexed_job_names_the_hosts_of_its_pods(cluster):
    command = ["hostname"]
    containers = [container(image="busybox:1.36", command=command)]
    cluster.apply(job(containers=containers, completions=2, completionMode="Indexed"))
    cluster.run(seconds=30)
    said = sorted(cluster.logs(pod.name).strip() for pod in cluster.api.list("Pod"))
    assert said == ["work-0", "work-1"]


def test_a_finished_job_states_why_and_a_suspended_one_that_it_is(cluster):
    cluster.apply([job("done"), job("held", suspend=True)])
    cluster.run(seconds=20)
    stated = {c.type: c.reason for c in get(cluster, "Job", "done").status.conditions}
    assert stated == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}
    assert is_true(get(cluster, "Job", "held").status.conditions, "Suspended")
    cluster.api.patch("Job", "held", "default", {"spec": {"suspend": False}})
    cluster.run(seconds=2)
    assert not is_true(get(cluster, "Job", "held").status.conditions, "Suspended")
    assert {"Suspended", "Resumed"} <= set(reasons(cluster, "Job"))


def test_the_completions_of_a_job_change_only_where_it_is_indexed(cluster):
    indexed = job("indexed", completions=2, parallelism=2, completionMode="Indexed")
    cluster.apply([job("plain", completions=2), indexed])
    with pytest.raises(CourseError, match="the field is immutable"):
        cluster.api.patch("Job", "plain", "default", {"spec": {"completions": 3}})
    with pytest.raises(CourseError, match=r"in tandem with spec\.parallelism"):
        cluster.api.patch("Job", "indexed", "default", {"spec": {"completions": 3}})
    both = {"spec": {"completions": 3, "parallelism": 3}}
    assert cluster.api.patch("Job", "indexed", "default", both).spec.completions == 3


# Autoscaling


def test_the_autoscaler_says_why_it_cannot_act(cluster):
    cluster.apply(
        [
            workload(),
            {
                "apiVersion": "autoscaling/v1",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "web"},
                "spec": {
                    "scaleTargetRef": {
                        "kind": "Deployment",
                        "name": "web",
                        "apiVersion": "apps/v1",
                    },
                    "maxReplicas": 5,
                    "targetCPUUtilizationPercentage": 60,
                },
            },
        ]
    )
    cluster.run(seconds=120)
    said = cluster.log(reason="FailedGetResourceMetric").MESSAGE.iloc[-1]
    assert "missing request for cpu in container main" in said
    assert cluster.get("hpa").TARGETS[0] == "cpu: <unknown>/60%"
    assert service()["kind"] == "Service"


def autoscaler(name: str, api_version: str, kind: str, target: str) -> dict:
    reference = {"apiVersion": api_version, "kind": kind, "name": target}
    utilization = {"type": "Utilization", "averageUtilization": 60}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": utilization}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": reference, "maxReplicas": 5, "metrics": [metric]},
    }


def stated(cluster: Cluster, name: str) -> list[tuple[str, str, str]]:
    conditions = cluster.api.get("hpa", name, "default").status.conditions or ()
    return [(each.type, each.reason, each.message) for each in conditions]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (("v1", "Nothing", "web"), 'no matches for kind "Nothing" in version "v1"'),
        (("example.com/v1", "Deployment", "web"), 'no matches for kind "Deployment"'),
        (("v1", "ConfigMap", "web"), "the server could not find the requested resource"),
        (("apps/v1", "StatefulSet", "web"), 'statefulsets.apps "web" not found'),
    ],
)
def test_an_autoscaler_without_a_target_says_so_and_does_not_stop_the_others(
    cluster, target, message
):
    cluster.apply([workload(), autoscaler("a", *target)])
    cluster.apply(autoscaler("b", "apps/v1", "Deployment", "web"))
    cluster.run(seconds=60)
    [(condition, reason, said)] = stated(cluster, "a")
    assert (condition, reason) == ("AbleToScale", "FailedGetScale")
    assert message in said
    assert [reason for _, reason, _ in stated(cluster, "b")] == ["FailedGetResourceMetric"]


def test_an_autoscaler_scales_a_custom_kind_by_its_scale_subresource(cluster):
    paths = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.selector",
    }
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    version |= {"schema": {"openAPIV3Schema": schema}, "subresources": {"scale": paths}}
    spec = {"group": "example.com", "scope": "Namespaced", "versions": [version]}
    cluster.api.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "farms.example.com"},
            "spec": spec | {"names": {"plural": "farms", "kind": "Farm"}},
        }
    )
    farm = {"apiVersion": "example.com/v1", "kind": "Farm", "metadata": {"name": "f"}}
    cluster.api.create(farm | {"spec": {"size": 9}})
    cluster.api.create(autoscaler("scale", "example.com/v1", "Farm", "f"))
    cluster.run(seconds=20)
    assert [reason for _, reason, _ in stated(cluster, "scale")] == ["InvalidSelector"]
    requests = {"requests": {"cpu": "1m"}}
    cluster.apply(workload(containers=[container(resources=requests)]))
    cluster.api.patch("Farm", "f", "default", {"status": {"selector": "app=web"}})
    cluster.run(seconds=120)
    assert cluster.api.document("Farm", "f", "default")["spec"]["size"] == 5  # the most allowed


@pytest.mark.parametrize("written", ["abc", "", "1.5"])
def test_a_revision_that_is_no_number_does_not_stop_a_deployment(cluster, written):
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=30)
    [only] = cluster.api.list("ReplicaSet", "default")
    patch = {"metadata": {"annotations": {"deployment.kubernetes.io/revision": written}}}
    cluster.api.patch("ReplicaSet", only.name, "default", patch)
    cluster.scale("deployment/web", 3)
    cluster.run(seconds=30)
    assert cluster.get("deployments").READY[0] == "3/3"
    assert list(cluster.history_of("deployment/web").REVISION) == [1]


def test_a_budget_counts_the_pods_of_a_controller_whose_kind_is_not_served(cluster):
    owner = {"apiVersion": "example.com/v1", "kind": "Farm", "name": "f", "uid": "u-1"}
    document = pod("a")
    document["metadata"] |= {
        "labels": {"app": "farm"},
        "ownerReferences": [owner | {"controller": True}],
    }
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "farm"}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": spec}
    cluster.apply([document, budget | {"metadata": {"name": "guard"}}])
    cluster.run(seconds=60)
    status = cluster.api.get("pdb", "guard", "default").status
    assert (status.expected_pods, status.disruptions_allowed) == (1, 1)
