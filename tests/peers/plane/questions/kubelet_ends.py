"""Pods on a kubelet: how containers end, what follows, and what they leave behind."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    WEB,
    container,
    create,
    delete,
    patch,
    pod,
    shell,
    story,
    wait,
)

NEVER, ON_FAILURE = {"restartPolicy": "Never"}, {"restartPolicy": "OnFailure"}
SMALL = {"resources": {"limits": {"memory": "16Mi"}}}
FALLBACK = {"terminationMessagePolicy": "FallbackToLogsOnError"}
RULES = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
TRAP = "trap 'echo told; exit 0' TERM; while true; do sleep 1; done"
HELD = {"metadata": {"finalizers": ["course.example/hold"]}}

CASES = [
    # Exit codes and restart policies
    story("exit 0 is started again", *create(pod("p", shell("exit 0"))), wait(25)),
    story("exit 1 is started again", *create(pod("p", shell("exit 1"))), wait(25)),
    story("exit 1 for a minute", *create(pod("p", shell("exit 1"))), wait(60)),
    story("exit 1 with Never", *create(pod("p", shell("exit 1"), **NEVER)), wait(12)),
    story("exit 0 with Never", *create(pod("p", shell("exit 0"), **NEVER)), wait(12)),
    story("exit 1 with OnFailure", *create(pod("p", shell("exit 1"), **ON_FAILURE)), wait(25)),
    story("exit 0 with OnFailure", *create(pod("p", shell("exit 0"), **ON_FAILURE)), wait(12)),
    story("exit 137 without a kill", *create(pod("p", shell("exit 137"), **NEVER)), wait(12)),
    story("exit 255", *create(pod("p", shell("exit 255"), **NEVER)), wait(12)),
    story("fails after twenty seconds", *create(pod("p", shell("sleep 20; exit 3"))), wait(30)),
    story(
        "one container ends well and one badly with Never",
        *create(pod("p", shell("exit 0", "a"), shell("exit 2", "b"), **NEVER)),
        wait(12),
    ),
    story(
        "two containers end well with Never",
        *create(pod("p", shell("exit 0", "a"), shell("sleep 1", "b"), **NEVER)),
        wait(12),
    ),
    story(
        "one container ends and one runs with Never",
        *create(pod("p", shell("exit 1", "a"), shell("sleep 99", "b"), **NEVER)),
        wait(12),
    ),
    story(
        "one container fails and one runs",
        *create(pod("p", shell("exit 1", "a"), shell("sleep 99", "b"))),
        wait(25),
    ),
    story(
        "memory above the limit with Never",
        *create(pod("p", container(WEB, **SMALL), **NEVER)),
        wait(14),
    ),
    story("memory above the limit", *create(pod("p", container(WEB, **SMALL))), wait(25)),
    story(
        "a program that is not in the image",
        *create(pod("p", container("busybox:1.36") | {"command": ["nothere"]})),
        wait(25),
    ),
    story(
        "a program that is not in the image with Never",
        *create(pod("p", container("busybox:1.36") | {"command": ["/opt/app"]}, **NEVER)),
        wait(12),
    ),
    story(
        "a script that calls a program that is not there",
        *create(pod("p", shell("nothere --now"), **NEVER)),
        wait(12),
    ),
    story("a shell without input", *create(pod("p", container("busybox:1.36"), **NEVER)), wait(12)),
    # Restart policies of containers
    story(
        "a container that is not started again in a Pod that is",
        *create(pod("p", shell("exit 1", "a", restartPolicy="Never"), shell("sleep 99", "b"))),
        wait(12),
    ),
    story(
        "a restart rule for the exit code",
        *create(
            pod("p", shell("exit 42", restartPolicy="Never", restartPolicyRules=RULES), **NEVER)
        ),
        wait(25),
    ),
    story(
        "a restart rule for another exit code",
        *create(
            pod("p", shell("exit 1", restartPolicy="Never", restartPolicyRules=RULES), **NEVER)
        ),
        wait(12),
    ),
    story(
        "a container that is started again in a Pod that is not",
        *create(pod("p", shell("exit 1", restartPolicy="Always"), **NEVER)),
        wait(25),
    ),
    # Last words
    story(
        "the log as termination message",
        *create(pod("p", shell("echo one; echo two; exit 1", **FALLBACK), **NEVER)),
        wait(12),
    ),
    story(
        "no log as termination message when it ends well",
        *create(pod("p", shell("echo one; exit 0", **FALLBACK), **NEVER)),
        wait(12),
    ),
    # Deadlines and deletion
    story(
        "a deadline for a Pod",
        *create(pod("p", shell("sleep 99"), activeDeadlineSeconds=8)),
        wait(16),
    ),
    story(
        "a deadline for a Pod that is started again",
        *create(pod("p", shell("exit 1"), activeDeadlineSeconds=8)),
        wait(16),
    ),
    story(
        "a deadline for a Pod without an image",
        *create(pod("p", container("registry.invalid/app:1"), activeDeadlineSeconds=8)),
        wait(16),
    ),
    story(
        "a program that ignores SIGTERM",
        *create(pod("p", shell("sleep 999"), terminationGracePeriodSeconds=12)),
        wait(12),
        delete("Pod/p"),
        wait(6),
        wait(12),
    ),
    story(
        "a program that handles SIGTERM",
        *create(pod("p", shell(TRAP), terminationGracePeriodSeconds=20)),
        wait(12),
        delete("Pod/p"),
        wait(12),
    ),
    story(
        "a shorter grace period in the deletion",
        *create(pod("p", shell("sleep 999"), terminationGracePeriodSeconds=60)),
        wait(12),
        delete("Pod/p", gracePeriodSeconds=1),
        wait(12),
    ),
    story(
        "deletion of a Pod that fails again and again",
        *create(pod("p", shell("exit 1"), terminationGracePeriodSeconds=30)),
        wait(20),
        delete("Pod/p"),
        wait(6),
    ),
    story(
        "deletion of a Pod with a finalizer",
        *create({**pod("p", shell("sleep 99")), "metadata": {"name": "p"} | HELD["metadata"]}),
        wait(12),
        delete("Pod/p"),
        wait(12),
        patch("Pod/p", {"metadata": {"finalizers": None}}),
        wait(4),
    ),
    story(
        "deletion of a Pod that has ended",
        *create(pod("p", shell("exit 0"), terminationGracePeriodSeconds=30, **NEVER)),
        wait(12),
        delete("Pod/p"),
        wait(6),
    ),
    story(
        "another image for a running Pod",
        *create(pod("p", shell("sleep 99"))),
        wait(12),
        patch(
            "Pod/p",
            {"spec": {"containers": [{"name": "c", "image": "nginx:1.28"}]}},
            type="application/strategic-merge-patch+json",
        ),
        wait(10),
    ),
]
