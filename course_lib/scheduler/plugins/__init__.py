"""The plugins of the default profile, one module each."""

from course_lib.scheduler.plugins.default_binder import DefaultBinder
from course_lib.scheduler.plugins.default_preemption import DefaultPreemption
from course_lib.scheduler.plugins.image_locality import ImageLocality
from course_lib.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from course_lib.scheduler.plugins.node_affinity import NodeAffinityPlugin
from course_lib.scheduler.plugins.node_name import NodeName
from course_lib.scheduler.plugins.node_ports import NodePorts
from course_lib.scheduler.plugins.node_resources_balanced_allocation import (
    NodeResourcesBalancedAllocation,
)
from course_lib.scheduler.plugins.node_resources_fit import NodeResourcesFit
from course_lib.scheduler.plugins.node_unschedulable import NodeUnschedulable
from course_lib.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from course_lib.scheduler.plugins.pod_topology_spread import PodTopologySpread
from course_lib.scheduler.plugins.priority_sort import PrioritySort
from course_lib.scheduler.plugins.scheduling_gates import SchedulingGates
from course_lib.scheduler.plugins.taint_toleration import TaintToleration
from course_lib.scheduler.plugins.volume_binding import VolumeBinding
from course_lib.scheduler.plugins.volume_restrictions import VolumeRestrictions
from course_lib.scheduler.plugins.volume_zone import VolumeZone

__all__ = [
    "DefaultBinder",
    "DefaultPreemption",
    "ImageLocality",
    "InterPodAffinity",
    "NodeAffinityPlugin",
    "NodeName",
    "NodePorts",
    "NodeResourcesBalancedAllocation",
    "NodeResourcesFit",
    "NodeUnschedulable",
    "NodeVolumeLimits",
    "PodTopologySpread",
    "PrioritySort",
    "SchedulingGates",
    "TaintToleration",
    "VolumeBinding",
    "VolumeRestrictions",
    "VolumeZone",
]
