"""Exercises of chapter 05: the CRI's calls, and what stands behind them."""

from __future__ import annotations

from contextlib import suppress

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import applied, existing, holds, predicts_number, tried
from course_lib.course.forms import as_names, folded, names_of, same_image
from course_lib.course.manifests import pod
from course_lib.course.questions import Mistake, Remarks, asks, truth
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


@predicts_number(
    "05-calls",
    "Two containers, how many calls",
    """
    A Pod has two containers with different images. Its node has neither image. Count the kubelet's
    calls of `RunPodSandbox`, `PullImage`, `CreateContainer` and `StartContainer`. **How many calls
    are there together?**
    """,
    slips={
        8: "both containers are in one sandbox",
        4: "that is a Pod of one container",
        5: "count also a pull for each image, and the start of each container after its creation",
        6: "count also the call for the sandbox, which comes first",
    },
    unit="calls",
    look="one call for the Pod, and three for each container: pull, create, start",
)
def calls() -> int:
    cluster = Cluster(nodes=1)
    two = pod("pair", image="nginx:1.27")
    two["spec"]["containers"].append({"name": "other", "image": "redis:7"})
    applied(cluster, two, 40)
    made = cluster.kubelets["node-1"].cri.table()
    return int(made.METHOD.isin(MAKES).sum())


@asks(
    "05-by-hand",
    "A container by hand",
    """
    **Write a function** `def start(client): ...` that starts a container of `nginx:1.27`, with
    `client.call(METHOD, ...)` as in the chapter.
    """,
)
def by_hand(answer: object) -> Remarks:
    client = simulated("containerd")
    try:
        tried(answer, client)
    except Mistake as mistake:
        fault = mistake.__cause__
        if isinstance(fault, RuntimeFault) and fault.code == "NotFound":
            raise Mistake(str(fault), _not_there(fault.what)) from fault
        raise
    sandboxes = client.call("ListPodSandbox").items
    hint = "a container needs a sandbox: call RunPodSandbox first"
    yield holds(bool(sandboxes), "there is a sandbox", "there is no sandbox", hint)
    made = client.call("ListContainers").containers
    hint = "a sandbox alone runs nothing: create a container in it"
    yield holds(bool(made), "there is a container", "there is no container", hint)
    ours = [each for each in made if same_image(each.image.image, "nginx:1.27")]
    said = f"its image is {made[0].image.image}"
    yield holds(bool(ours), "its image is right", said, "`image` of the container: `nginx:1.27`")
    hint = "it is created, but not started: call StartContainer"
    running = any(int(each.state) == 1 for each in ours)  # CONTAINER_RUNNING
    yield holds(running, "it runs", "it does not run", hint)


def _not_there(said: str) -> str:
    """The hint for a call that names something that the runtime does not have."""
    if "sandbox" in said:
        return "give CreateContainer the `pod_sandbox_id` that RunPodSandbox returned"
    if "image" in said or "nginx" in said:
        return "the runtime does not have the image: call PullImage first"
    return "give StartContainer the `container_id` that CreateContainer returned"


@asks(
    "05-image-service",
    "Two services",
    f"""
    Of these methods, **which belong to the ImageService?** Answer with a list of names.

    {", ".join(f"`{name}`" for name in ASKED)}
    """,
)
def image_service(answer: object) -> Remarks:
    names = {name.casefold(): name for name in ASKED}
    given = {names.get(each.casefold(), each) for each in as_names(answer, '["PullImage", ...]')}
    hint = "all calls about Pods and containers belong to the RuntimeService"
    wrong = given - IMAGE_SERVICE
    if unknown := wrong - set(ASKED):
        hint = f"{names_of(unknown)}: this name is not in the list of the question"
    elif wrong and not wrong & {"CreateContainer", "RunPodSandbox"}:
        hint = f"what does {names_of(wrong)} concern: an image, or something that runs?"
    yield holds(not wrong, "none is wrong", f"not the ImageService's: {names_of(wrong)}", hint)
    missing = IMAGE_SERVICE - given
    hint = "it has all calls about images: pull, list, status, remove, and the disk that they use"
    yield holds(not missing, "none is missing", f"{len(missing)} missing", hint)


@asks(
    "05-daemon",
    "The daemon stops",
    """
    One container runs on each of `containerd`, `docker` (without live-restore), `rkt` and `lxd`.
    You stop the daemon of each runtime that has one. **With which runtimes does the container
    stop, too?**
    """,
)
def daemon(answer: object) -> Remarks:
    slips = {
        "containerd": "the parent of a container is its shim, which runs on without the daemon",
        "rkt": "rkt has no daemon that you could stop",
        "lxd": "the parent of each container is a monitor process, not the daemon",
    }
    dead = _dead()
    asked = as_names(answer, '"containerd", or a list of such names')
    given = {_runtime_name(each) for each in asked} - {""}
    said = names_of(given)
    wrong = sorted(given - dead)
    look = f"answer with names of the question: {names_of(RUNTIMES)}"
    if not given or wrong == ["none"]:
        look = "one of them stops all its containers when its daemon stops"
    hint = slips.get(wrong[0], look) if wrong else look
    yield holds(not wrong and bool(given), f"{said}: right", f"{said}: not right", hint)


def _runtime_name(text: str) -> str:
    """A runtime by the name of the question; its daemon's own name counts too."""
    name = folded(text).partition(" (")[0]
    return {"dockerd": "docker", "lxc": "lxd"}.get(name, name)


@truth
def _dead() -> set[str]:
    """The runtimes whose containers end with the daemon."""
    dead = set()
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
            dead.add(name)
    return dead


def _mixed() -> Cluster:
    cluster = Cluster(nodes=2, runtime="docker")
    return applied(cluster, packaged("web"), 40)


@asks(
    "05-swap",
    "Away from Docker",
    """
    Both nodes of `task.cluster` run their Pods with Docker. **Move `node-1` to containerd**, and do
    not change `node-2`. At the end both nodes must take Pods, and all Pods of `web` must be ready.
    """,
    starts=_mixed,
)
def swap(cluster: Cluster) -> Remarks:
    cluster.run(90)
    names = {node: runtime.name for node, runtime in cluster.runtimes.items()}
    hint = 'cluster.swap_runtime("node-1", "containerd"): the kubelet stays as it is'
    moved = names.get("node-1") == "containerd"
    yield holds(moved, "node-1 runs containerd", f"node-1 runs {names.get('node-1')}", hint)
    hint = "node-2 must keep Docker"
    stays = names.get("node-2") == "docker"
    yield holds(stays, "node-2 runs docker", f"node-2 runs {names.get('node-2')}", hint)
    states = cluster.get("nodes").set_index("NAME").STATUS
    off = [node for node in ("node-1", "node-2") if states.get(node) != "Ready"]
    hint = "a node that was drained stays cordoned until `kubectl uncordon NODE`"
    if off and "NotReady" in str(states.get(off[0])):
        hint = f"describe {off[0]}: which of its conditions is not as it should be?"
    said = f"the STATUS of {off[0]} is {states.get(off[0])}" if off else ""
    yield holds(not off, "both nodes take Pods", said, hint)
    again = 'apply "../data/web.yaml" again'
    wanted = existing(cluster, "deployment", "web", again)["spec"].get("replicas", 1)
    yield holds(wanted == 3, "three are wanted", f"{wanted} wanted", "`replicas` was 3")
    hint = "list the Pods: which are not ready, and what is their STATUS?"
    ready = cluster.ready("deployment/web")
    yield holds(ready, "all Pods are ready", "not all Pods of web are ready", hint)
