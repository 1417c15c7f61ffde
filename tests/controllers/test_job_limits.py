"""Jobs: what counts as a failure, which limit ends a Job, and what early success is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.controllers.job_backoff import Failures
from course_lib.controllers.job_indexes import Indexes
from course_lib.controllers.job_pods import FINALIZER
from course_lib.controllers.job_templates import FAILURES, IGNORED_FAILURES
from tests.conftest import job, reasons
from tests.controllers.workloads import get, script

INDEXED = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}
ODD_FAILS = "test $JOB_COMPLETION_INDEX -ne 1"


def rules(action: str, **rule) -> dict:
    return {"podFailurePolicy": {"rules": [{"action": action, **rule}]}}


def at_once(text: str, **spec: object) -> dict:
    """A Job whose Pods end at once when they are deleted."""
    document = job(containers=script(text), **spec)
    document["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 0
    return document


def codes(*values: int, operator: str = "In") -> dict:
    return {"onExitCodes": {"operator": operator, "values": list(values)}}


def stated(cluster, name: str = "work") -> list[tuple[str, str, str]]:
    """The conditions of a Job in their order: type, status, and reason."""
    conditions = get(cluster, "Job", name).status.conditions or ()
    return [(each.type, each.status, each.reason) for each in conditions]


def failed_with(reason: str) -> list[tuple[str, str, str]]:
    return [("FailureTarget", "True", reason), ("Failed", "True", reason)]


def test_indexes_that_touch_are_one_span_and_two_of_them_are_written_apart():
    assert str(Indexes.of([0, 1])) == "0,1"
    assert str(Indexes.of([0, 1, 2]) | Indexes.of([4])) == "0-2,4"
    assert str(Indexes.parse("0-2,x,5,7-9", below=9)) == "0-2,5,7,8"


@pytest.mark.parametrize(("failures", "wait"), [(0, 0), (1, 10), (2, 20), (6, 320), (7, 600)])
def test_the_wait_after_failures_doubles_up_to_ten_minutes(failures: int, wait: int):
    backoff = Failures(failures, last=100.0)
    assert backoff.remaining(100.0) == wait
    assert backoff.remaining(100.0 + wait) == 0


def test_a_pod_has_a_finalizer_until_the_status_of_its_job_counts_it(cluster):
    cluster.apply(job(containers=script("sleep 5")))
    cluster.run(seconds=3)
    (pod,) = cluster.api.list("Pod")
    assert pod.metadata.finalizers == [FINALIZER]
    cluster.run(seconds=10)
    (pod,) = cluster.api.list("Pod")
    assert pod.metadata.finalizers is None
    status = cluster.api.document("Job", "work", "default")["status"]
    assert status["uncountedTerminatedPods"] == {}
    assert status["succeeded"] == 1
    assert (status["ready"], status["terminating"]) == (0, 0)
    assert "active" not in status


@pytest.mark.parametrize("propagation", ["Background", "Foreground", "Orphan"])
def test_pods_of_a_job_that_is_deleted_lose_the_finalizer(cluster, propagation):
    cluster.apply(at_once("sleep 500"))
    cluster.run(seconds=5)
    cluster.api.delete("Job", "work", "default", propagation)
    cluster.run(seconds=10)
    left = [pod.metadata.finalizers for pod in cluster.api.list("Pod")]
    assert left == ([None] if propagation == "Orphan" else [])


def test_a_pod_that_is_deleted_counts_as_failed_at_once(cluster):
    cluster.apply(job(containers=script("sleep 500")))
    cluster.run(seconds=5)
    (pod,) = cluster.api.list("Pod")
    cluster.api.delete("Pod", pod.name, "default")
    cluster.run(seconds=3)
    assert get(cluster, "Job", "work").status.failed == 1


def test_with_the_policy_failed_a_pod_is_replaced_only_when_it_has_ended(cluster):
    held = script("trap '' TERM; sleep 500")
    cluster.apply(job(containers=held, podReplacementPolicy="Failed"))
    cluster.run(seconds=5)
    (pod,) = cluster.api.list("Pod")
    cluster.api.delete("Pod", pod.name, "default", grace_period=20)
    cluster.run(seconds=15)
    status = get(cluster, "Job", "work").status
    assert (status.failed, status.active, status.terminating) == (0, 0, 1)
    cluster.run(seconds=30)
    status = get(cluster, "Job", "work").status
    assert (status.failed, status.active, status.terminating) == (1, 1, 0)


def test_a_rule_ignores_failures_with_its_exit_codes(cluster):
    cluster.apply(job(containers=script("exit 42"), backoffLimit=0, **rules("Ignore", **codes(42))))
    cluster.run(seconds=30)
    assert get(cluster, "Job", "work").status.failed == 0
    assert stated(cluster) == []
    assert reasons(cluster, "Job").count("SuccessfulCreate") > 1


@pytest.mark.parametrize(
    ("code", "operator", "fails"), [(42, "In", True), (41, "In", False), (41, "NotIn", True)]
)
def test_a_rule_fails_the_job_for_its_exit_codes(cluster, code, operator, fails):
    policy = rules("FailJob", **codes(42, operator=operator))
    cluster.apply(job(containers=script(f"exit {code}"), **policy))
    cluster.run(seconds=9)
    assert stated(cluster) == (failed_with("PodFailurePolicy") if fails else [])
    if fails:
        message = get(cluster, "Job", "work").status.conditions[0].message
        (pod,) = cluster.api.list("Pod")
        ended = f"Container main for pod default/{pod.name} failed with exit code {code}"
        assert message == f"{ended} matching FailJob rule at index 0"


def test_a_rule_fails_the_job_for_a_condition_of_a_pod(cluster):
    lost = {"type": "DisruptionTarget"}  # of the status True, as nothing else is said
    policy = rules("FailJob", onPodConditions=[lost])
    cluster.apply(at_once("sleep 500", **policy))
    cluster.run(seconds=5)
    (pod,) = cluster.api.list("Pod")
    cluster.api.evict(pod)
    cluster.run(seconds=5)
    message = get(cluster, "Job", "work").status.conditions[0].message
    said = f"Pod default/{pod.name} has condition DisruptionTarget matching FailJob rule at index 0"
    assert message == said


def test_each_index_has_its_own_limit_of_failures(cluster):
    cluster.apply(job(containers=script(ODD_FAILS), backoffLimitPerIndex=1, **INDEXED))
    cluster.run(seconds=8)
    (failed,) = [p for p in cluster.api.list("Pod") if p.status.phase == "Failed"]
    assert failed.annotations[FAILURES] == "0"
    assert failed.metadata.finalizers == [FINALIZER], "its successor counts on from it"
    cluster.run(seconds=30)
    assert stated(cluster) == failed_with("FailedIndexes")
    status = get(cluster, "Job", "work").status
    assert (status.completed_indexes, status.failed_indexes) == ("0,2", "1")
    notes = [p.annotations[FAILURES] for p in cluster.api.list("Pod") if p.status.phase == "Failed"]
    assert sorted(notes) == ["0", "1"]


def test_ignored_failures_of_an_index_are_counted_apart(cluster):
    policy = rules("Ignore", **codes(1))
    cluster.apply(job(containers=script(ODD_FAILS), backoffLimitPerIndex=0, **policy, **INDEXED))
    cluster.run(seconds=20)
    notes = [pod.annotations.get(IGNORED_FAILURES) for pod in cluster.api.list("Pod")]
    assert "1" in notes
    assert stated(cluster) == []


@pytest.mark.parametrize(("most", "fails"), [(0, True), (1, False)])
def test_more_failed_indexes_than_the_maximum_end_a_job(cluster, most, fails):
    slow = f"{ODD_FAILS} && sleep 60"
    limits = {"backoffLimitPerIndex": 0, "maxFailedIndexes": most}
    cluster.apply(job(containers=script(slow), **limits, **INDEXED))
    cluster.run(seconds=10)
    assert stated(cluster)[:1] == (failed_with("MaxFailedIndexesExceeded")[:1] if fails else [])


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({"succeededIndexes": "0"}, True),
        ({"succeededIndexes": "0,1"}, False),
        ({"succeededIndexes": "0,1", "succeededCount": 1}, True),
        ({"succeededCount": 1}, True),
        ({"succeededCount": 2}, False),
    ],
)
def test_a_success_policy_ends_a_job_early(cluster, rule, met):
    first = "test $JOB_COMPLETION_INDEX -eq 0 || sleep 500"
    policy = {"successPolicy": {"rules": [rule]}}
    cluster.apply(at_once(first, **policy, **INDEXED))
    cluster.run(seconds=15)
    early = [("SuccessCriteriaMet", "True", "SuccessPolicy"), ("Complete", "True", "SuccessPolicy")]
    assert stated(cluster) == (early if met else [])
    status = get(cluster, "Job", "work").status
    assert (status.succeeded, status.failed) == (1, 0)
    if met:
        assert status.conditions[0].message == "Matched rules at index 0"
        assert len(cluster.api.list("Pod")) == 1


def test_a_job_of_another_manager_is_left_alone(cluster):
    cluster.apply(job(managedBy="example.com/queue"))
    cluster.run(seconds=5)
    assert cluster.api.list("Pod") == []
    assert get(cluster, "Job", "work").status.start_time is None


def test_a_deadline_counts_from_when_the_job_is_resumed(cluster):
    cluster.apply(job(containers=script("sleep 500"), activeDeadlineSeconds=20))
    cluster.run(seconds=15)
    cluster.api.patch("Job", "work", "default", {"spec": {"suspend": True}})
    cluster.run(seconds=60)
    assert stated(cluster) == [("Suspended", "True", "JobSuspended")]
    cluster.api.patch("Job", "work", "default", {"spec": {"suspend": False}})
    cluster.run(seconds=15)
    assert stated(cluster) == [("Suspended", "False", "JobResumed")]
    cluster.run(seconds=60)
    assert stated(cluster)[1:] == failed_with("DeadlineExceeded")


def test_a_job_that_is_refused_pods_asks_again_later_each_time(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    cluster.apply(quota | {"spec": {"hard": {"pods": "0"}}})
    cluster.run(seconds=1)
    cluster.apply(at_once("exit 0"))
    cluster.run(seconds=20)
    times = list(cluster.log(reason="FailedCreate").TIME)
    assert [round(after - before) for before, after in pairwise(times)] == [1, 2, 4, 8]
