"""Exercises of chapter 01: exit codes, limits, restarts."""

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
)
from course_lib.course.manifests import container_status, pod
from course_lib.course.questions import Mistake, Remarks, asks
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity


@predicts_number(
    "01-exit-code",
    "Killed by the kernel",
    """
    A container uses more memory than its limit, and the kernel kills it with SIGKILL (signal 9).
    **Which exit code does Kubernetes report?**
    """,
    slips={
        9: "9 is the number of the signal: the exit code is 128 plus this number",
        1: "a program chooses 1 when it ends by itself with an error: here the kernel ended it",
        143: "143 is 128 + 15, for SIGTERM: here the kernel sends SIGKILL",
        139: "139 is 128 + 11, for SIGSEGV: a program used memory that it does not have",
        128: "add the number of the signal to 128: SIGKILL is 9",
        0: "0 means success, and the kernel killed this program",
        -9: "Python writes it so; a container runtime adds 128 to the number of the signal",
    },
    look="add 128 and the number of the signal; or describe such a Pod, and read its Exit Code",
)
def exit_code() -> int:
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/greedy", memory=[(0, "20Mi"), (20, "200Mi")])
    greedy = pod("greedy", image="course/greedy", resources={"limits": {"memory": "64Mi"}})
    cluster.apply(greedy | {"spec": greedy["spec"] | {"restartPolicy": "Never"}})
    cluster.run(60)
    return int(container_status(cluster, "greedy")["state"]["terminated"]["exitCode"])


@predicts_number(
    "01-deaf",
    "A program that ignores SIGTERM",
    """
    A Pod has `terminationGracePeriodSeconds: 20`, and its program ignores SIGTERM. You delete the
    Pod. **After how many seconds is the Pod gone?** (Within 2.)
    """,
    slips={
        (28, 32): "30 s is the default; this Pod sets 20 s",
        (0, 3): "SIGTERM comes first, and then the program has its grace period to end",
        (48, 52): "the 20 s replace the default of 30 s: do not add them",
    },
    within=2,
    unit="s",
    look="SIGKILL follows SIGTERM after the Pod's `terminationGracePeriodSeconds`",
)
def deaf() -> float:
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/deaf", ignores_sigterm=True)
    made = pod("deaf", image="course/deaf")
    made["spec"]["terminationGracePeriodSeconds"] = 20
    applied(cluster, made, 20)
    cluster.delete("pod", "deaf")
    asked = cluster.now
    return cluster.run_until(lambda: cluster.get("pods").empty) - asked


@predicts_number(
    "01-back-off",
    "Again and again",
    """
    A container's program ends with an error as soon as it starts. **How many times has the kubelet
    restarted it after five minutes?** (Within 1.)
    """,
    slips={
        (0, 1): "the default `restartPolicy` is Always: the kubelet restarts the container",
        (7, 1000): "the delay doubles each time: 10, 20, 40, 80, 160 s",
    },
    within=1,
    unit="restarts",
    look="add up the delays 10, 20, 40, ... s: how many of them end within 300 s?",
)
def back_off() -> int:
    cluster = applied(Cluster(nodes=1), pod("crash", command=["sh", "-c", "exit 1"]), 300)
    return int(container_status(cluster, "crash")["restartCount"])


@asks(
    "01-memory-limit",
    "Enough memory, and a limit",
    """
    This program needs up to 200 MiB, and the kernel kills it. **Correct the manifest** so that the
    program keeps running, and can never use more than 256 MiB.

    ```
    apiVersion: v1
    kind: Pod
    metadata:
      name: cache
    spec:
      containers:
        - name: cache
          image: course/cache
          resources:
            requests:
              memory: 64Mi
            limits:
              memory: 64Mi
    ```
    """,
)
def memory_limit(answer: object) -> Remarks:
    hint = "`m` means thousandths, here of a byte; MiB is written `Mi`"
    if re.search(r"memory['\"]?:\s*['\"]?\d+m\b", str(answer)):
        raise Mistake("a memory size ends in `m`", hint)
    wanted = document(answer, "Pod", "cache")
    main = main_container(wanted)
    keep = "leave `image` as it is"
    yield has_image(main, "course/cache", "the program is the same", keep)
    limit = reserved(main, "limits").get("memory")
    hint = "without a limit the container may take all of the node's memory"
    hint = or_unknown(wanted, f"`resources.limits.memory`: {hint}")
    yield holds(limit is not None, "there is a limit", "there is no memory limit", hint)
    most = Quantity(str(limit)).value
    hint = "256Mi is 268,435,456 bytes: set a limit of 256Mi or less"
    yield holds(most <= 256 * 2**20, "it cannot use too much", f"it may use {most} bytes", hint)
    hint = "the *limit* decides how much memory it may use; the request only helps to choose a node"
    if most < 200 * 2**20:
        hint = f"{hint}: `limits.memory` is {limit}, and the program uses 200 MiB"
    cluster = Cluster(nodes=1)
    cluster.behaviours.set("course/cache", memory=[(0, "20Mi"), (20, "200Mi")])
    applied(cluster, wanted, 90)
    status = container_status(cluster, "cache")
    alive = status["restartCount"] == 0 and "running" in status["state"]
    yield holds(alive, "it lives", "it was killed: OOMKilled", hint)


@asks(
    "01-once",
    "Run once",
    """
    **Write a Pod** `hello` (image `busybox:1.36`). Its container prints `hello` and ends, and the
    kubelet does not restart it: STATUS `Completed`, 0 restarts.
    """,
)
def once(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "hello")
    main = main_container(wanted)
    hint = "write `image: busybox:1.36`"
    yield has_image(main, "busybox:1.36", "it is busybox", hint)
    cluster = applied(Cluster(nodes=1), wanted, 60)
    words = command_of(main)
    hint = 'give it a command: `command: ["echo", "hello"]`'
    if any(" " in word for word in words[:1]):
        hint = f"no program has the name {words[0]!r}: write each word as its own item"
    elif words:
        hint = f"its command is {words}: it must print the word `hello`, in lower case"
    try:
        said = cluster.logs("hello")
    except CourseError:  # there is no container that could have said something
        said = ""
    yield holds("hello" in said.split(), "it printed hello", f"it printed {said!r}", hint)
    status = cluster.get("pods").iloc[0]
    told = f"STATUS {status.STATUS}, RESTARTS {status.RESTARTS}"
    ended = status.STATUS == "Completed" and str(status.RESTARTS).split()[0] == "0"
    yield holds(ended, "it ended, no restart", told, _why_not_once(wanted, status.STATUS))


def _why_not_once(wanted: Document, status: str) -> str:
    policy = wanted["spec"].get("restartPolicy", "Always")
    if policy == "Always":
        return "by default the kubelet restarts it, even after success: set `restartPolicy`"
    if status == "Running":
        return "its program still runs: let it print `hello`, and then end"
    return "its program ends with an error: the STATUS is Completed only with exit code 0"
