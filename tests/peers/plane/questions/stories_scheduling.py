"""Where Pods go, and the claims that they wait for."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    affinity,
    claim,
    container,
    create,
    delete,
    patch,
    pod,
    stateful_set,
    story,
    template,
    wait,
)

HUGE = {"resources": {"requests": {"cpu": "5000"}}}
HUGE_MEMORY = {"resources": {"requests": {"memory": "900Ti"}}}


CASES = [
    # Scheduling
    story("Pod that wants too much CPU", *create(pod("a", container(**HUGE))), wait(6)),
    story("Pod that wants too much memory", *create(pod("a", container(**HUGE_MEMORY))), wait(6)),
    story(
        "Pod that wants too much of both",
        *create(pod("a", container(resources={"requests": {"cpu": "5000", "memory": "900Ti"}}))),
        wait(6),
    ),
    story(
        "Pod that wants a device",
        *create(pod("a", container(resources={"limits": {"example.com/gpu": "1"}}))),
        wait(6),
    ),
    story(
        "Pod with a selector that no node matches",
        *create(pod("a", nodeSelector={"disk": "ssd"})),
        wait(6),
    ),
    story(
        "Pod for one node",
        *create(pod("a", nodeSelector={"kubernetes.io/hostname": "node-3"})),
        wait(10),
    ),
    story(
        "Pod with required node affinity that no node matches",
        *create(
            pod(
                "a",
                affinity={
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
                            ]
                        }
                    }
                },
            )
        ),
        wait(6),
    ),
    story(
        "Pod with affinity to no Pod", *create(pod("a", **affinity("podAffinity", "none"))), wait(6)
    ),
    story(
        "Pods that keep apart on too few nodes",
        *create(
            stateful_set(
                "web",
                4,
                template("web", **affinity("podAntiAffinity", "web")),
                podManagementPolicy="Parallel",
            )
        ),
        wait(16),
    ),
    story(
        "Pod with affinity to a running Pod",
        *create(
            pod("first", labels={"app": "first"}, nodeSelector={"kubernetes.io/hostname": "node-1"})
        ),
        wait(8),
        *create(pod("second", **affinity("podAffinity", "first"))),
        wait(10),
    ),
    story(
        "Pod with a spread that no node satisfies",
        *create(
            pod(
                "a",
                labels={"app": "a"},
                topologySpreadConstraints=[
                    {
                        "maxSkew": 1,
                        "topologyKey": "zone",
                        "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": {"matchLabels": {"app": "a"}},
                    }
                ],
            )
        ),
        wait(6),
    ),
    story(
        "Pod with a gate",
        *create(pod("a", schedulingGates=[{"name": "course.example/wait"}])),
        wait(5),
        patch("Pod/a", {"spec": {"schedulingGates": []}}),
        wait(10),
    ),
    story("Pod for another scheduler", *create(pod("a", schedulerName="mine")), wait(5)),
    story(
        "Pods with one host port on three nodes",
        *create(
            stateful_set(
                "web",
                4,
                template("web", container(ports=[{"containerPort": 8085, "hostPort": 8085}])),
                podManagementPolicy="Parallel",
            )
        ),
        wait(16),
    ),
    story(
        "Pod with a claim that is not there",
        *create(pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "none"}}])),
        wait(6),
    ),
    story(
        "Pod that never preempts",
        *create(pod("a", container(**HUGE), preemptionPolicy="Never")),
        wait(6),
    ),
    # Volumes
    story("claim that waits for a consumer", *create(claim()), wait(8)),
    story("claim without a class", *create(claim(storageClassName="")), wait(8)),
    story("claim of a class that is not there", *create(claim(storageClassName="none")), wait(8)),
    story(
        "claim with a consumer, and nobody who provisions",
        *create(
            claim(),
            pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
        ),
        wait(8),
    ),
    story(
        "claim deleted", *create(claim()), wait(5), delete("PersistentVolumeClaim/data"), wait(5)
    ),
    story(
        "claim deleted while a Pod waits for it",
        *create(
            claim(),
            pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
        ),
        wait(6),
        delete("PersistentVolumeClaim/data"),
        wait(5),
    ),
]
