"""A container's environment: its variables, where their values come from, and the Services.

Source: `pkg/kubelet/kubelet_pods.go` (`makeEnvironmentVariables`, `getServiceEnvVarMap`),
`pkg/kubelet/envvars`, `pkg/fieldpath`, `pkg/api/v1/resource/helpers.go`; kubernetes.io "Define
Dependent Environment Variables".
"""

from __future__ import annotations

import json
import math
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence

import msgspec

from course_lib.node.object_watches import PodObjects
from course_lib.objects.derived import derived_from_all, derived_once
from course_lib.objects.kinds.pod import Container, EnvVarSource, Pod
from course_lib.objects.kinds.pod.requests import ZERO
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

MASTER = ("default", "kubernetes")  # the Service whose variables every container gets


class Place(msgspec.Struct, frozen=True):
    """Where a Pod runs: its address, the node's, and what the node has for Pods."""

    address: str
    node: str
    node_address: str
    allocatable: dict[str, Quantity] = {}


def environment(
    objects: PodObjects, pod: Pod, container: Container, place: Place
) -> tuple[tuple[str, str], ...]:
    """A container's variables, in the order in which they are declared, then the Services'.

    What cannot be resolved was found by `missing_config`, or is optional and left out. `objects`
    has ConfigMaps, Secrets and Services, `pod` is the container's, `place` says where it runs.
    """
    found: dict[str, str] = {}
    for source in container.env_from or ():
        for kind, named in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            data = objects.data(kind, named.name, pod.namespace) if named else None
            for key, value in (data or {}).items():
                found[f"{source.prefix}{key}"] = value.decode(errors="replace")
    linked = linked_services(objects, pod)
    services = _variables(linked)
    for variable in container.env or ():
        if variable.value or variable.value_from is None:
            found[variable.name] = expand(variable.value, ChainMap(found, services))
        else:
            resolved = _resolve(objects, pod, container, place, variable.value_from)
            if resolved is not None:
                found[variable.name] = resolved
    others = ((name, value) for name, value in services.items() if name not in found)
    return (*found.items(), *others) if found else _pairs(linked)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)`; what is not known stays, and `$$` is a plain `$`.

    >>> expand("$(A) $(B) $$(A)", {"A": "x"})
    'x $(B) $(A)'
    """

    def swap(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", swap, text)


def named(text: str) -> list[str]:
    """The variables that a text names, as `expand` reads it."""
    return [match[1] for match in re.finditer(r"\$\$|\$\(([^)]*)\)", text) if match[1] is not None]


def expanded(words: Sequence[str] | None, variables: Sequence[tuple[str, str]]) -> list[str]:
    """A command or its arguments, with `$(NAME)` replaced."""
    if not any("$" in word for word in words or ()):
        return list(words or ())
    known = dict(variables)
    return [expand(word, known) for word in words or ()]


def _resolve(
    objects: PodObjects, pod: Pod, container: Container, place: Place, source: EnvVarSource
) -> str | None:
    """The value that a source gives; None for an optional one that is not there."""
    if source.field_ref is not None:
        return field(pod, place, source.field_ref.field_path)
    if source.resource_field_ref is not None:
        return resource_field(pod, container, place, source.resource_field_ref)
    for kind, key in (("ConfigMap", source.config_map_key_ref), ("Secret", source.secret_key_ref)):
        data = objects.data(kind, key.name, pod.namespace) if key else None
        if key and data and key.key in data:
            return data[key.key].decode(errors="replace")
    return None


def field(pod: Pod, place: Place, path: str) -> str:
    """A field of the Pod, by its path in the downward API; empty where the Pod has none.

    `pod` runs at `place`.
    """
    labels, annotations = pod.metadata.labels or {}, pod.metadata.annotations or {}
    if match := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
        return (labels if match[1] == "labels" else annotations).get(match[2], "")
    return {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": pod.uid,
        "metadata.labels": _listed(labels),
        "metadata.annotations": _listed(annotations),
        "spec.nodeName": place.node,
        "spec.serviceAccountName": pod.spec.service_account_name or "default",
        "status.hostIP": place.node_address,
        "status.hostIPs": place.node_address,
        "status.podIP": place.address,
        "status.podIPs": place.address,
    }.get(path, "")


def _listed(pairs: Mapping[str, str]) -> str:
    return "\n".join(f"{key}={json.dumps(pairs[key], ensure_ascii=False)}" for key in sorted(pairs))


def resource_field(pod: Pod, container: Container, place: Place, source: Document) -> str:
    """A request or limit of a container in whole units of `divisor` (1 core, 1 byte), rounded up.

    A limit that is not set is what the node has for Pods. `pod` runs at `place`, `source` is the
    manifest's `resourceFieldRef`.
    """
    named = source.get("containerName", "")
    every = [*pod.spec.containers, *(pod.spec.init_containers or ())]
    container = next((each for each in every if each.name == named), container)
    which, _, resource = str(source.get("resource", "")).partition(".")
    limits, requests = container.resources.limits or {}, container.resources.requests or {}
    if which == "limits":
        amount = limits.get(resource, place.allocatable.get(resource, ZERO))
    else:
        amount = requests.get(resource, limits.get(resource, ZERO))
    divisor = Quantity(str(source.get("divisor") or "1"))
    divisor = divisor if divisor.milli else Quantity("1")
    return str(math.ceil(amount.milli / divisor.milli))


def linked_services(objects: PodObjects, pod: Pod) -> tuple[Service, ...]:
    """The Services of which variables tell a container, as they exist at its start.

    The API server's own Service always, those of the Pod's namespace unless `enableServiceLinks` is
    false.
    """
    namespace, name = MASTER
    linked = pod.spec.enable_service_links is not False
    services = objects.services(pod.namespace) if linked else []
    if pod.namespace != namespace or not linked:
        there = {each.name for each in services}
        masters = objects.services(namespace) if name not in there else []
        services = [*services, *(each for each in masters if each.name == name)]
    return tuple(services)


@derived_from_all(kept=16)
def _variables(services: tuple[Service, ...]) -> dict[str, str]:
    """The variables of Services, the same for all containers that start while these exist.

    Headless Services have none.
    """
    found: dict[str, str] = {}
    for service in sorted(services, key=lambda each: each.name):
        found |= _variables_of(service)
    return found


@derived_from_all(kept=16)
def _pairs(services: tuple[Service, ...]) -> tuple[tuple[str, str], ...]:
    """The same variables, as a container has them that declares none of its own."""
    return tuple(_variables(services).items())


@derived_once()
def _variables_of(service: Service) -> dict[str, str]:
    """`NAME_SERVICE_HOST` and its like, and those that Docker's links had."""
    address = service.spec.cluster_ip
    ports = service.spec.ports or ()
    if not address or address == "None" or not ports:
        return {}
    name = service.name.upper().replace("-", "_")
    found = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0].port)}
    for port in ports:
        if port.name:
            found[f"{name}_SERVICE_PORT_{port.name.upper().replace('-', '_')}"] = str(port.port)
    host = f"[{address}]" if ":" in address else address
    for number, port in enumerate(ports):
        protocol = port.protocol or "TCP"
        url = f"{protocol.lower()}://{host}:{port.port}"
        if number == 0:
            found[f"{name}_PORT"] = url
        prefix = f"{name}_PORT_{port.port}_{protocol}"
        found |= {
            prefix: url,
            f"{prefix}_PROTO": protocol.lower(),
            f"{prefix}_PORT": str(port.port),
            f"{prefix}_ADDR": address,
        }
    return found
