"""What the tests share: clusters, and the smallest manifests of each kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from tests.required import require

ROOT = Path(__file__).parent.parent
settings.register_profile(
    "course", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("course")
Simulation.strict = True  # an error inside a component fails the test; a learner's cluster goes on
os.chdir(ROOT)  # paths in docstrings and manifests start at the top of the repository


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(missing, kernel): see tests/required.py")
    config.addinivalue_line("markers", "long: runs in `make test-long` only, which CI calls too")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("requires"):
        require(**mark.kwargs)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(nodes=3)


def container(name: str = "main", image: str = "nginx:1.27", **more: object) -> dict:
    return {"name": name, "image": image, **more}


def pod(name: str = "web", containers: list[dict] | None = None, **spec: object) -> dict:
    labels = {"app": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": containers or [container()], **spec},
    }


def workload(
    kind: str = "Deployment",
    name: str = "web",
    containers: list[dict] | None = None,
    pod_spec: dict | None = None,
    **spec: object,
) -> dict:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": containers or [container()], **(pod_spec or {})},
            },
            **spec,
        },
    }


def job(name: str = "work", containers: list[dict] | None = None, **spec: object) -> dict:
    restart = spec.pop("restartPolicy", "Never")
    command = ["sh", "-c", "sleep 5"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": restart,
                    "containers": containers or [container(image="busybox:1.36", command=command)],
                }
            },
            **spec,
        },
    }


def service(name: str = "web", port: int = 80, **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": port}], **spec},
    }


def status_of(cluster: Cluster, **where: str) -> list[str]:
    """The STATUS column of `kubectl get pods`."""
    return list(cluster.get("pods", **where).STATUS)


def reasons(cluster: Cluster, object: str = "") -> list[str]:
    """The reasons in the log, in order."""
    return list(cluster.log(object=object).REASON)
