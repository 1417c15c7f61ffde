"""The plugins of the default profile, one module each, in kube-scheduler's order."""

from course_lib.scheduler.framework import Framework
from course_lib.scheduler.plugins.image_locality import ImageLocality
from course_lib.scheduler.plugins.node_affinity import NodeAffinity
from course_lib.scheduler.plugins.node_name import NodeName
from course_lib.scheduler.plugins.node_ports import NodePorts
from course_lib.scheduler.plugins.node_resources_fit import NodeResourcesFit
from course_lib.scheduler.plugins.node_unschedulable import NodeUnschedulable
from course_lib.scheduler.plugins.taint_toleration import TaintToleration
from course_lib.scheduler.plugins.volume_binding import VolumeBinding, VolumeLister


def default_framework(volumes: VolumeLister | None = None) -> Framework:
    """The default profile with the weights of `KubeSchedulerConfiguration` v1."""
    return Framework(
        [
            (NodeUnschedulable(), 0),
            (NodeName(), 0),
            (TaintToleration(), 3),
            (NodeAffinity(), 2),
            (NodePorts(), 0),
            (NodeResourcesFit(), 1),
            (VolumeBinding(volumes), 0),
            (ImageLocality(), 1),
        ]
    )


__all__ = [
    "ImageLocality",
    "NodeAffinity",
    "NodeName",
    "NodePorts",
    "NodeResourcesFit",
    "NodeUnschedulable",
    "TaintToleration",
    "VolumeBinding",
    "default_framework",
]
