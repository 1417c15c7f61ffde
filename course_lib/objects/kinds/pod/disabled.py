"""Fields of features that are off in the release: the API server drops them in silence.

Source: `dropDisabledFields` in `pkg/api/pod/util.go`, with the defaults of `kube_features.go`.
"""

from __future__ import annotations

from course_lib.objects.manifests import Document, places

_OF_SPECS = ("evictionResponders", "schedulingGroup")
_USERS = (
    "secret", "configMap", "downwardAPI", "projected.sources[*].secret",
    "projected.sources[*].configMap", "projected.sources[*].downwardAPI",
)  # fmt: skip
_USERS_OF_SOURCES = ("serviceAccountToken", "clusterTrustBundle", "podCertificate")
_GETS = (
    "livenessProbe.httpGet", "readinessProbe.httpGet", "startupProbe.httpGet",
    "lifecycle.postStart.httpGet", "lifecycle.preStop.httpGet",
)  # fmt: skip
_CALLS = ("livenessProbe.grpc", "readinessProbe.grpc", "startupProbe.grpc")
OLD_ANNOTATIONS = tuple(
    f"pod.{stage}.kubernetes.io/init-container{what}"
    for stage in ("beta", "alpha")
    for what in ("s", "-statuses")
)


def drop_disabled(spec: Document) -> None:
    """Remove such fields from a Pod's spec, in place."""
    for field in _OF_SPECS:
        spec.pop(field, None)
    for volume in places(spec, "volumes[*]", create=False):
        _drop_of_volume(volume)
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in places(spec, f"{group}[*]", create=False):
            _drop_of_container(container)


def _drop_of_volume(volume: Document) -> None:
    for directory in places(volume, "emptyDir", create=False):
        directory.pop("mode", None)
    for path in _USERS:
        for source in places(volume, path, create=False):
            source.pop("defaultUser", None)
            for item in places(source, "items[*]", create=False):
                item.pop("user", None)
    for projected in places(volume, "projected", create=False):
        projected.pop("defaultUser", None)
        for name in _USERS_OF_SOURCES:
            for source in places(projected, f"sources[*].{name}", create=False):
                source.pop("user", None)


def _drop_of_container(container: Document) -> None:
    for mount in places(container, "volumeMounts[*]", create=False):
        mount.pop("bindMountOptions", None)
    for path in _GETS:
        for get in places(container, path, create=False):
            get.pop("protocol", None)
    for path in _CALLS:
        for call in places(container, path, create=False):
            call.pop("mode", None)
    for hooks in places(container, "lifecycle", create=False):
        if "stopSignal" in hooks:
            del hooks["stopSignal"]
            if not hooks:
                del container["lifecycle"]


def drop_annotations(meta: Document) -> None:
    """Remove the annotations of releases that had no field for init containers, in place."""
    annotations = meta.get("annotations")
    if isinstance(annotations, dict):
        for name in OLD_ANNOTATIONS:
            annotations.pop(name, None)
