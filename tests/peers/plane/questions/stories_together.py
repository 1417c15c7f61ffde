"""Deployments and Jobs of which two features meet: rollouts, quotas, indexes, Services."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    NEWER,
    WEB,
    claim,
    create,
    cron_job,
    delete,
    deployment,
    image,
    job,
    patch,
    scale,
    service,
    shell,
    story,
    template,
    thing,
    wait,
)
from tests.peers.plane.questions.stories_limits import quota

HEADLESS = {"clusterIP": "None"}
INDEXED = {"completionMode": "Indexed", "completions": 3, "parallelism": 1}
MIGRATES = template("web", initContainers=[shell("sleep 4", "migrate")])
BESIDE = template("web", initContainers=[shell("sleep 999", "log", restartPolicy="Always")])
NOWHERE = "registry.invalid/web:1"
HELD = {"metadata": {"finalizers": ["course.example/hold"]}}


def evict(name: str) -> dict[str, Any]:
    return {"evict": name}


ROLLOUTS = [
    story(
        "a failed rollout is rolled back",
        *create(deployment(progressDeadlineSeconds=8)),
        wait(12),
        image("Deployment/web", NOWHERE),
        wait(14),
        image("Deployment/web", WEB),
        wait(8),
    ),
    story(
        "a rollout is paused halfway and goes on",
        *create(deployment(replicas=3, minReadySeconds=4)),
        wait(14),
        image("Deployment/web", NEWER),
        wait(3),
        patch("Deployment/web", {"spec": {"paused": True}}),
        wait(8),
        patch("Deployment/web", {"spec": {"paused": False}}),
        wait(26),
    ),
    story(
        "a Deployment is scaled during a rollout that fails",
        *create(deployment(replicas=2)),
        wait(10),
        image("Deployment/web", NOWHERE),
        wait(5),
        scale("Deployment/web", 5),
        wait(14),
    ),
    story(
        "a Deployment becomes Recreate and rolls",
        *create(deployment(replicas=2)),
        wait(10),
        patch(
            "Deployment/web", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}
        ),
        image("Deployment/web", NEWER),
        wait(14),
    ),
    story(
        "a Deployment with init containers rolls",
        *create(deployment(replicas=1, pods=MIGRATES)),
        wait(14),
        image("Deployment/web", NEWER),
        wait(16),
    ),
    story(
        "a Deployment with sidecars is scaled down",
        *create(deployment(replicas=2, pods=BESIDE)),
        wait(14),
        scale("Deployment/web", 1),
        wait(8),
    ),
    story(
        "a Deployment in a namespace without room for surge",
        *create(quota(pods="2")),
        wait(3),
        *create(deployment(replicas=2)),
        wait(10),
        image("Deployment/web", NEWER),
        wait(10),
    ),
    story(
        "a Service whose Deployment rolls without success",
        *create(deployment(replicas=2), service()),
        wait(12),
        image("Deployment/web", NOWHERE),
        wait(10),
    ),
]
JOBS = [
    story(
        "a Job with indexes is suspended and resumed",
        *create(job(command="sleep 10", **INDEXED)),
        wait(6),
        patch("Job/work", {"spec": {"suspend": True}}),
        wait(6),
        patch("Job/work", {"spec": {"suspend": False}}),
        wait(7),
    ),
    story(
        "a suspended CronJob and a Job made of it by hand",
        *create(cron_job(suspend=True), job("tick-by-hand")),
        wait(12),
    ),
    story(
        "a Job with indexes in a namespace without room",
        *create(quota(pods="1")),
        wait(3),
        *create(job(command="sleep 99", **INDEXED | {"parallelism": 3})),
        wait(10),
    ),
    story(
        "a Job with a headless Service",
        *create(
            service("work", None, **HEADLESS, selector={"batch.kubernetes.io/job-name": "work"}),
            job(command="sleep 99", **INDEXED | {"parallelism": 2}),
        ),
        wait(12),
    ),
    story(
        "a Job with a finalizer is deleted",
        *create(job(command="sleep 99") | {"metadata": {"name": "work"} | HELD["metadata"]}),
        wait(8),
        delete("Job/work", "Background"),
        wait(6),
        patch("Job/work", {"metadata": {"finalizers": None}}),
        wait(6),
    ),
    story(
        "a Job with a deadline and a backoff limit of none",
        *create(job(command="sleep 99", backoffLimit=0, activeDeadlineSeconds=6)),
        wait(14),
    ),
    story(
        "a Job whose Pods wait for a claim",
        *create(
            claim(),
            thing(
                "Job",
                "work",
                "batch/v1",
                spec={
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [
                                shell(
                                    "exit 0", volumeMounts=[{"name": "data", "mountPath": "/data"}]
                                )
                            ],
                            "volumes": [
                                {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
                            ],
                        }
                    }
                },
            ),
        ),
        wait(8),
    ),
    story(
        "a finished Job goes with its Pods after some seconds",
        *create(job(command="exit 1", backoffLimit=0, ttlSecondsAfterFinished=6)),
        wait(8),
        wait(12),
    ),
]
CASES = [*ROLLOUTS, *JOBS]
