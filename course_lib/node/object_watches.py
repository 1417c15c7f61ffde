"""The objects that a node's Pods name, as their kubelet keeps them.

A kubelet watches only the ConfigMaps, Secrets and claims that its Pods name, each from its first
use until the last of these Pods has gone. It watches all Services.
Source: `pkg/kubelet/util/manager/watch_based_manager.go`; `pkg/kubelet/kubelet.go`
(`serviceLister`). The real kubelet gets claims from the API server each time.
"""

from __future__ import annotations

import base64
from typing import Any

from course_lib.client import Client
from course_lib.client.informer import Informer
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.config_map import ConfigMap
from course_lib.objects.kinds.secret import Secret
from course_lib.objects.kinds.service import Service
from course_lib.objects.meta import ObjectT
from course_lib.objects.selectors import parse_field_selector

Key = tuple[str, str, str]  # plural, namespace, name


class ObjectWatches:
    """Caches of the objects that the Pods of one node name."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services: Informer[Service] | None = None
        self._informers: dict[Key, Informer[Any]] = {}
        self._users: dict[Key, dict[str, None]] = {}  # UIDs of the Pods that name an object

    def start(self) -> None:
        """Read and watch the Services, once an API server is reached."""
        if self._services is None:
            self._services = Informer(self._client, Service)

    def stop(self) -> None:
        """Forget everything: the machine has lost its power."""
        for informer in self._informers.values():
            informer.stop()
        if self._services is not None:
            self._services.stop()
        self._services = None
        self._informers.clear()
        self._users.clear()

    def of(self, uid: str) -> PodObjects:
        """The objects as one Pod, by its UID, sees them."""
        return PodObjects(self, uid)

    def forget(self, uid: str) -> None:
        """A Pod has gone: what it alone named is watched no more."""
        for key, users in list(self._users.items()):
            users.pop(uid, None)
            if not users:
                self._informers.pop(key).stop()
                del self._users[key]

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace; none before an API server was reached."""
        return self._services.list(namespace) if self._services is not None else []

    def find(
        self, uid: str, kind: type[ObjectT] | str | Kind, name: str, namespace: str
    ) -> ObjectT | None:
        """The object of that name, or None; it is watched from now on for a Pod.

        `uid` is that Pod's; `kind`, `name` and `namespace` say which object.
        """
        key = self._client.resource(kind).resource, namespace, name
        if key not in self._informers:
            fields = parse_field_selector(f"metadata.name={name}")
            self._informers[key] = Informer(self._client, kind, fields, namespace)
        self._users.setdefault(key, {})[uid] = None
        found: ObjectT | None = self._informers[key].find(name, namespace)
        return found


class PodObjects:
    """The objects that one Pod names."""

    def __init__(self, watches: ObjectWatches, uid: str) -> None:
        self._watches, self._uid = watches, uid

    def find(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str) -> ObjectT | None:
        """The object of that name, or None."""
        return self._watches.find(self._uid, kind, name, namespace)

    def data(self, kind: str, name: str, namespace: str) -> dict[str, bytes] | None:
        """The values of a ConfigMap or a Secret by key; None where there is no such object.

        `kind` is one of these two names, `name` and `namespace` are the object's.
        """
        if kind == "Secret":
            secret = self.find(Secret, name, namespace)
            encoded = (secret.data or {}) if secret is not None else {}
            values = {key: base64.b64decode(value) for key, value in encoded.items()}
            return values if secret is not None else None
        config_map = self.find(ConfigMap, name, namespace)
        if config_map is None:
            return None
        return {key: str(value).encode() for key, value in (config_map.data or {}).items()}

    def files(self, kind: str, name: str, namespace: str) -> dict[str, bytes] | None:
        """What a volume of a ConfigMap or a Secret holds: its values, and what is no text.

        Variables come from `data` alone. `kind`, `name` and `namespace` are as there. Source:
        `MakePayload` in `pkg/volume/configmap/configmap.go`.
        """
        data = self.data(kind, name, namespace)
        if data is None or kind == "Secret":
            return data
        config_map = self.find(ConfigMap, name, namespace)
        binary = (config_map.binary_data or {}) if config_map is not None else {}
        return data | {key: base64.b64decode(value) for key, value in binary.items()}

    def services(self, namespace: str) -> list[Service]:
        """The Services of a namespace."""
        return self._watches.services(namespace)
