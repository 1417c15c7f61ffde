"""What Pods and nodes look like in a drawing: a colour, and always a mark or a word beside it."""

from __future__ import annotations

from collections import Counter

from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.columns import pod_status_word, ready_counts
from course_lib.objects.meta import is_true
from course_lib.objects.pods import is_ready

# Background, text and a mark for each state: colour is never the only sign.
LOOKS = {
    "ready": ("#00785A", "white", "✓"),
    "starting": ("#E69F00", "black", "…"),
    "terminating": ("#666666", "white", "−"),
    "failing": ("#B34700", "white", "!"),
    "unheard of": ("#BBBBBB", "black", "?"),
}
FAILING = ("Err", "BackOff", "Crash", "OOM", "Evicted", "Failed", "Unknown", "OutOf")


def look_of(pod: Pod) -> str:
    """One of: ready, starting, terminating, failing; unheard of, on a node that has gone silent."""
    status, (have, total) = pod_status_word(pod), ready_counts(pod)
    if status == "Terminating":
        return "terminating"
    if any(word in status for word in FAILING):
        return "failing"
    if status == "Running" and have == total and not is_ready(pod):
        return "unheard of"
    return "ready" if have == total or status == "Completed" else "starting"


def state_of(node: Node) -> tuple[str, bool]:
    """A node's STATUS as kubectl writes it, and whether it is ready."""
    up = is_true(node.status.conditions, "Ready")
    cordoned = ",SchedulingDisabled" if node.spec.unschedulable else ""
    return ("Ready" if up else "NotReady") + cordoned, up


def told_of(looks: Counter[str], nodes: int, now: float) -> str:
    """The drawing in words.

    `looks` counts the Pods of each look, `nodes` is the number of nodes, `now` the simulated time
    (s).
    """
    told = ", ".join(f"{looks[look]} {look}" for look in LOOKS if looks[look])
    return f"{nodes} nodes at {now:.0f} simulated seconds; Pods: {told or 'none'}"
