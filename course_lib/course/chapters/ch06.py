"""Exercises of chapter 06: signs of life, static Pods, probes, limits, evictions."""

from __future__ import annotations

from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number, word
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.manifests import container_status, pod
from course_lib.objects.manifests import read_manifests


@asks(
    "06-silent-node",
    "No sign of life",
    """
    A node's power is cut. **After how many seconds is it `NotReady`?** (Within 12.)
    """,
)
def silent_node(answer: Any) -> Findings:
    cluster = Cluster(nodes=2)
    cluster.run(65)
    cluster.kill_node("node-2")
    cut = cluster.now
    lost = cluster.run_until(lambda: list(cluster.get("nodes").STATUS) == ["Ready", "NotReady"])
    slips = {
        (0, 15): "10 s is how often the Lease is renewed; several renewals may be missed",
        (250, 400): "300 s more is what its Pods tolerate after that",
    }
    yield number(answer, lost - cut, slips, within=12, unit="s")


def _two_nodes() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.run(10)
    return cluster


@asks(
    "06-static",
    "A Pod without an API",
    """
    **Let `node-1` of `task.cluster` run a static Pod** `agent` of the image `nginx:1.27`: one that
    the kubelet starts from a file, and that `cluster.delete` cannot stop.
    """,
    starts=_two_nodes,
)
def static(cluster: Cluster) -> Findings:
    cluster.run(40)
    pods = cluster.get("pods", wide=True)
    names = list(pods.NAME)
    hint = 'cluster.kubelets["node-1"].static.write(manifest): the manifest as a dict'
    if any(not name.endswith(("node-1", "node-2")) for name in names):
        hint = "this one came through the API: it can be deleted there, and needs a scheduler"
    yield holds("agent-node-1" in names, "its mirror is here", f"the Pods are {names}", hint)
    hint = "look at its image"
    image = container_status(cluster, "agent-node-1")["image"]
    yield holds("nginx:1.27" in image, f"it runs {image}", f"it runs {image}", hint)
    cluster.delete("pod", "agent-node-1")
    cluster.run(30)
    stays = "agent-node-1" in list(cluster.get("pods").NAME)
    yield holds(stays, "it cannot be deleted", "it is gone", "take the file away to stop it")


@asks(
    "06-guaranteed",
    "The last to go",
    """
    **Write a Pod** `bank` with one container of the QoS class `Guaranteed`.
    """,
)
def guaranteed(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "bank")
    resources = wanted["spec"]["containers"][0].get("resources", {})
    given = resources.get("requests", {}) | resources.get("limits", {})
    cluster = applied(Cluster(nodes=1), wanted, 20)
    found = str(cluster.document("pod", "bank")["status"].get("qosClass"))
    hint = "requests and limits must be equal, for both"
    if not given:
        hint = "a container that asks for nothing is BestEffort: the first to go"
    elif set(given) != {"cpu", "memory"}:
        hint = "both count: CPU and memory"
    elif not resources.get("limits"):
        hint = "requests alone make it Burstable: the limits are missing"
    yield holds(found == "Guaranteed", "it is Guaranteed", f"it is {found}", hint)


@asks(
    "06-slow-start",
    "A slow start",
    """
    `course/slow` takes 50 s to start; its liveness probe kills it before it is done. **Correct the
    Pod**: it must come up, and still be restarted within 20 s when it hangs later.

    ```
    apiVersion: v1
    kind: Pod
    metadata: {name: slow}
    spec:
      containers:
        - name: slow
          image: course/slow
          livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 2}
          ports: [{containerPort: 80}]
    ```
    """,
)
def slow_start(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "slow")
    main = wanted["spec"]["containers"][0]
    hint = "a hung program would hang for ever: the liveness probe has to stay"
    alive = bool(main.get("livenessProbe"))
    yield holds(alive, "a liveness probe is there", "there is no liveness probe", hint)
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/slow", startup=50, hangs_after=200)
    applied(cluster, wanted, 120)
    hint = "a startup probe holds the others back until it has succeeded once"
    if "startupProbe" in main:
        hint = "the startup probe gives up too early: periodSeconds · failureThreshold is its time"
    early = container_status(cluster, "slow")["restartCount"]
    yield holds(early == 0, "it comes up", f"it was restarted {early} times while starting", hint)
    restarted = cluster.run_until(
        lambda: container_status(cluster, "slow")["restartCount"] > 0, timeout=900
    )
    began = cluster.log(object="slow", reason="Started").TIME.iloc[0]
    late = restarted - began - 200
    hint = "a patient liveness probe is patient for ever; only the start needs patience"
    yield holds(late <= 25, "it is restarted soon", f"it hung for {late:.0f} s", hint)


@asks(
    "06-evicted",
    "Memory runs out",
    """
    On a node of 2 GiB three Pods grow to 800 MiB each: `a` asks for no memory, `b` for 300Mi, `c`
    for 1Gi. **Which one is evicted first?**
    """,
)
def evicted(answer: Any) -> Findings:
    cluster = Cluster(nodes=1, memory="2Gi")
    cluster.behaviours.set("course/grows", memory=[(0, "100Mi"), (120, "800Mi")])
    for name, request in (("a", None), ("b", "300Mi"), ("c", "1Gi")):
        resources = {"requests": {"memory": request}} if request else {}
        cluster.apply(pod(name, image="course/grows", resources=resources))
    cluster.run_until(lambda: not cluster.log(reason="Evicted").empty)
    first = str(cluster.log(reason="Evicted").OBJECT.iloc[0]).rpartition("/")[2]
    slips = {
        "b": "it uses 500 MiB more than it asked for; another one uses 800 more",
        "c": "it uses less than it asked for: such Pods go last",
    }
    yield word(answer, first, slips)


@asks(
    "06-restart-policy",
    "Restart, but only after errors",
    """
    A program ends after 5 s, now with 0, now with 1. **Write a Pod** `work` of `busybox:1.36` with
    the command `["sh", "-c", "sleep 5; exit 0"]` that is restarted after an error only; the check
    tries it with both codes.
    """,
)
def restart_policy(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "work")
    main = wanted["spec"]["containers"][0]
    if main.get("command") != ["sh", "-c", "sleep 5; exit 0"]:
        raise Mistake(f"the command is {main.get('command')}", "copy the command as it is")
    counts = []
    for code in (0, 1):
        (tried,) = read_manifests(wanted)
        tried["spec"]["containers"][0]["command"] = ["sh", "-c", f"sleep 5; exit {code}"]
        cluster = applied(Cluster(nodes=1), tried, 40)
        counts.append(container_status(cluster, "work")["restartCount"])
    hint = "`Always`, the default, restarts after success too"
    yield holds(counts[0] == 0, "not after success", "it was restarted after success", hint)
    hint = "`Never` does not restart at all"
    yield holds(counts[1] > 0, "after an error", "it was not restarted after an error", hint)
