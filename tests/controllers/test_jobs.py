"""Jobs: completions, retries, indexes, deadlines, and conditions."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.errors import CourseError
from course_lib.objects.meta import is_true
from tests.conftest import container, job, reasons, status_of
from tests.controllers.workloads import get, script


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
    with pytest.raises(CourseError, match="field is immutable"):
        cluster.api.patch("Job", "plain", "default", {"spec": {"completions": 3}})
    with pytest.raises(CourseError, match=r"in tandem with spec\.parallelism"):
        cluster.api.patch("Job", "indexed", "default", {"spec": {"completions": 3}})
    both = {"spec": {"completions": 3, "parallelism": 3}}
    assert cluster.api.patch("Job", "indexed", "default", both).spec.completions == 3
