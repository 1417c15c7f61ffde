"""The defaults of a Pod's spec, wherever it stands (`pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import copy

from course_lib.objects.manifests import Document, places

PROBE_DEFAULTS = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}
MODE = 0o644  # of files in volumes
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
        _default(spec, key, copy.deepcopy(value))
    grace = spec["terminationGracePeriodSeconds"]
    if isinstance(grace, int) and grace < 0:
        spec["terminationGracePeriodSeconds"] = 1  # at once (`registry/core/pod/strategy.go`)
    for group in ("initContainers", "containers"):
        for container in places(spec, f"{group}[*]"):
            _container(container)


def complete_pod(spec: Document) -> None:
    """Write the defaults of a Pod into its spec: those of every Pod's spec, and more, in place.

    Templates leave these out, so that a Pod's spec in a template has fewer fields than the Pod
    (`SetDefaults_Pod`; in the real API server the volumes of a template are completed, too).
    """
    complete_pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in places(spec, "volumes[*]", create=False):
        _volume(volume)
    for group in ("initContainers", "containers"):
        for container in places(spec, f"{group}[*]", create=False):
            _variables(container)
            for hook in ("postStart", "preStop"):
                for get in places(container, f"lifecycle.{hook}.httpGet", create=False):
                    _get(get)
            if spec.get("hostNetwork") is True:
                for port in places(container, "ports[*]", create=False):
                    port["hostPort"] = port.get("hostPort") or port.get("containerPort", 0)


def _variables(container: Document) -> None:
    for source in places(container, "env[*].valueFrom", create=False):
        for reference in places(source, "fieldRef", create=False):
            _default(reference, "apiVersion", "v1")
        for resource in places(source, "resourceFieldRef", create=False):
            _default(resource, "divisor", "0")
        for key in places(source, "fileKeyRef", create=False):
            key.setdefault("optional", False)


def _volume(volume: Document) -> None:
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        for source in places(volume, kind, create=False):
            source.setdefault("defaultMode", MODE)
    for path in places(volume, "hostPath", create=False):
        path.setdefault("type", "")
    for items in ("downwardAPI", "projected.sources[*].downwardAPI"):
        for reference in places(volume, f"{items}.items[*].fieldRef", create=False):
            _default(reference, "apiVersion", "v1")
        for resource in places(volume, f"{items}.items[*].resourceFieldRef", create=False):
            _default(resource, "divisor", "0")
    for token in places(volume, "projected.sources[*].serviceAccountToken", create=False):
        token.setdefault("expirationSeconds", 3600)
    for claim in places(volume, "ephemeral.volumeClaimTemplate.spec", create=False):
        claim.setdefault("volumeMode", "Filesystem")
    for image in places(volume, "image", create=False):
        if isinstance(image.get("reference"), str):
            _default(image, "pullPolicy", pull_policy(image["reference"]))


def _default(place: Document, field: str, value: object) -> None:
    """A default where a field is absent, or empty text: in Go's types they are the same."""
    if place.get(field) in (None, ""):
        place[field] = value


def _get(action: Document) -> None:
    action["path"] = action.get("path") or "/"
    action["scheme"] = action.get("scheme") or "HTTP"


def _container(container: Document) -> None:
    image = container.get("image")
    if isinstance(image, str):
        _default(container, "imagePullPolicy", pull_policy(image))
    _default(container, "terminationMessagePath", "/dev/termination-log")
    _default(container, "terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    for port in places(container, "ports[*]"):
        _default(port, "protocol", "TCP")
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        for probe in places(container, name, create=False):
            for key, value in PROBE_DEFAULTS.items():
                probe[key] = probe.get(key) or value  # 0 is "not said"
            for get in places(probe, "httpGet", create=False):
                _get(get)
            for call in places(probe, "grpc", create=False):
                call.setdefault("service", "")
    # A limit without a request is also the request.
    limits = resources.get("limits") if isinstance(resources, dict) else None
    if limits and isinstance(limits, dict):
        requests = resources.setdefault("requests", {})
        if isinstance(requests, dict):
            for name, limit in limits.items():
                requests.setdefault(name, limit)


def pull_policy(image: str) -> str:
    """`Always` for the tag latest, or for neither tag nor digest, else `IfNotPresent`.

    An image that cannot be read, as one in capitals, is `IfNotPresent` (`pkg/util/parsers`).
    """
    name, _, digest = image.partition("@")
    path, colon, tag = name.rpartition("/")[2].partition(":")
    newest = tag == "latest" or (not colon and not digest)
    return "Always" if newest and path == path.lower() else "IfNotPresent"
