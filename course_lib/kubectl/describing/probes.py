"""A probe in one line: what it asks, and its times in seconds.

Source: `DescribeProbe` in `pkg/describe/describe.go` of k8s.io/kubectl; Go's `net/url`.
"""

from __future__ import annotations

from urllib.parse import quote

from course_lib.kubectl.describing.values import go_list, host_port
from course_lib.objects.manifests import Document

UNESCAPED = "$&+,/:;=@~"  # in the path of a URL, beside letters, digits and -_.
TIMES = {
    "delay": "initialDelaySeconds",
    "timeout": "timeoutSeconds",
    "period": "periodSeconds",
}
THRESHOLDS = ("successThreshold", "failureThreshold")


def probe_text(probe: Document) -> str:
    """A liveness, readiness or startup probe.

    >>> probe_text({"tcpSocket": {"port": 80}, "periodSeconds": 5})
    'tcp-socket :80 delay=0s timeout=0s period=5s successThreshold=0 failureThreshold=0'
    """
    times = [f"{name}={probe.get(path, 0)}s" for name, path in TIMES.items()]
    thresholds = [f"{name}={probe.get(name, 0)}" for name in THRESHOLDS]
    return " ".join([_asks(probe), *times, *thresholds])


def _asks(probe: Document) -> str:
    if "exec" in probe:
        return f"exec {go_list(probe['exec'].get('command'))}"
    if "httpGet" in probe:
        return f"http-get {_url(probe['httpGet'])}"
    if "tcpSocket" in probe:
        socket = probe["tcpSocket"]
        return f"tcp-socket {socket.get('host', '')}:{socket.get('port', 0)}"
    if "grpc" in probe:
        return f"grpc <pod>:{probe['grpc'].get('port', 0)} {probe['grpc'].get('service', '')}"
    return "unknown"


def _url(get: Document) -> str:
    host = host_port(get.get("host", ""), get.get("port", 0))
    path = quote(get.get("path", ""), safe=UNESCAPED)
    if path and not path.startswith("/"):
        path = f"/{path}"
    return f"{get.get('scheme', '').lower()}://{host}{path}"
