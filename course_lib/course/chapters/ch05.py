"""Exercises of chapter 05: the CRI's calls, and what stands behind them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, holds, number, tried, word
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.manifests import pod
from course_lib.course.shop import DATA
from course_lib.cri import simulated
from course_lib.cri.messages import METHODS
from course_lib.errors import CourseError
from course_lib.runtimes import RUNTIMES, RuntimeFault

ASKED = (
    "Version", "PullImage", "RunPodSandbox", "ListImages", "CreateContainer", "ImageStatus",
    "ExecSync", "RemoveImage", "ContainerStats", "ImageFsInfo",
)  # fmt: skip
IMAGE_SERVICE = {name for name in ASKED if METHODS[name].service == "ImageService"}
MAKES = ("RunPodSandbox", "PullImage", "CreateContainer", "StartContainer")


@asks(
    "05-calls",
    "Two containers, how many calls",
    """
    A Pod of two containers with different images comes to a node that has neither. Count the
    kubelet's calls of `RunPodSandbox`, `PullImage`, `CreateContainer` and `StartContainer`.
    **How many, all together?**
    """,
)
def calls(answer: Any) -> Findings:
    cluster = Cluster(nodes=1)
    two = pod("pair", image="nginx:1.27")
    two["spec"]["containers"].append({"name": "other", "image": "redis:7"})
    applied(cluster, two, 40)
    made = cluster.kubelets["node-1"].cri.table()
    slips = {
        8: "both containers live in one sandbox",
        4: "that is a Pod of one container",
        5: "images are pulled too, and starting is a call of its own after creating",
        6: "the sandbox is made first: the Pod's network and its shared walls",
    }
    yield number(answer, int(made.METHOD.isin(MAKES).sum()), slips, unit="calls")


@asks(
    "05-by-hand",
    "A container by hand",
    """
    **Write a function** `def start(client): ...` that starts a container of `nginx:1.27`, with
    `client.call(METHOD, ...)` as in the chapter.
    """,
)
def by_hand(answer: Any) -> Findings:
    client = simulated("containerd")
    try:
        tried(answer, client)
    except Mistake as mistake:
        fault = mistake.__cause__
        if isinstance(fault, RuntimeFault) and fault.code == "NotFound":
            raise Mistake(str(fault), "the runtime only creates from images that it has") from fault
        raise
    sandboxes = client.call("ListPodSandbox").items
    hint = "a container needs a sandbox to live in"
    yield holds(bool(sandboxes), "there is a sandbox", "there is no sandbox", hint)
    states = [each.state for each in client.call("ListContainers").containers]
    hint = "a sandbox alone runs nothing: create a container in it"
    yield holds(bool(states), "there is a container", "there is no container", hint)
    hint = "it was created; starting is a call of its own"
    running = int(states[0]) == 1  # CONTAINER_RUNNING
    yield holds(running, "it runs", "it does not run", hint)


@asks(
    "05-image-service",
    "Two services",
    f"""
    Of these methods, **which belong to the ImageService?** Answer with a list of names.

    {", ".join(f"`{name}`" for name in ASKED)}
    """,
)
def image_service(answer: Any) -> Findings:
    if not isinstance(answer, list | tuple | set) or not all(isinstance(n, str) for n in answer):
        raise Mistake("a list of names is asked for", '["PullImage", ...]')
    given = set(answer)
    hint = "it makes containers *from* images: all of Pods and containers is the RuntimeService's"
    wrong = sorted(given - IMAGE_SERVICE)
    yield holds(not wrong, "none is wrong", f"not the ImageService's: {', '.join(wrong)}", hint)
    missing = sorted(IMAGE_SERVICE - given)
    hint = "all that concerns images is there: pull, list, look, remove, and their disk"
    yield holds(not missing, "none is missing", f"{len(missing)} missing", hint)


@asks(
    "05-daemon",
    "The daemon stops",
    """
    One container runs on each of `containerd`, `docker` (without live-restore), `rkt`, `lxd`, and
    the runtime's daemon is stopped where there is one. **On which of them is the container dead
    afterwards?**
    """,
)
def daemon(answer: Any) -> Findings:
    dead = []
    for name in RUNTIMES:
        client = simulated(name)
        client.call("PullImage", image={"image": "nginx:1.27"})
        config = {"metadata": {"name": "p", "namespace": "default", "uid": "1"}}
        sandbox = client.call("RunPodSandbox", config=config).pod_sandbox_id
        box = {"metadata": {"name": "main"}, "image": {"image": "nginx:1.27"}}
        made = client.call("CreateContainer", pod_sandbox_id=sandbox, config=box)
        client.call("StartContainer", container_id=made.container_id)
        runtime = client.transport.shim.runtime  # type: ignore[attr-defined]
        with suppress(CourseError):  # one of them has no daemon
            runtime.stop_daemon()
        if not all(each.running for each in runtime.containers.values()):
            dead.append(name)
    slips = {
        "containerd": "its shims are the containers' parents, and stay when it is restarted",
        "rkt": "there is no daemon to stop: the Pod is a child of whoever started it",
        "lxd": "a monitor process for each container holds it, not the daemon",
    }
    yield word(answer, ", ".join(dead), slips)


def _mixed() -> Cluster:
    cluster = Cluster(nodes=2, runtime="docker")
    return applied(cluster, DATA / "web.yaml", 40)


@asks(
    "05-swap",
    "Away from Docker",
    """
    Both nodes of `task.cluster` run their Pods on Docker. **Move `node-1` to containerd**, and
    leave `node-2`; all Pods of `web` must be ready in the end.
    """,
    starts=_mixed,
)
def swap(cluster: Cluster) -> Findings:
    cluster.run(90)
    names = {node: runtime.name for node, runtime in cluster.runtimes.items()}
    hint = 'cluster.swap_runtime("node-1", "containerd"): the kubelet stays as it is'
    moved = names.get("node-1") == "containerd"
    yield holds(moved, "node-1 runs containerd", f"node-1 runs {names.get('node-1')}", hint)
    hint = "node-2 was to stay as it is"
    stays = names.get("node-2") == "docker"
    yield holds(stays, "node-2 runs docker", f"node-2 runs {names.get('node-2')}", hint)
    hint = "list the nodes and Pods: is one cordoned, or still starting?"
    ready = cluster.ready("deployment/web") and "node-1" in set(cluster.get("pods", wide=True).NODE)
    yield holds(ready, "all Pods are ready, on both nodes", "no Pod of web on node-1", hint)
