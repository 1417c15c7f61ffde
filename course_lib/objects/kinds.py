"""The kinds of objects that the course knows, in the words of `kubectl api-resources`.

A kind that is not here is kept as written and warned of, as if somebody had installed a
CustomResourceDefinition for it.
"""

from __future__ import annotations

import msgspec

from course_lib.errors import CourseError
from course_lib.objects import cluster, pod, policy, services, storage, workloads
from course_lib.objects.meta import Object


class Kind(msgspec.Struct, frozen=True):
    """One row of `kubectl api-resources`, and the class of its typed view."""

    kind: str
    api_version: str
    plural: str
    type: type[Object] = Object
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    known: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """The name in `kubectl`'s messages: `deployment.apps`, `pod`."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()


RBAC = "rbac.authorization.k8s.io/v1"

KINDS = (
    Kind("Pod", "v1", "pods", pod.Pod, ("po",)),
    Kind("Node", "v1", "nodes", cluster.Node, ("no",), namespaced=False),
    Kind("Namespace", "v1", "namespaces", cluster.Namespace, ("ns",), namespaced=False),
    Kind("Deployment", "apps/v1", "deployments", workloads.Deployment, ("deploy",)),
    Kind("ReplicaSet", "apps/v1", "replicasets", workloads.ReplicaSet, ("rs",)),
    Kind(
        "ReplicationController",
        "v1",
        "replicationcontrollers",
        workloads.ReplicationController,
        ("rc",),
    ),
    Kind("StatefulSet", "apps/v1", "statefulsets", workloads.StatefulSet, ("sts",)),
    Kind("DaemonSet", "apps/v1", "daemonsets", workloads.DaemonSet, ("ds",)),
    Kind("ControllerRevision", "apps/v1", "controllerrevisions", workloads.ControllerRevision),
    Kind("Job", "batch/v1", "jobs", workloads.Job),
    Kind("CronJob", "batch/v1", "cronjobs", workloads.CronJob, ("cj",)),
    Kind("Service", "v1", "services", services.Service, ("svc",)),
    Kind("Endpoints", "v1", "endpoints", services.Endpoints, ("ep",)),
    Kind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", services.EndpointSlice),
    Kind("ConfigMap", "v1", "configmaps", policy.ConfigMap, ("cm",)),
    Kind("Secret", "v1", "secrets", policy.Secret),
    Kind(
        "PersistentVolume",
        "v1",
        "persistentvolumes",
        storage.PersistentVolume,
        ("pv",),
        namespaced=False,
    ),
    Kind(
        "PersistentVolumeClaim",
        "v1",
        "persistentvolumeclaims",
        storage.PersistentVolumeClaim,
        ("pvc",),
    ),
    Kind(
        "StorageClass",
        "storage.k8s.io/v1",
        "storageclasses",
        storage.StorageClass,
        ("sc",),
        namespaced=False,
    ),
    Kind("CSINode", "storage.k8s.io/v1", "csinodes", storage.CSINode, namespaced=False),
    Kind(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        "horizontalpodautoscalers",
        workloads.HorizontalPodAutoscaler,
        ("hpa",),
    ),
    Kind(
        "PodDisruptionBudget",
        "policy/v1",
        "poddisruptionbudgets",
        policy.PodDisruptionBudget,
        ("pdb",),
    ),
    Kind(
        "PriorityClass",
        "scheduling.k8s.io/v1",
        "priorityclasses",
        cluster.PriorityClass,
        ("pc",),
        namespaced=False,
    ),
    Kind("ResourceQuota", "v1", "resourcequotas", policy.ResourceQuota, ("quota",)),
    Kind("LimitRange", "v1", "limitranges", policy.LimitRange, ("limits",)),
    Kind(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        "networkpolicies",
        services.NetworkPolicy,
        ("netpol",),
    ),
    Kind("Ingress", "networking.k8s.io/v1", "ingresses", services.Ingress, ("ing",)),
    Kind(
        "IngressClass",
        "networking.k8s.io/v1",
        "ingressclasses",
        services.IngressClass,
        namespaced=False,
    ),
    Kind("ServiceAccount", "v1", "serviceaccounts", policy.ServiceAccount, ("sa",)),
    Kind("Role", RBAC, "roles", policy.Role),
    Kind("RoleBinding", RBAC, "rolebindings", policy.RoleBinding),
    Kind("ClusterRole", RBAC, "clusterroles", policy.ClusterRole, namespaced=False),
    Kind(
        "ClusterRoleBinding",
        RBAC,
        "clusterrolebindings",
        policy.ClusterRoleBinding,
        namespaced=False,
    ),
    Kind("Event", "v1", "events", cluster.Event, ("ev",)),
    Kind("Lease", "coordination.k8s.io/v1", "leases", cluster.Lease),
)

# Versions of these kinds that old manifests still carry, and the release that stopped serving them
# (kubernetes.io, "Deprecated API Migration Guide").
REMOVED_VERSIONS = {
    ("extensions/v1beta1", "Deployment"): "1.16",
    ("extensions/v1beta1", "DaemonSet"): "1.16",
    ("extensions/v1beta1", "ReplicaSet"): "1.16",
    ("extensions/v1beta1", "NetworkPolicy"): "1.16",
    ("extensions/v1beta1", "Ingress"): "1.22",
    ("apps/v1beta1", "Deployment"): "1.16",
    ("apps/v1beta1", "StatefulSet"): "1.16",
    ("apps/v1beta2", "Deployment"): "1.16",
    ("apps/v1beta2", "DaemonSet"): "1.16",
    ("apps/v1beta2", "ReplicaSet"): "1.16",
    ("apps/v1beta2", "StatefulSet"): "1.16",
    ("batch/v1beta1", "CronJob"): "1.25",
    ("policy/v1beta1", "PodDisruptionBudget"): "1.25",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "1.25",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "1.26",
    ("networking.k8s.io/v1beta1", "Ingress"): "1.22",
    ("networking.k8s.io/v1beta1", "IngressClass"): "1.22",
    ("storage.k8s.io/v1beta1", "StorageClass"): "1.22",
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): "1.22",
}
# Kinds that these versions have, and the course does not know: they are kept. In groups that are
# not Kubernetes' own any kind is, as if somebody had installed a CustomResourceDefinition for it.
UNKNOWN_KINDS: dict[str, tuple[str, ...]] = {
    "v1": ("ComponentStatus", "PodTemplate", "Status"),
    "autoscaling/v1": ("Scale",),
    "networking.k8s.io/v1": ("IPAddress", "ServiceCIDR"),
    "storage.k8s.io/v1": (
        "CSIDriver", "CSIStorageCapacity", "VolumeAttachment", "VolumeAttributesClass",
    ),
}  # fmt: skip
# Served beside the version that the course keeps, with the same fields as far as it acts on them.
EQUAL_VERSIONS = {("autoscaling/v1", "HorizontalPodAutoscaler"), ("events.k8s.io/v1", "Event")}

_BY_KIND = {kind.kind: kind for kind in KINDS}
_BY_NAME = {
    name: kind
    for kind in KINDS
    for name in (kind.kind.lower(), kind.plural, kind.resource, *kind.short_names)
}


def kind_named(name: str) -> Kind:
    """The kind of any name that `kubectl get` takes: `Pod`, `pods`, `po`, `deployment.apps`.

    >>> kind_named("deploy").kind
    'Deployment'
    """
    found = _BY_KIND.get(name) or _BY_NAME.get(name.lower())
    if found is None:
        raise CourseError(
            f"the server doesn't have a resource type {name!r}",
            expected="one of " + ", ".join(k.plural for k in KINDS),
            found=repr(name),
        )
    return found


def _kinds_in(api_version: str) -> list[str]:
    return [kind.kind for kind in KINDS if kind.api_version == api_version]


def kind_of(api_version: str, kind: str) -> Kind:
    """The kind of a document; one that the course does not know comes back marked so.

    Raises `CourseError`, in kubectl's words, for what no cluster of today's release serves: a kind
    in a version that does not have it, and versions that were removed (cli-runtime
    `pkg/resource/mapper.go`).

    >>> kind_of("example.com/v1", "Widget").known
    False
    """
    found = _BY_KIND.get(kind)
    if found and (api_version == found.api_version or (api_version, kind) in EQUAL_VERSIONS):
        return found
    removed = REMOVED_VERSIONS.get((api_version, kind))
    group = api_version.rpartition("/")[0]
    built_in = "." not in group or group in {k.group for k in KINDS}
    if removed or (built_in and kind not in UNKNOWN_KINDS.get(api_version, ())):
        do = f"write apiVersion: {found.api_version}" if found else ""
        if removed:
            do += f"; {api_version} is served no longer since Kubernetes {removed}"
        raise CourseError(
            f'no matches for kind "{kind}" in version "{api_version}"\n'
            "ensure CRDs are installed first",
            do=do or f"kinds of {api_version} are {', '.join(_kinds_in(api_version)) or 'none'}",
        )
    plural = kind.lower() + ("es" if kind.endswith(("s", "x", "ch", "sh")) else "s")
    return Kind(kind, api_version, plural, known=False)
