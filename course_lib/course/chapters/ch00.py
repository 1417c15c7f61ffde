"""Exercises of chapter 00: declare, break, read what happened."""

from __future__ import annotations

from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number
from course_lib.course.exercise import Findings, asks
from course_lib.course.shop import DATA


def _web() -> Cluster:
    return applied(Cluster(nodes=3), DATA / "web.yaml", 30)


@asks(
    "00-deleted-pod",
    "A Pod is deleted",
    """
    `data/web.yaml` runs three Pods. You delete one of them with `cluster.delete("pod", ...)`, and
    half a minute passes. **How many Pods are there then?**
    """,
)
def deleted_pod(answer: Any) -> Findings:
    cluster = _web()
    cluster.delete("pod", cluster.get("pods").NAME.iloc[0])
    cluster.run(30)
    slips = {
        2: "the Deployment still wants three: who would notice that one is missing?",
        4: "there is one new Pod, but the deleted one goes",
    }
    yield number(answer, len(cluster.get("pods")), slips, unit="Pods")


@asks(
    "00-dead-node",
    "A node goes dark",
    """
    The power of a node with Pods of `web` is cut. A Pod there is only deleted, and replaced, when
    the cluster has given the node up. **After how many seconds?** (Within 20.)
    """,
)
def dead_node(answer: Any) -> Findings:
    cluster = _web()
    dark = cluster.get("pods", wide=True).NODE.iloc[0]
    cluster.kill_node(dark)
    cut = cluster.now
    replaced = cluster.run_until(lambda: len(cluster.get("pods")) > 3, timeout=900)
    slips = {
        (0, 10): "a silent node is not yet a dead one: its Lease is waited for first",
        (40, 65): "that is when the node becomes NotReady; its Pods tolerate that for a while",
        (280, 319): "the 300 s of the toleration begin when the node is NotReady, 50 s later",
    }
    yield number(answer, replaced - cut, slips, within=20, unit="s")


@asks(
    "00-scale",
    "Five of them",
    """
    `web` runs three times in `task.cluster`. **Let it run five times**, in a way that also holds
    when a Pod dies; then `task.check()`.
    """,
    starts=_web,
)
def scale(cluster: Cluster) -> Findings:
    cluster.run(60)
    wanted = cluster.document("deployment", "web")["spec"]["replicas"]
    bare = [n for n in cluster.get("pods").NAME if not n.startswith("web-")]
    hint = "a Pod made by hand is nobody's: say to the Deployment how many you want"
    yield holds(not bare, "no Pod stands alone", f"{len(bare)} Pods belong to no Deployment", hint)
    hint = 'cluster.scale("deployment/web", ...), or apply the manifest with other `replicas`'
    yield holds(wanted == 5, "five are wanted", f"{wanted} are wanted", hint)
    yield holds(
        cluster.ready("deployment/web"), "all are ready", "not all are ready",
        "describe a Pod that waits: what does it wait for?",
    )  # fmt: skip


@asks(
    "00-misspelled",
    "A field with a spelling of its own",
    """
    Somebody wants four Pods and gets one. **Correct the manifest**, and give all of it to `check`.

    ```
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      replica: 4
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
        spec:
          containers:
            - {name: shop, image: "nginx:1.27"}
    ```
    """,
)
def misspelled(answer: Any) -> Findings:
    wanted = document(answer, "Deployment", "shop")
    cluster = Cluster(nodes=3)
    warnings = [w for row in cluster.apply(wanted).WARNINGS for w in row]
    hint = "the column WARNINGS of `apply` names a field that nobody knows: where does it belong?"
    yield holds(not warnings, "every field is known", "; ".join(map(str, warnings)), hint)
    cluster.run(40)
    running = list(cluster.get("pods").STATUS).count("Running")
    hint = "`replicas`, with an s, stands directly below the Deployment's `spec`"
    yield holds(running == 4, "four Pods run", f"{running} Pods run, not 4", hint)


@asks(
    "00-first-pod",
    "Your first manifest",
    """
    **Write the manifest of a Pod** `hello` with one container of the image `redis:7`.
    """,
)
def first_pod(answer: Any) -> Findings:
    pod = document(answer, "Pod", "hello")
    images = [c.get("image") for c in pod.get("spec", {}).get("containers", [])]
    hint = "an image is `name:tag`: without a tag it is `latest`, whatever that is on the day"
    yield holds(images == ["redis:7"], "the image is right", f"the images are {images}", hint)
    cluster = applied(Cluster(nodes=1), pod, 30)
    status = cluster.get("pods").STATUS.iloc[0]
    yield holds(status == "Running", "it runs", f"its status is {status}", "describe the Pod")
