"""What runs on each node: the kubelet and kube-proxy (chapters 06 and 07)."""

from course_lib.node.kubelet import Kubelet
from course_lib.node.proxy import KubeProxy

__all__ = ["KubeProxy", "Kubelet"]
