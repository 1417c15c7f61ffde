"""Things to click: live clusters, placement engines, the CRI, packets, rules, control planes."""

from course_lib.errors import extra

with extra("notebook"):
    import anywidget  # noqa: F401  (every widget needs one of the two)
    import ipywidgets  # noqa: F401

from course_lib.widgets.control_plane import ControlPlaneView as ControlPlane
from course_lib.widgets.live import LiveCluster
from course_lib.widgets.sequence import CallSequence
from course_lib.widgets.services import ServiceRules
from course_lib.widgets.swap import RuntimeSwap
from course_lib.widgets.tracer import PacketTracer
from course_lib.widgets.workbench import PackingWorkbench

__all__ = [
    "CallSequence",
    "ControlPlane",
    "LiveCluster",
    "PackingWorkbench",
    "PacketTracer",
    "RuntimeSwap",
    "ServiceRules",
]
