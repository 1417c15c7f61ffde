"""Exercises of chapter 01: exit codes, limits, restarts."""

from __future__ import annotations

from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number
from course_lib.course.exercise import Findings, asks
from course_lib.course.manifests import container_status, pod


@asks(
    "01-exit-code",
    "Killed by the kernel",
    """
    A container uses more memory than its limit, and the kernel kills it with SIGKILL (signal 9).
    **Which exit code does Kubernetes report?**
    """,
)
def exit_code(answer: Any) -> Findings:
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/greedy", memory=[(0, "20Mi"), (20, "200Mi")])
    greedy = pod("greedy", image="course/greedy", resources={"limits": {"memory": "64Mi"}})
    cluster.apply(greedy | {"spec": greedy["spec"] | {"restartPolicy": "Never"}})
    cluster.run(60)
    code = container_status(cluster, "greedy")["state"]["terminated"]["exitCode"]
    slips = {
        9: "9 is the signal's number; who dies of a signal is reported as 128 and its number",
        1: "1 is what a program says that ends by itself with an error; this one had no say",
        143: "143 is 128 + 15: SIGTERM, which asks. The kernel does not ask",
    }
    yield number(answer, code, slips)


@asks(
    "01-deaf",
    "A program that does not listen",
    """
    A Pod with `terminationGracePeriodSeconds: 20` is deleted; its program ignores SIGTERM.
    **After how many seconds is the Pod gone?** (Within 2.)
    """,
)
def deaf(answer: Any) -> Findings:
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/deaf", ignores_sigterm=True)
    made = pod("deaf", image="course/deaf")
    made["spec"]["terminationGracePeriodSeconds"] = 20
    applied(cluster, made, 20)
    cluster.delete("pod", "deaf")
    asked = cluster.now
    gone = cluster.run_until(lambda: cluster.get("pods").empty)
    slips = {
        (28, 32): "30 s is the default; this Pod says otherwise",
        (0, 3): "the kubelet asks first, and gives it time to end",
    }
    yield number(answer, gone - asked, slips, within=2, unit="s")


@asks(
    "01-back-off",
    "Again and again",
    """
    A container's program ends with an error as soon as it starts. **How often has it been
    restarted after five minutes?** (Within 1.)
    """,
)
def back_off(answer: Any) -> Findings:
    cluster = applied(Cluster(nodes=1), pod("crash", command=["sh", "-c", "exit 1"]), 300)
    slips = {
        (0, 1): "restartPolicy is Always, unless you say otherwise",
        (7, 1000): "the pause doubles each time: 10, 20, 40, 80, 160 s",
    }
    restarts = container_status(cluster, "crash")["restartCount"]
    yield number(answer, restarts, slips, within=1, unit="restarts")


@asks(
    "01-memory-limit",
    "Enough, and no more",
    """
    This program uses up to 200 MiB, and is killed. **Correct the manifest** so that it lives, and
    can never use more than 256 MiB.

    ```
    apiVersion: v1
    kind: Pod
    metadata: {name: cache}
    spec:
      containers:
        - name: cache
          image: course/cache
          resources:
            requests: {memory: 64Mi}
            limits: {memory: 64Mi}
    ```
    """,
)
def memory_limit(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "cache")
    written = wanted["spec"]["containers"][0].get("resources", {}).get("limits", {}).get("memory")
    hint = "without a limit it may take all of the node's memory, and others pay for it"
    yield holds(written is not None, "there is a limit", "there is no memory limit", hint)
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/cache", memory=[(0, "20Mi"), (20, "200Mi")])
    applied(cluster, wanted, 90)
    status = container_status(cluster, "cache")
    hint = "its *limit* decides what it may use; the request only says where it fits"
    if str(written).endswith("m"):
        hint = "`m` means thousandths, here of a byte; MiB is written `Mi`"
    alive = status["restartCount"] == 0 and "running" in status["state"]
    yield holds(alive, "it lives", "it was killed: OOMKilled", hint)
    most = int(cluster.cgroup("cache")["memory.max"])
    hint = "256Mi is 268,435,456 bytes; the limit may be that, or less"
    yield holds(most <= 256 * 2**20, "it cannot have too much", f"it may use {most} bytes", hint)


@asks(
    "01-once",
    "Once is enough",
    """
    **Write a Pod** `hello` (image `busybox:1.36`) whose container says `hello`, ends, and is not
    started again: STATUS `Completed`, 0 restarts.
    """,
)
def once(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "hello")
    cluster = applied(Cluster(nodes=1), wanted, 60)
    said = cluster.logs("hello")
    hint = 'give it a command: `command: ["echo", "hello"]`'
    yield holds("hello" in said, "it said hello", f"it said {said!r}", hint)
    status = cluster.get("pods").iloc[0]
    hint = "a container that ends is started again, even after success: `restartPolicy` says when"
    ended = status.STATUS == "Completed" and str(status.RESTARTS) == "0"
    told = f"STATUS {status.STATUS}, RESTARTS {status.RESTARTS}"
    yield holds(ended, "it ended, and stays so", told, hint)
