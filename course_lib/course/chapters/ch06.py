"""Exercises of chapter 06: signs of life, static Pods, probes, limits, evictions."""

from __future__ import annotations

import re

from course_lib.cluster import Cluster
from course_lib.course.answers import (
    applied,
    command_of,
    document,
    has_image,
    holds,
    main_container,
    or_unknown,
    predicts_number,
    reserved,
    word,
)
from course_lib.course.forms import as_text, counted, folded, names_of, same_image
from course_lib.course.manifests import container_status, pod
from course_lib.course.questions import Mistake, Remarks, asks, truth
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import qos_class
from course_lib.objects.manifests import Document, read_manifests


@predicts_number(
    "06-silent-node",
    "No sign of life",
    """
    A node's power is cut. **After how many seconds is it `NotReady`?** (Within 5.)
    """,
    slips={
        (0, 15): "10 s is how often the Lease is renewed; several renewals may be missed",
        (38, 44.9): "forty seconds were the default up to Kubernetes 1.31; it has grown since",
        (250, 400): "300 s more is what its Pods tolerate after that",
    },
    within=5,
    unit="s",
    look="the grace period of the node lifecycle controller, counted from the last renewal",
)
def silent_node() -> float:
    cluster = Cluster(nodes=2)
    cluster.run(70)  # s; the last renewal is a few seconds old then
    cluster.kill_node("node-2")
    cut = cluster.now
    lost = cluster.run_until(lambda: list(cluster.get("nodes").STATUS) == ["Ready", "NotReady"])
    return lost - cut


def _two_nodes() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.run(10)
    return cluster


@asks(
    "06-static",
    "A Pod without an API",
    """
    **Let `node-1` of `task.cluster` run a static Pod** `agent` of the image `nginx:1.27`: one that
    the kubelet starts from a file, and that `kubectl delete` cannot stop.
    """,
    starts=_two_nodes,
)
def static(cluster: Cluster) -> Remarks:
    cluster.run(40)
    names = list(cluster.get("pods").NAME)
    hint = 'cluster.kubelets["node-1"].static.write(manifest): the manifest as text or as a dict'
    if "agent-node-2" in names:
        hint = 'that is node-2; node-1 is asked for: cluster.kubelets["node-1"]'
    elif any(name.endswith("-node-1") for name in names):
        hint = "the Pod's name is `agent`; the kubelet adds its node's name to it"
    elif names:
        hint = "this one came through the API: it can be deleted there, and needs a scheduler"
    said = f"the Pods are {', '.join(names)}" if names else "there is no Pod"
    yield holds("agent-node-1" in names, "its mirror is here", said, hint)
    (main, *_) = cluster.document("pod", "agent-node-1")["spec"]["containers"]
    hint = "`nginx:1.27` is asked for: write the manifest once more, with that image"
    said = f"it runs {main['image']}"
    yield holds(same_image(main["image"], "nginx:1.27"), said, said, hint)
    cluster.delete("pod", "agent-node-1")
    cluster.run(30)
    stays = "agent-node-1" in list(cluster.get("pods").NAME)
    hint = "this one came through the API under that name: write it into node-1's folder"
    yield holds(stays, "it cannot be deleted", "it is gone", hint)


@asks(
    "06-guaranteed",
    "The last to be evicted",
    """
    **Write a Pod** `bank` with one container of the QoS class `Guaranteed`.
    """,
)
def guaranteed(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "bank")
    main = main_container(wanted)
    limits = reserved(main, "limits")
    given = reserved(main)
    cluster = Cluster(nodes=1)
    cluster.apply(wanted)
    found = qos_class(cluster.api.get(Pod, "bank", "default").spec)
    both = {"cpu", "memory"}
    hint = "`requests` and `limits` must be equal, for CPU and for memory"
    if not given:
        hint = "a container that asks for nothing is BestEffort: it is evicted first"
    elif not limits:
        hint = "requests alone make it Burstable: the limits are missing"
    elif not both <= set(given):
        hint = f"both count, CPU and memory; {names_of(both - set(given))} is missing"
    elif not both <= set(limits):
        hint = f"`limits` does not name both: {names_of(both - set(limits))} is missing"
    elif wanted["spec"].get("initContainers"):
        hint = "every container counts, also those of `initContainers`"
    said = f"it is {found}"
    yield holds(found == "Guaranteed", said, said, or_unknown(wanted, hint))


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
def slow_start(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "slow")
    main = main_container(wanted)
    keep = "leave `image` as it is"
    yield has_image(main, "course/slow", "the program is the same", keep)
    hint = or_unknown(wanted, "a hung program would hang for ever: the liveness probe has to stay")
    alive = bool(main.get("livenessProbe"))
    yield holds(alive, "a liveness probe is there", "there is no liveness probe", hint)
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/slow", startup=50, hangs_after=200)
    applied(cluster, wanted, 120)
    hint = "a startup probe holds the others back until it has succeeded once"
    if "startupProbe" in main:
        hint = "the startup probe gives up too early: periodSeconds · failureThreshold is its time"
        if not _asks_port_80(main["startupProbe"]):
            hint = "the startup probe asks another port than 80, where no program listens"
    elif not _asks_port_80(main["livenessProbe"]):
        hint = "the liveness probe asks another port than 80, where no program listens"
    early = container_status(cluster, "slow")["restartCount"]
    said = f"{counted(early, 'restarts')} while starting"
    yield holds(early == 0, "it comes up", said, hint)
    policy = wanted["spec"].get("restartPolicy", "Always")
    hint = "with `restartPolicy: Never` the kubelet does not restart it: leave the policy out"
    yield holds(policy != "Never", "it may be restarted", "it is never restarted", hint)
    restarted = cluster.run_until(
        lambda: container_status(cluster, "slow")["restartCount"] > 0, timeout=900
    )
    began = cluster.log(object="slow", reason="Started").TIME.iloc[0]
    late = restarted - began - 200
    hint = "this liveness probe waits as long when the program hangs later: use a startup probe"
    yield holds(late <= 25, "it is restarted soon", f"it hung for {late:.0f} s", hint)


def _asks_port_80(probe: Document) -> bool:
    port = (probe.get("tcpSocket") or probe.get("httpGet") or {}).get("port")
    return port == 80 or not isinstance(port, int)


@asks(
    "06-evicted",
    "Memory runs out",
    """
    On a node of 2 GiB three Pods grow to 800 MiB each: `a` asks for no memory, `b` for 300Mi, `c`
    for 1Gi. **Which one is evicted first?**
    """,
)
def evicted(answer: object) -> Remarks:
    truth = _first_evicted()
    slips = {
        "b": "it uses 500 MiB more than it asked for; another one uses 800 more",
        "c": "it uses less than it asked for: such Pods go last",
    }
    look = "answer with one of the three names: `a`, `b` or `c`"
    forms = [f"pod {truth}", f"pod/{truth}", f"default/{truth}"]
    given = folded(as_text(answer))
    named = re.sub(r"^(?:pod[ /]|default/)", "", given)
    yield word(named if named in slips else answer, truth, slips, also=forms, look=look)


@truth
def _first_evicted() -> str:
    cluster = Cluster(nodes=1, memory="2Gi")
    cluster.behaviours.set("course/grows", memory=[(0, "100Mi"), (120, "800Mi")])
    for name, request in (("a", None), ("b", "300Mi"), ("c", "1Gi")):
        resources = {"requests": {"memory": request}} if request else {}
        cluster.apply(pod(name, image="course/grows", resources=resources))
    cluster.run_until(lambda: not cluster.log(reason="Evicted").empty)
    return str(cluster.log(reason="Evicted").OBJECT.iloc[0]).rpartition("/")[2]


@asks(
    "06-restart-policy",
    "Restart, but only after errors",
    """
    A program ends after 5 s, sometimes with 0, sometimes with 1. **Write a Pod** `work` of
    `busybox:1.36` with the command `["sh", "-c", "sleep 5; exit 0"]` that is restarted after an
    error only; the check tries it with both codes.
    """,
)
def restart_policy(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "work")
    main = main_container(wanted)
    yield has_image(main, "busybox:1.36", "it is busybox", "`image: busybox:1.36` is asked for")
    words = command_of(main)
    if words != ["sh", "-c", "sleep 5; exit 0"]:
        hint = 'copy the command as it is: `command: ["sh", "-c", "sleep 5; exit 0"]`'
        raise Mistake(f"the command is {words}" if words else "there is no command", hint)
    counts = []
    for code in (0, 1):
        (changed,) = read_manifests(wanted)
        tried = changed["spec"]["containers"][0]
        tried.pop("args", None)
        tried["command"] = ["sh", "-c", f"sleep 5; exit {code}"]
        cluster = applied(Cluster(nodes=1), changed, 40)
        counts.append(container_status(cluster, "work")["restartCount"])
    hint = or_unknown(wanted, "`restartPolicy: Always`, the default, restarts after success too")
    yield holds(counts[0] == 0, "not after success", "it was restarted after success", hint)
    hint = "`restartPolicy: Never` does not restart at all"
    yield holds(counts[1] > 0, "after an error", "it was not restarted after an error", hint)
