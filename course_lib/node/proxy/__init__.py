"""kube-proxy (chapter 07): what it knows, and the three ways in which it writes its rules."""

from course_lib.node.proxy.kube_proxy import MODES, KubeProxy
from course_lib.node.proxy.service_ports import ServicePortInfo, categorize

__all__ = ["MODES", "KubeProxy", "ServicePortInfo", "categorize"]
