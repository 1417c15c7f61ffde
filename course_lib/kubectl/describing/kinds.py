"""Which description each kind has, and in which version it is read.

Source: `describerMap` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from course_lib.kubectl.describing import (
    autoscaler,
    certificate_request,
    classes,
    config,
    csi_node,
    daemon_set,
    deployment,
    disruption_budget,
    endpoints,
    events,
    generic,
    ingress,
    job,
    namespace,
    network_policy,
    node,
    persistent_volume,
    persistent_volume_claim,
    pod,
    replica_set,
    roles,
    service,
    stateful_set,
    storage_class,
)
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.writing import Lines
from course_lib.kubectl.failures import RefusedRequest
from course_lib.kubectl.printers.tabwriter import tabbed
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.server import Path, ServerAPI
from course_lib.objects.manifests import Document

Body = Callable[[DescribedObject], Lines]
Events = Callable[[DescribedObject], list[Document]]
_ESCAPED = str.maketrans({"\x1b": "^[", "\r": "\\r"})  # what would change a terminal


class Describer(NamedTuple):
    """The description of a kind: in which versions of its group it can be read, and its lines.

    Of a kind without `events` nothing is said of them.
    """

    versions: dict[str, Body]
    events: Events | None = events.about_object


def _first(lines: Body, found: Events | None = events.about_object) -> Describer:
    return Describer({"v1": lines}, found)


DESCRIBERS: dict[str, Describer] = {
    "Pod": _first(pod.lines, pod.found_events),
    "ReplicationController": _first(replica_set.lines_of_replication_controller),
    "Secret": _first(config.lines_of_secret, None),
    "Service": _first(service.lines),
    "ServiceAccount": _first(config.lines_of_service_account),
    "Node": _first(node.lines, node.found_events),
    "LimitRange": _first(namespace.lines_of_range, None),
    "ResourceQuota": _first(namespace.lines_of_quota, None),
    "PersistentVolume": _first(persistent_volume.lines),
    "PersistentVolumeClaim": _first(persistent_volume_claim.lines),
    "Namespace": _first(namespace.lines, None),
    "Endpoints": _first(endpoints.lines),
    "ConfigMap": _first(config.lines_of_config_map),
    "EndpointSlice.discovery.k8s.io": _first(endpoints.lines_of_slice),
    "HorizontalPodAutoscaler.autoscaling": Describer(
        {"v2": autoscaler.lines, "v1": autoscaler.lines_of_first}
    ),
    "Ingress.networking.k8s.io": _first(ingress.lines),
    "IngressClass.networking.k8s.io": _first(ingress.lines_of_class),
    "ServiceCIDR.networking.k8s.io": Describer(
        dict.fromkeys(("v1", "v1beta1"), classes.lines_of_service_cidr)
    ),
    "IPAddress.networking.k8s.io": Describer(
        dict.fromkeys(("v1", "v1beta1"), classes.lines_of_ip_address)
    ),
    "NetworkPolicy.networking.k8s.io": _first(network_policy.lines, None),
    "Job.batch": _first(job.lines),
    "CronJob.batch": _first(job.lines_of_cron_job),
    "StatefulSet.apps": _first(stateful_set.lines),
    "Deployment.apps": _first(deployment.lines),
    "DaemonSet.apps": _first(daemon_set.lines),
    "ReplicaSet.apps": _first(replica_set.lines),
    "CertificateSigningRequest.certificates.k8s.io": _first(certificate_request.lines),
    "StorageClass.storage.k8s.io": _first(storage_class.lines),
    "CSINode.storage.k8s.io": _first(csi_node.lines),
    "VolumeAttributesClass.storage.k8s.io": _first(storage_class.lines_of_attributes_class),
    "PodDisruptionBudget.policy": _first(disruption_budget.lines),
    "Role.rbac.authorization.k8s.io": _first(roles.lines, None),
    "ClusterRole.rbac.authorization.k8s.io": _first(roles.lines, None),
    "RoleBinding.rbac.authorization.k8s.io": _first(roles.lines_of_binding, None),
    "ClusterRoleBinding.rbac.authorization.k8s.io": _first(roles.lines_of_binding, None),
    "PriorityClass.scheduling.k8s.io": _first(classes.lines_of_priority_class),
}


class Describing:
    """Describes objects of one server.

    `age` says how old a timestamp is; `show_events` adds what happened to an object; `chunk` is
    how many objects a list brings at once.
    """

    def __init__(
        self,
        server: ServerAPI,
        age: Callable[[str | None], str],
        show_events: bool = True,
        chunk: int = 500,
    ) -> None:
        self._server, self._age, self._chunk = server, age, chunk
        self._show_events = show_events

    def text(self, resource: Resource, namespace: str, name: str) -> str:
        """The description of one object; raises `RefusedRequest` where it cannot be read.

        `resource`, `namespace` and `name` say which.
        """
        kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
        other = Describer({resource.version: generic.lines})
        describer = DESCRIBERS.get(kind, other)
        version, document = self._read(describer, resource, namespace, name)
        subject = DescribedObject(document, self._server, self._age, self._chunk)
        found = describer.events(subject) if self._show_events and describer.events else None
        return _written(describer.versions[version](subject), subject, found)

    def _read(
        self, describer: Describer, resource: Resource, namespace: str, name: str
    ) -> tuple[str, Document]:
        """The object in the first version that the server has, with that version."""
        for version in describer.versions:
            full = f"{resource.group}/{version}" if resource.group else version
            space = namespace if resource.namespaced else ""
            try:
                return version, self._server.get(Path(full, resource.plural, space, name))
            except RefusedRequest as refusal:
                problem = refusal
        raise problem


def _written(lines: Lines, subject: DescribedObject, found: list[Document] | None) -> str:
    """Lines with their cells aligned; a table of events is aligned by itself."""
    parts = ["\n".join(lines)]
    if found is not None:
        of_events = "\n".join(events.lines(subject, found))
        parts = [*parts, of_events] if found else [f"{parts[0]}\n{of_events}"]
    return "".join(tabbed(f"{part}\n".translate(_ESCAPED)) for part in parts)
