"""What a workload costs for each of its objects does not grow with their number.

Calls of Python functions are counted: they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.controllers.costs import SELECTOR, TEMPLATE, ControlPlane, calls

Scenario = Callable[[int], tuple[Callable[[], None], Callable[[], bool]]]
SMALL, GROWTH = 30, 1.3
BUDGET = {"selector": SELECTOR, "maxUnavailable": "25%"}


def rollout(plane: ControlPlane, number: int):
    def act() -> None:
        plane.workload("Deployment", replicas=number)
        plane.sim.run(number * 0.02 + 5)

    return act, lambda: plane.ready("Deployment", "available_replicas") == number


def deployment(number: int):
    return rollout(ControlPlane(number // 5), number)


def deployment_with_a_budget(number: int):
    plane = ControlPlane(number // 5)
    plane.create("policy/v1", "PodDisruptionBudget", "web", spec=BUDGET)
    act, done = rollout(plane, number)
    return act, lambda: done() and plane.ready("PodDisruptionBudget", "current_healthy") == number


def deployment_with_a_quota(number: int):
    plane = ControlPlane(number // 5)
    plane.create("v1", "ResourceQuota", "web", spec={"hard": {"pods": str(number)}})
    act, done = rollout(plane, number)
    return act, lambda: done() and str(plane.ready("ResourceQuota", "used")["pods"]) == str(number)


def rolling_update(number: int):
    plane = ControlPlane(number // 5)
    rollout(plane, number)[0]()

    def act() -> None:
        template = {"metadata": {"annotations": {"version": "2"}}}
        plane.api.patch("Deployment", "web", "default", {"spec": {"template": template}})
        plane.sim.run(number * 0.02 + 20)

    def done() -> bool:
        status = plane.api.get("Deployment", "web").status
        return status.updated_replicas == status.available_replicas == status.replicas == number

    return act, done


def daemon_set(number: int):
    plane = ControlPlane(number)
    for each in range(number):
        plane.create("v1", "Node", f"node-{each}", namespace="")
    plane.sim.run(1)

    def act() -> None:
        plane.workload("DaemonSet")
        plane.sim.run(number * 0.02 + 5)

    return act, lambda: plane.ready("DaemonSet", "number_available") == number


def stateful_set(number: int):
    plane = ControlPlane(number // 5)

    def act() -> None:
        plane.workload("StatefulSet", replicas=number, serviceName="web")
        plane.sim.run(number * 0.06 + 5)

    return act, lambda: plane.ready("StatefulSet", "available_replicas") == number


def job(number: int, mode: str = "NonIndexed"):
    plane = ControlPlane(number // 5, ends=True)
    template = TEMPLATE | {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}
    spec = {"template": template, "completions": number, "completionMode": mode}

    def act() -> None:
        plane.workload("Job", parallelism=number // 3, **spec)
        plane.sim.run(number * 0.02 + 20)

    return act, lambda: plane.ready("Job", "succeeded") == number


def indexed_job(number: int):
    return job(number, "Indexed")


def claims(number: int):
    plane = ControlPlane(1)
    provisioner = {"provisioner": "k8s.io/minikube-hostpath"}
    plane.create("storage.k8s.io/v1", "StorageClass", "fast", namespace="", **provisioner)
    size = {"requests": {"storage": "1Gi"}}
    spec = {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], "resources": size}

    def act() -> None:
        for each in range(number):
            plane.create("v1", "PersistentVolumeClaim", f"claim-{each}", spec=spec)
        plane.sim.run(number * 0.02 + 5)

    def done() -> bool:
        return {each.status.phase for each in plane.api.list("PersistentVolumeClaim")} == {"Bound"}

    return act, done


def removal(number: int, kind: str, name: str, **more: str):
    """The end of a namespace or of a Deployment in it."""
    plane = ControlPlane(number // 5)
    plane.create("v1", "Namespace", "shop", namespace="")
    plane.workload("Deployment", "shop", replicas=number)
    plane.sim.run(number * 0.02 + 5)

    def act() -> None:
        plane.api.delete(kind, name, "" if kind == "Namespace" else "shop", **more)
        plane.sim.run(number * 0.02 + 10)

    def done() -> bool:
        return not plane.api.list("Pod") and plane.api.find(kind, name, "shop") is None

    return act, done


def deleted_namespace(number: int):
    return removal(number, "Namespace", "shop")


def deleted_deployment(number: int):
    return removal(number, "Deployment", "web")


def deployment_deleted_after_its_pods(number: int):
    return removal(number, "Deployment", "web", propagation="Foreground")


@pytest.mark.parametrize(
    "scenario",
    [
        deployment,
        deployment_with_a_budget,
        deployment_with_a_quota,
        rolling_update,
        daemon_set,
        stateful_set,
        job,
        indexed_job,
        claims,
        deleted_namespace,
        deleted_deployment,
        deployment_deleted_after_its_pods,
    ],
)
def test_twice_as_many_objects_cost_twice_as_much(scenario: Scenario):
    each = []
    for number in (SMALL, 2 * SMALL):
        act, done = scenario(number)
        each.append(calls(act) / number)
        assert done()
    assert each[1] <= GROWTH * each[0]
