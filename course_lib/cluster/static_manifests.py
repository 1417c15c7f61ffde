"""The control plane's static Pods, as kubeadm writes them (their probes are left out).

Source: kubernetes.io "Implementation details" of kubeadm.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.manifests import Document
from course_lib.objects.release import ETCD as RELEASED_ETCD
from course_lib.objects.release import VERSION

ETCD, API_SERVER = "etcd", "kube-apiserver"
CONTROLLER_MANAGER, SCHEDULER = "kube-controller-manager", "kube-scheduler"
IMAGES = {
    ETCD: f"registry.k8s.io/etcd:{RELEASED_ETCD}-0",
    API_SERVER: f"registry.k8s.io/kube-apiserver:{VERSION}",
    CONTROLLER_MANAGER: f"registry.k8s.io/kube-controller-manager:{VERSION}",
    SCHEDULER: f"registry.k8s.io/kube-scheduler:{VERSION}",
}
REQUESTS = {
    ETCD: {"cpu": "100m", "memory": "100Mi"},
    API_SERVER: {"cpu": "250m"},
    CONTROLLER_MANAGER: {"cpu": "200m"},
    SCHEDULER: {"cpu": "100m"},
}
FLAGS = {
    ETCD: ["--data-dir=/var/lib/etcd"],
    API_SERVER: ["--etcd-servers={etcd}"],
    CONTROLLER_MANAGER: ["--leader-elect=true"],
    SCHEDULER: ["--leader-elect=true"],
}


def static_pod(component: str, etcd: list[str], more: Sequence[str] = ()) -> Document:
    """The manifest of one component; `etcd` are the addresses of the members it may ask.

    It has `more` flags than all clusters give it.
    """
    flags = [*(flag.format(etcd=",".join(etcd)) for flag in FLAGS[component]), *more]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": component,
            "namespace": "kube-system",
            "labels": {"component": component, "tier": "control-plane"},
        },
        "spec": {
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "containers": [
                {
                    "name": component,
                    "image": IMAGES[component],
                    "command": [component, *flags],
                    "resources": {"requests": REQUESTS[component]},
                }
            ],
        },
    }
