"""What the workers of one node share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.engine import Simulation
from course_lib.network import Network
from course_lib.node.admission import HeldResources
from course_lib.node.backoff import Backoff
from course_lib.node.container_options import ContainerOptions
from course_lib.node.images import ImageManager
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.machine import MachineInfo
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.pleg import PLEG
from course_lib.node.pod_state import PodState
from course_lib.node.resizes import Resizes
from course_lib.node.status_manager import StatusManager


class NodeParts(msgspec.Struct, frozen=True):
    """What the workers of one node share."""

    sim: Simulation
    machine: MachineInfo
    network: Network
    runtime: NodeRuntime
    images: ImageManager
    backoff: Backoff  # of crashed containers
    held: HeldResources
    options: ContainerOptions
    resizes: Resizes
    status: StatusManager
    events: KubeletEvents
    tell_address_block: Callable[[], str]
    pleg: Callable[[], PLEG]  # the one that looks at the present runtime
    stir: Callable[[], None]  # called when a worker starts or ends
    ended: Callable[[PodState], None]  # gets a Pod of which everything has stopped
