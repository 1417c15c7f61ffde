"""kube-controller-manager: control loops from the desired to the existing state (chapter 03)."""

from collections.abc import Callable
from functools import partial

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.autoscaler import AutoscalerController
from course_lib.controllers.certificate_cleaner import CertificateCleaner
from course_lib.controllers.certificate_signers import CertificateApprover, CertificateSigner
from course_lib.controllers.controller import Controller
from course_lib.controllers.cron_job import CronJobController
from course_lib.controllers.daemon_set import DaemonSetController
from course_lib.controllers.deployment import DeploymentController
from course_lib.controllers.disruption import DisruptionController
from course_lib.controllers.endpoint_mirroring import EndpointSliceMirroringController
from course_lib.controllers.endpoint_slices import EndpointSliceController
from course_lib.controllers.endpoints import EndpointsController
from course_lib.controllers.ephemeral_volumes import EphemeralVolumeController
from course_lib.controllers.flags import DEFAULTS, ControllerFlags, flags_of
from course_lib.controllers.garbage import GarbageCollector
from course_lib.controllers.job import JobController
from course_lib.controllers.job_orphans import JobPodController
from course_lib.controllers.metrics import MetricsServer, Reading
from course_lib.controllers.namespaces import (
    NamespaceController,
    RootCAPublisher,
    ServiceAccountController,
)
from course_lib.controllers.node_ipam import NodeIPAMController
from course_lib.controllers.node_lifecycle import NodeLifecycleController
from course_lib.controllers.pod_gc import PodGarbageCollector
from course_lib.controllers.provisioning import ExpandController, Provisioner, Resizer
from course_lib.controllers.replica_set import ReplicaSetController, ReplicationControllerController
from course_lib.controllers.resource_quota import ResourceQuotaController
from course_lib.controllers.stateful_set import StatefulSetController
from course_lib.controllers.taint_eviction import TaintEvictionController
from course_lib.controllers.volume_protection import (
    AttributesProtectionController,
    ClaimProtectionController,
    VolumeProtectionController,
)
from course_lib.controllers.volume_reclaim import ReclaimController
from course_lib.controllers.volumes import VolumeController
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
    JobPodController,
    CronJobController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    EndpointsController,
    VolumeController,
    ReclaimController,
    Provisioner,
    ExpandController,
    Resizer,
    EphemeralVolumeController,
    ClaimProtectionController,
    VolumeProtectionController,
    AttributesProtectionController,
    DisruptionController,
    ResourceQuotaController,
    CertificateApprover,
    CertificateSigner,
    CertificateCleaner,
    GarbageCollector,
)


def start_controllers(
    api: Client,
    metrics: MetricsServer,
    cidr: ClusterCIDR | None = None,
    own: Callable[[], Client] | None = None,
    flags: ControllerFlags = DEFAULTS,
) -> list[Controller]:
    """Start all of them; they share their informers, and meet at the API server.

    `api` is their client, `metrics` what the autoscaler reads, `cidr` the addresses of Pods;
    `own` makes a client for one of them, where each has its own; `flags` are those of the process.
    """
    informers = InformerFactory(api, renewals=False)  # the node controller asks for a Lease's end
    makers: dict[type[Controller], Callable[[Client, InformerFactory], Controller]] = {
        # The nodes that a cluster begins with have their addresses at once.
        NodeIPAMController: lambda _, informers: NodeIPAMController(api, informers, cidr),
        NodeLifecycleController: partial(NodeLifecycleController, rates=flags.rates),
        EndpointSliceController: partial(
            EndpointSliceController, per_slice=flags.max_endpoints_per_slice
        ),
    }
    own = own or (lambda: api)
    controllers = [makers.get(each, each)(own(), informers) for each in CONTROLLERS]
    return [*controllers, AutoscalerController(own(), informers, metrics)]


__all__ = [
    "CONTROLLERS",
    "DEFAULTS",
    "Controller",
    "ControllerFlags",
    "MetricsServer",
    "Reading",
    "flags_of",
    "start_controllers",
]
