"""Exercises of chapter 00: declare, break, read what happened."""

from __future__ import annotations

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    existing,
    has_image,
    holds,
    main_container,
    or_unknown,
    predicts_number,
)
from course_lib.course.forms import counted
from course_lib.course.questions import Remarks, asks

AGAIN = "apply it again: `%kubectl apply -f ../data/web.yaml`"


def _web() -> Cluster:
    return applied(Cluster(nodes=3), packaged("web"), 30)


@predicts_number(
    "00-deleted-pod",
    "A Pod is deleted",
    """
    `data/web.yaml` runs three Pods. You delete one of them with `kubectl delete pod NAME`, and
    half a minute passes. **How many Pods are there then?**
    """,
    slips={
        2: "`replicas` is still 3: a controller creates the missing Pod",
        4: "a new Pod comes, but the deleted Pod is gone after half a minute",
        1: "you deleted one Pod, not two, and `replicas` is still 3",
        0: "you deleted one Pod, not all, and `replicas` is still 3",
    },
    unit="Pods",
    look="delete one Pod of `web`, let 30 s pass, and count the lines of `kubectl get pods`",
)
def deleted_pod() -> int:
    cluster = _web()
    cluster.delete("pod", cluster.get("pods").NAME.iloc[0])
    cluster.run(30)
    return len(cluster.get("pods"))


@predicts_number(
    "00-dead-node",
    "A node loses power",
    """
    A node with Pods of `web` loses its power. After some time the cluster deletes a Pod of this
    node, and creates a new one. **After how many seconds?** (Within 20.)
    """,
    slips={
        (0, 10): "the cluster first waits for news of the node: for its Lease",
        (35, 65): "that is when the node becomes NotReady; its Pods tolerate that for a while",
        (280, 329): "the 300 s of the toleration begin when the node is NotReady, 50 s later",
    },
    within=20,
    unit="s",
    look=(
        "add two times: the seconds until the node is NotReady, and the seconds that its Pods "
        "tolerate this (`tolerationSeconds`)"
    ),
)
def dead_node() -> float:
    cluster = _web()
    dark = cluster.get("pods", wide=True).NODE.iloc[0]
    cluster.kill_node(dark)
    cut = cluster.now
    return cluster.run_until(lambda: len(cluster.get("pods")) > 3, timeout=900) - cut


@asks(
    "00-scale",
    "Five Pods",
    """
    `web` has three Pods in `task.cluster`. **Make it five**, so that there are five again after a
    Pod dies. Then run `task.check()`.
    """,
    starts=_web,
)
def scale(cluster: Cluster) -> Remarks:
    cluster.run(60)
    wanted = existing(cluster, "deployment", "web", AGAIN)["spec"]["replicas"]
    bare = [n for n in cluster.get("pods").NAME if not n.startswith("web-")]
    hint = "no controller replaces a Pod made by hand: change `replicas` of the Deployment"
    said = f"{counted(len(bare), 'Pods')} without a Deployment"
    yield holds(not bare, "every Pod has a Deployment", said, hint)
    hint = "`kubectl scale deployment/web --replicas=...`, or the manifest with other `replicas`"
    if wanted > 5:
        hint = "that is more than five: set `replicas` to 5"
    yield holds(wanted == 5, "five are wanted", f"{wanted} wanted", hint)
    yield holds(
        cluster.ready("deployment/web"), "all are ready", "not all are ready",
        "describe a Pod that waits: its events say what it waits for",
    )  # fmt: skip


@asks(
    "00-misspelled",
    "A misspelled field",
    """
    Somebody wants four Pods, but the API server refuses this manifest. **Correct it**, and give all
    of it to `check`.

    ```
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      replica: 4
      selector:
        matchLabels:
          app: shop
      template:
        metadata:
          labels:
            app: shop
        spec:
          containers:
            - name: shop
              image: nginx:1.27
    ```
    """,
)
def misspelled(answer: object) -> Remarks:
    wanted = document(answer, "Deployment", "shop")
    cluster = Cluster(nodes=3)
    warnings = [str(each) for each in cluster.apply(wanted).WARNINGS if each]
    hint = or_unknown(wanted, "the column WARNINGS of `apply` names it")
    yield holds(not warnings, "every field is known", "; ".join(warnings), hint)
    cluster.run(40)
    replicas = wanted["spec"].get("replicas", 1)
    hint = "write `replicas`, with an s, directly below the Deployment's `spec`"
    if "replicas" in wanted["spec"]:
        hint = f"`spec.replicas` is {replicas}; four Pods are wanted"
    running = list(cluster.get("pods").STATUS).count("Running")
    if replicas == 4 and running != 4:
        hint = "`replicas` is 4, but not all Pods run: are the name and the tag of the image right?"
    said = f"{counted(running, 'Pods')} running, not 4"
    yield holds(running == 4, "four Pods run", said, hint)


@asks(
    "00-first-pod",
    "Your first manifest",
    """
    **Write the manifest of a Pod** `hello` with one container of the image `redis:7`.
    """,
)
def first_pod(answer: object) -> Remarks:
    pod = document(answer, "Pod", "hello")
    main = main_container(pod)
    image = main.get("image")
    hint = "write `image: redis:7`"
    if isinstance(image, str) and image.rpartition("/")[2] == "redis":
        hint = "write the image as `name:tag`: without a tag it is `latest`, which can change"
    elif not image:
        hint = "write `image` beside the container's `name`"
    yield has_image(main, "redis:7", "the image is right", hint)
    cluster = applied(Cluster(nodes=1), pod, 30)
    status = cluster.get("pods").STATUS.iloc[0]
    hint = f"STATUS {status}: its events say why (`kubectl describe pod hello`)"
    if pod["spec"]["containers"][0].get("command"):
        hint = "leave `command` out: the image's own program is the server"
    yield holds(status == "Running", "it runs", f"its STATUS is {status}", hint)
