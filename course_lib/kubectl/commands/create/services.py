"""`kubectl create service`: of the types ClusterIP, ExternalName, LoadBalancer and NodePort.

Source: kubectl `pkg/cmd/create/create_service.go`.
"""

from __future__ import annotations

from course_lib.command_line.values import ValueProblem, integer
from course_lib.kubectl.commands.create.making import Make, namespaced
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document
from course_lib.objects.validation.formats import port_name, port_number, subdomain

HEADLESS = "None"


def of_type(type: str) -> Make:
    """The function that makes a Service of a `type`."""
    return lambda call, name: _service(call, name, type)


def _service(call: Invocation, name: str, type: str) -> Document:
    flags = call.flags
    address = flags.text("clusterip") if "clusterip" in flags.values else ""
    outside = flags.text("external-name") if "external-name" in flags.values else ""
    if address != HEADLESS and not flags.texts("tcp") and type != "ExternalName":
        raise CommandError("at least one tcp port specifier must be provided")
    if type == "ExternalName" and subdomain(outside):
        raise CommandError(f"invalid service external name {outside}")
    node_port = flags.number("node-port") if "node-port" in flags.values else 0
    made = namespaced(call, "v1", "Service", name)
    labels = {"app": name}
    made["metadata"]["labels"] = labels
    spec: Document = {"type": type, "selector": labels}
    if ports := [_port(text, node_port) for text in flags.texts("tcp")]:
        spec["ports"] = ports
    if outside:
        spec["externalName"] = outside
    if address:
        spec["clusterIP"] = address
    return made | {"spec": spec}


def _port(text: str, node_port: int) -> Document:
    """A port of `<port>:<targetPort>`; raises `CommandError` (`parsePorts`)."""
    first, colon, rest = text.partition(":")
    port = _number(first)
    target: int | str = port
    if colon:
        second = rest.partition(":")[0]
        try:
            target = integer(second, 64)
            problems = port_number(target)
        except ValueProblem:
            target, problems = second, port_name(second)
        if problems:
            raise CommandError(",".join(problems))
    named = {"name": text.replace(":", "-"), "port": port, "protocol": "TCP", "targetPort": target}
    return named | ({"nodePort": node_port} if node_port else {})


def _number(text: str) -> int:
    """A port, or 0 (`ParsePort`)."""
    if not text.isascii() or not text.isdigit():
        raise CommandError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) > 65535:
        raise CommandError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)
