"""The built-in kinds that the course knows, in the words of `kubectl api-resources`."""

from __future__ import annotations

from course_lib.objects import cluster, pod, policy, services, storage, workloads
from course_lib.objects.kind import Kind, Kinds

RBAC = "rbac.authorization.k8s.io/v1"

BUILT_IN = Kinds(
    [
        Kind("Pod", "v1", "pods", pod.Pod, ("po",)),
        Kind("Node", "v1", "nodes", cluster.Node, ("no",), namespaced=False),
        Kind("Namespace", "v1", "namespaces", cluster.Namespace, ("ns",), namespaced=False),
        Kind(
            "Deployment",
            "apps/v1",
            "deployments",
            workloads.Deployment,
            ("deploy",),
            removed_versions={
                "extensions/v1beta1": "1.16",
                "apps/v1beta1": "1.16",
                "apps/v1beta2": "1.16",
            },
        ),
        Kind(
            "ReplicaSet",
            "apps/v1",
            "replicasets",
            workloads.ReplicaSet,
            ("rs",),
            removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta2": "1.16"},
        ),
        Kind(
            "ReplicationController",
            "v1",
            "replicationcontrollers",
            workloads.ReplicationController,
            ("rc",),
        ),
        Kind(
            "StatefulSet",
            "apps/v1",
            "statefulsets",
            workloads.StatefulSet,
            ("sts",),
            removed_versions={"apps/v1beta1": "1.16", "apps/v1beta2": "1.16"},
        ),
        Kind(
            "DaemonSet",
            "apps/v1",
            "daemonsets",
            workloads.DaemonSet,
            ("ds",),
            removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta2": "1.16"},
        ),
        Kind("ControllerRevision", "apps/v1", "controllerrevisions", workloads.ControllerRevision),
        Kind("Job", "batch/v1", "jobs", workloads.Job),
        Kind(
            "CronJob",
            "batch/v1",
            "cronjobs",
            workloads.CronJob,
            ("cj",),
            removed_versions={"batch/v1beta1": "1.25"},
        ),
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
            removed_versions={"storage.k8s.io/v1beta1": "1.22"},
        ),
        Kind("CSINode", "storage.k8s.io/v1", "csinodes", storage.CSINode, namespaced=False),
        Kind(
            "HorizontalPodAutoscaler",
            "autoscaling/v2",
            "horizontalpodautoscalers",
            workloads.HorizontalPodAutoscaler,
            ("hpa",),
            equal_versions=("autoscaling/v1",),
            removed_versions={"autoscaling/v2beta1": "1.25", "autoscaling/v2beta2": "1.26"},
        ),
        Kind(
            "PodDisruptionBudget",
            "policy/v1",
            "poddisruptionbudgets",
            policy.PodDisruptionBudget,
            ("pdb",),
            removed_versions={"policy/v1beta1": "1.25"},
        ),
        Kind(
            "PriorityClass",
            "scheduling.k8s.io/v1",
            "priorityclasses",
            cluster.PriorityClass,
            ("pc",),
            namespaced=False,
            removed_versions={"scheduling.k8s.io/v1beta1": "1.22"},
        ),
        Kind("ResourceQuota", "v1", "resourcequotas", policy.ResourceQuota, ("quota",)),
        Kind("LimitRange", "v1", "limitranges", policy.LimitRange, ("limits",)),
        Kind(
            "NetworkPolicy",
            "networking.k8s.io/v1",
            "networkpolicies",
            services.NetworkPolicy,
            ("netpol",),
            removed_versions={"extensions/v1beta1": "1.16"},
        ),
        Kind(
            "Ingress",
            "networking.k8s.io/v1",
            "ingresses",
            services.Ingress,
            ("ing",),
            removed_versions={"extensions/v1beta1": "1.22", "networking.k8s.io/v1beta1": "1.22"},
        ),
        Kind(
            "IngressClass",
            "networking.k8s.io/v1",
            "ingressclasses",
            services.IngressClass,
            namespaced=False,
            removed_versions={"networking.k8s.io/v1beta1": "1.22"},
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
        Kind("Event", "v1", "events", cluster.Event, ("ev",), equal_versions=("events.k8s.io/v1",)),
        Kind("Lease", "coordination.k8s.io/v1", "leases", cluster.Lease),
    ]
)


def kind_named(name: str) -> Kind:
    """The built-in kind of any name that `kubectl get` takes: `Pod`, `po`, `deployments.apps`.

    >>> kind_named("deploy").kind
    'Deployment'
    """
    return BUILT_IN.named(name)


def kind_of(api_version: str, kind: str) -> Kind:
    """The built-in kind of a document; raises `CourseError`, in kubectl's words, for any other.

    >>> kind_of("apps/v1", "Deployment").plural
    'deployments'
    """
    return BUILT_IN.of(api_version, kind)
