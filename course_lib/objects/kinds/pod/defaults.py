"""The defaults of a Pod's spec, wherever it stands (`pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import copy

from course_lib.objects.manifests import Document
from course_lib.objects.places import places

PROBE_DEFAULTS = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


POD_DEFAULTS = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
}


def complete_pod_spec(spec: Document) -> None:
    """Write the defaults into a Pod's spec, in place; wrong shapes stay for decoding."""
    for key, value in POD_DEFAULTS.items():
        spec.setdefault(key, copy.deepcopy(value))
    grace = spec["terminationGracePeriodSeconds"]
    if isinstance(grace, int) and grace < 0:
        spec["terminationGracePeriodSeconds"] = 1  # at once (`registry/core/pod/strategy.go`)
    for group in ("initContainers", "containers"):
        for container in places(spec, f"{group}[*]"):
            _container(container)


def _container(container: Document) -> None:
    image = container.get("image")
    if isinstance(image, str):
        container.setdefault("imagePullPolicy", pull_policy(image))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    for port in places(container, "ports[*]"):
        port.setdefault("protocol", "TCP")
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        for probe in places(container, name, create=False):
            for key, value in PROBE_DEFAULTS.items():
                probe[key] = probe.get(key) or value  # 0 is "not said"
            for get in places(probe, "httpGet", create=False):
                get["path"] = get.get("path") or "/"
                get["scheme"] = get.get("scheme") or "HTTP"
    # A limit without a request is also the request.
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        requests = resources.setdefault("requests", {})
        if isinstance(requests, dict):
            for name, limit in resources["limits"].items():
                requests.setdefault(name, limit)


def pull_policy(image: str) -> str:
    """`Always` for the tag latest (or none), else `IfNotPresent`; a digest never changes."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"
