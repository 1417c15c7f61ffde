"""kube-controller-manager: control loops from the desired to the existing state (chapter 03)."""

from collections.abc import Callable
from functools import partial

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.autoscaler import AutoscalerController
from course_lib.controllers.controller import Controller
from course_lib.controllers.cron_job import CronJobController
from course_lib.controllers.daemon_set import DaemonSetController
from course_lib.controllers.deployment import DeploymentController
from course_lib.controllers.disruption import DisruptionController
from course_lib.controllers.endpoint_mirroring import EndpointSliceMirroringController
from course_lib.controllers.endpoint_slices import EndpointSliceController
from course_lib.controllers.endpoints import EndpointsController
from course_lib.controllers.garbage import GarbageCollector
from course_lib.controllers.job import JobController
from course_lib.controllers.metrics import MetricsServer, Reading
from course_lib.controllers.namespaces import (
    NamespaceController,
    ResourceQuotaController,
    RootCAPublisher,
    ServiceAccountController,
)
from course_lib.controllers.node_lifecycle import (
    NodeIPAMController,
    NodeLifecycleController,
    TaintEvictionController,
)
from course_lib.controllers.pod_gc import PodGarbageCollector
from course_lib.controllers.replica_set import ReplicaSetController, ReplicationControllerController
from course_lib.controllers.stateful_set import StatefulSetController
from course_lib.controllers.volume_protection import (
    ClaimProtectionController,
    VolumeProtectionController,
)
from course_lib.controllers.volumes import ReclaimController, VolumeController
from course_lib.network import ClusterCIDR

CONTROLLERS: tuple[type[Controller], ...] = (
    NamespaceController,
    ServiceAccountController,
    RootCAPublisher,
    NodeIPAMController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGarbageCollector,
    DeploymentController,
    ReplicaSetController,
    ReplicationControllerController,
    StatefulSetController,
    DaemonSetController,
    JobController,
    CronJobController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    EndpointsController,
    VolumeController,
    ReclaimController,
    ClaimProtectionController,
    VolumeProtectionController,
    DisruptionController,
    ResourceQuotaController,
    GarbageCollector,
)


def start_controllers(
    api: Client, metrics: MetricsServer, cidr: ClusterCIDR | None = None
) -> list[Controller]:
    """Start all of them; they share their informers, and meet at the API server.

    `api` is their client, `metrics` what the autoscaler reads, `cidr` the addresses of Pods.
    """
    informers = InformerFactory(api)
    makers: dict[type[Controller], Callable[[Client, InformerFactory], Controller]] = {
        NodeIPAMController: partial(NodeIPAMController, cidr=cidr)
    }
    controllers = [makers.get(each, each)(api, informers) for each in CONTROLLERS]
    return [*controllers, AutoscalerController(api, informers, metrics)]


__all__ = ["CONTROLLERS", "Controller", "MetricsServer", "Reading", "start_controllers"]
