"""Where Pods run when two rules meet: priority, budgets, taints, spread, affinity, claims."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    affinity,
    claim,
    container,
    create,
    daemon_set,
    deployment,
    patch,
    pod,
    shell,
    stateful_set,
    story,
    template,
    thing,
    wait,
)


def on(number: int) -> dict[str, Any]:
    return {"nodeSelector": {"kubernetes.io/hostname": f"node-{number}"}}


def port(number: int) -> dict[str, Any]:
    return {"ports": [{"containerPort": 80, "hostPort": number}]}


def priority(name: str, value: int, **more: Any) -> dict[str, Any]:
    return thing("PriorityClass", name, "scheduling.k8s.io/v1", value=value, **more)


def taint(node: str, effect: str) -> dict[str, Any]:
    return patch(
        f"Node/{node}",
        {"spec": {"taints": [{"key": "course.example/held", "value": "yes", "effect": effect}]}},
    )


def untaint(node: str) -> dict[str, Any]:
    return patch(f"Node/{node}", {"spec": {"taints": None}})


def tolerates(seconds: int | None = None) -> dict[str, Any]:
    own = {"key": "course.example/held", "operator": "Exists", "effect": "NoExecute"}
    return {"tolerations": [own | ({"tolerationSeconds": seconds} if seconds else {})]}


def spread(skew: int = 1, when: str = "DoNotSchedule", **more: Any) -> dict[str, Any]:
    rule = {
        "maxSkew": skew,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": when,
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    return {"topologySpreadConstraints": [rule | more]}


PREEMPTION = [
    story(
        "a Pod of high priority takes a port on node-1",
        *create(priority("takes-port", 1000), pod("low", container(**port(18181)), **on(1))),
        wait(6),
        *create(pod("high", container(**port(18181)), priorityClassName="takes-port", **on(1))),
        wait(10),
    ),
    story(
        "a Pod that never preempts waits for a port on node-2",
        *create(
            priority("waits-port", 1000, preemptionPolicy="Never"),
            pod("low", container(**port(18182)), **on(2)),
        ),
        wait(6),
        *create(pod("high", container(**port(18182)), priorityClassName="waits-port", **on(2))),
        wait(6),
    ),
    story(
        "a preempted Pod that ends slowly on node-1",
        *create(
            priority("patient", 1000),
            pod(
                "low",
                shell("trap '' TERM; sleep 999", **port(18184)),
                terminationGracePeriodSeconds=10,
                **on(1),
            ),
        ),
        wait(6),
        *create(pod("high", container(**port(18184)), priorityClassName="patient", **on(1))),
        wait(4),
        wait(14),
    ),
    story(
        "a Pod of equal priority does not preempt on node-2",
        *create(priority("equal", -10)),
        wait(1),
        *create(pod("first", container(**port(18185)), priorityClassName="equal", **on(2))),
        wait(6),
        *create(pod("second", container(**port(18185)), priorityClassName="equal", **on(2))),
        wait(6),
    ),
]
PLACES = [
    story(
        "a Pod with node affinity and a host port that is taken on node-3",
        *create(pod("a", container(**port(18186)), **on(3))),
        wait(5),
        *create(pod("b", container(**port(18186)), **on(3))),
        wait(5),
    ),
    story(
        "a Deployment spread over nodes and zones that are not there",
        *create(
            deployment(
                replicas=2,
                pods=template("web", **spread(topologyKey="topology.kubernetes.io/zone")),
            )
        ),
        wait(6),
    ),
    story(
        "a Deployment of four spread by one",
        *create(deployment(replicas=4, pods=template("web", **spread()))),
        wait(14),
    ),
    story(
        "a Deployment of three spread over at least five nodes",
        *create(deployment(replicas=3, pods=template("web", **spread(minDomains=5)))),
        wait(12),
    ),
    story(
        "a StatefulSet with affinity to a Deployment",
        *create(
            deployment(replicas=1),
            stateful_set(replicas=1, pods=template("db", **affinity("podAffinity", "web"))),
        ),
        wait(14),
    ),
    story(
        "a Pod that keeps away from an app that is on all nodes",
        *create(daemon_set()),
        wait(10),
        *create(pod("p", **affinity("podAntiAffinity", "agent"))),
        wait(5),
    ),
    story(
        "a Pod with a gate and a selector that changes",
        *create(pod("p", schedulingGates=[{"name": "example.com/a"}])),
        wait(3),
        patch("Pod/p", {"spec": {"nodeSelector": {"kubernetes.io/hostname": "node-2"}}}),
        patch("Pod/p", {"spec": {"schedulingGates": None}}),
        wait(8),
    ),
    story(
        "a Pod with two claims, one of which is not there",
        *create(
            claim(),
            pod(
                "p",
                volumes=[
                    {"name": "a", "persistentVolumeClaim": {"claimName": "data"}},
                    {"name": "b", "persistentVolumeClaim": {"claimName": "none"}},
                ],
            ),
        ),
        wait(6),
    ),
    story(
        "a Pod with a claim of its own",
        *create(
            pod(
                "p",
                volumes=[
                    {
                        "name": "own",
                        "ephemeral": {
                            "volumeClaimTemplate": {
                                "metadata": {"labels": {"of": "p"}},
                                "spec": {
                                    "accessModes": ["ReadWriteOnce"],
                                    "resources": {"requests": {"storage": "1Gi"}},
                                },
                            }
                        },
                    }
                ],
            ),
        ),
        wait(8),
    ),
    story(
        "a claim of that name is there already",
        *create(
            claim("p-own"),
            pod(
                "p",
                volumes=[
                    {
                        "name": "own",
                        "ephemeral": {
                            "volumeClaimTemplate": {
                                "spec": {
                                    "accessModes": ["ReadWriteOnce"],
                                    "resources": {"requests": {"storage": "1Gi"}},
                                }
                            }
                        },
                    }
                ],
            ),
        ),
        wait(6),
    ),
    story(
        "a claim and a volume for it by hand",
        *create(
            thing(
                "PersistentVolume",
                "by-hand",
                spec={
                    "capacity": {"storage": "2Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "by-hand",
                    "hostPath": {"path": "/tmp"},
                },
            ),
            claim(storageClassName="by-hand"),
        ),
        wait(20),
    ),
    story(
        "a Deployment of high priority and system classes",
        *create(
            pod("p", priorityClassName="system-node-critical"),
            deployment(replicas=1, pods=template("web", priorityClassName="none")),
        ),
        wait(10),
    ),
]
TAINTS = [  # each is played alone: a node gets a taint, and loses it
    story(
        "a taint that some Pods tolerate for a while on node-1",
        *create(
            pod("never", **on(1)),
            pod("short", **on(1), **tolerates(3)),
            pod("always", **on(1), **tolerates()),
        ),
        wait(6),
        taint("node-1", "NoExecute"),
        wait(9),
        untaint("node-1"),
    ),
    story(
        "a taint that goes before its time is over on node-3",
        *create(pod("p", **on(3), **tolerates(6))),
        wait(5),
        taint("node-3", "NoExecute"),
        wait(2),
        untaint("node-3"),
        wait(7),
    ),
]
CASES = [*PREEMPTION, *PLACES, *TAINTS]
