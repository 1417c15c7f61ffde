"""The defaults of a Pod's spec, wherever it stands (`pkg/apis/core/v1/defaults.go`)."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from course_lib.objects.image_names import Reference, reference_problem
from course_lib.objects.kinds.pod.disabled import drop_disabled
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
_EMPTY_SOURCES: Mapping[str, Document] = {  # where a field is left out or empty
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "iscsi": {"iscsiInterface": "default"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
# Where a field is left out; `pkg/apis/core/v1/zz_generated.defaults.go`.
_UNSET_SOURCES: Mapping[str, Document] = {
    "hostPath": {"type": ""},
    "azureDisk": {
        "cachingMode": "ReadWrite",
        "fsType": "ext4",
        "readOnly": False,
        "kind": "Shared",
    },
}
_GROUPS = ("initContainers", "containers", "ephemeralContainers")


def complete_pod_spec(spec: Document) -> None:
    """Write the defaults into a Pod's spec, in place; wrong shapes stay for decoding."""
    for key, value in POD_DEFAULTS.items():
        _default(spec, key, copy.deepcopy(value))
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in places(spec, "volumes[*]", create=False):
        _volume(volume)
    for group in _GROUPS:
        for container in places(spec, f"{group}[*]", create=False):
            _container(container)
    drop_disabled(spec)


def complete_pod(spec: Document) -> None:
    """Write the defaults of a Pod into its spec: those of every Pod's spec, and more, in place.

    Templates leave these out (`SetDefaults_Pod`).
    """
    complete_pod_spec(spec)
    grace = spec["terminationGracePeriodSeconds"]
    if isinstance(grace, int) and grace < 0:
        spec["terminationGracePeriodSeconds"] = 1
    _default(spec, "enableServiceLinks", True)
    for group in ("initContainers", "containers"):
        for container in places(spec, f"{group}[*]", create=False):
            for resources in places(container, "resources", create=False):
                _limits_as_requests(resources)
            if spec.get("hostNetwork") is True:
                for port in places(container, "ports[*]", create=False):
                    port["hostPort"] = port.get("hostPort") or port.get("containerPort", 0)


def _limits_as_requests(resources: Document) -> None:
    """A limit without a request is also the request."""
    limits = resources.get("limits")
    if limits and isinstance(limits, dict):
        _default(resources, "requests", {})
        requests = resources["requests"]
        for name, limit in limits.items() if isinstance(requests, dict) else ():
            requests.setdefault(name, limit)


def _volume(volume: Document) -> None:
    if all(volume[field] is None for field in volume if field != "name"):
        volume["emptyDir"] = {}
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        for source in places(volume, kind, create=False):
            _default(source, "defaultMode", MODE)
    complete_source(volume)
    for items in ("downwardAPI", "projected.sources[*].downwardAPI"):
        for item in places(volume, f"{items}.items[*]", create=False):
            _references(item)
    for token in places(volume, "projected.sources[*].serviceAccountToken", create=False):
        _default(token, "expirationSeconds", 3600)
    for template in places(volume, "ephemeral.volumeClaimTemplate", create=False):
        _default(template, "metadata", {})
        for claim in places(template, "spec"):
            _default(claim, "resources", {})
            _default(claim, "volumeMode", "Filesystem")
    for image in places(volume, "image", create=False):
        if isinstance(image.get("reference", ""), str):
            _default(image, "pullPolicy", pull_policy(image.get("reference", "")))


def complete_source(spec: Document) -> None:
    """Write the defaults of its source into a PersistentVolume's spec, or into a Pod's volume."""
    for table, empty in ((_EMPTY_SOURCES, (None, "")), (_UNSET_SOURCES, (None,))):
        for field, values in table.items():
            for source in places({"spec": spec}, f"spec.{field}", create=False):
                for name, value in values.items():
                    if source.get(name) in empty:
                        source[name] = value


def _references(source: Document) -> None:
    """What a variable or a file refers to."""
    for reference in places(source, "fieldRef", create=False):
        _default(reference, "apiVersion", "v1")
    for resource in places(source, "resourceFieldRef", create=False):
        _default(resource, "divisor", "0")
    for key in places(source, "fileKeyRef", create=False):
        _default(key, "optional", False)


def _default(place: Document, field: str, value: object) -> None:
    """A default where a field is absent, or empty text: in Go's types they are the same."""
    if place.get(field) in (None, ""):
        place[field] = value


def _get(action: Document) -> None:
    action["path"] = action.get("path") or "/"
    action["scheme"] = action.get("scheme") or "HTTP"


def _container(container: Document) -> None:
    if isinstance(container.get("image", ""), str):
        _default(container, "imagePullPolicy", pull_policy(container.get("image", "")))
    _default(container, "terminationMessagePath", "/dev/termination-log")
    _default(container, "terminationMessagePolicy", "File")
    _default(container, "resources", {})
    for port in places(container, "ports[*]", create=False):
        _default(port, "protocol", "TCP")
    for source in places(container, "env[*].valueFrom", create=False):
        _references(source)
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        for probe in places(container, name, create=False):
            for key, value in PROBE_DEFAULTS.items():
                probe[key] = probe.get(key) or value  # 0 is "not said"
            for get in places(probe, "httpGet", create=False):
                _get(get)
            for call in places(probe, "grpc", create=False):
                _default(call, "service", "")
    for hook in ("postStart", "preStop"):
        for get in places(container, f"lifecycle.{hook}.httpGet", create=False):
            _get(get)


def pull_policy(image: str) -> str:
    """`Always` for the tag latest, or for neither tag nor digest, else `IfNotPresent`.

    An `image` that cannot be read is `IfNotPresent` (`SetDefaults_Container`).
    """
    if reference_problem(image):
        return "IfNotPresent"
    return "Always" if Reference.parse(image).tag == "latest" else "IfNotPresent"
