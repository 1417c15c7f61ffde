"""A DaemonSet: on how many nodes its Pods should run, and do.

Source: `DaemonSetDescriber` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing.counting import pods_status
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.describing.values import pairs, selector
from course_lib.kubectl.describing.writing import Lines, field

COUNTS = {
    "Desired Number of Nodes Scheduled": "desiredNumberScheduled",
    "Current Number of Nodes Scheduled": "currentNumberScheduled",
    "Number of Nodes Scheduled with Up-to-date Pods": "updatedNumberScheduled",
    "Number of Nodes Scheduled with Available Pods": "numberAvailable",
    "Number of Nodes Misscheduled": "numberMisscheduled",
}


def lines(daemon: DescribedObject) -> Lines:
    """All but the events; raises `RefusedRequest`."""
    chosen = selector(daemon.spec.get("selector"))
    yield field("Name", daemon.name)
    yield field("Namespace", daemon.namespace)
    yield field("Selector", chosen)
    yield field("Node-Selector", pairs(daemon.at("spec.template.spec.nodeSelector")))
    yield from daemon.marks()
    for title, name in COUNTS.items():
        yield f"{title}: {daemon.status.get(name, 0)}"
    yield field("Pods Status", pods_status(daemon, chosen))
    yield from template_lines(daemon.spec.get("template") or {})
