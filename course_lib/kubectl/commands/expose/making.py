"""The Service that `kubectl expose` makes.

Source: `createService` of kubectl `pkg/cmd/expose/expose.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.command_line.values import ValueProblem, integer
from course_lib.kubectl.commands.create.policies import number_or_text
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.label_words import labels_of
from course_lib.objects.manifests import Document


class ServicePlan(msgspec.Struct):
    """What is known of the Service: by flags, or by the object that it is for.

    `port` is the one port, `ports` are several with commas; `protocols` are those of each port.
    """

    name: str
    default_name: str = ""
    selector: str = ""
    labels: str = ""
    port: str = ""
    ports: str = ""
    protocols: dict[str, list[str]] = {}


def service(call: Invocation, plan: ServicePlan) -> Document:
    """The Service of a `plan` with what the flags of the `call` say; raises `CommandError`."""
    if not plan.selector:
        raise CommandError("selector must be specified")
    selector, labels = labels_of(plan.selector), labels_of(plan.labels)
    name = plan.name or plan.default_name
    if not name:
        raise CommandError("name must be specified")
    ports = list(_ports(call, plan))
    target = call.flags.text("target-port")
    for port in ports:
        port["targetPort"] = number_or_text(target) if target else port["port"]
    meta = {"name": name} | ({"labels": labels} if labels else {})
    spec: Document = {"selector": selector} | ({"ports": ports} if ports else {})
    head = {"apiVersion": "v1", "kind": "Service", "metadata": meta}
    return head | {"spec": spec | _kind_of_service(call)}


def _kind_of_service(call: Invocation) -> Document:
    """What else the flags say of the Service."""
    flags, spec = call.flags, Document()
    if address := flags.text("external-ip"):
        spec["externalIPs"] = [address]
    if type := flags.text("type"):
        spec["type"] = type
    if flags.text("load-balancer-ip") and flags.text("type") == "LoadBalancer":
        spec["loadBalancerIP"] = flags.text("load-balancer-ip")
    if affinity := flags.text("session-affinity"):
        if affinity not in ("None", "ClientIP"):
            raise CommandError(f"unknown session affinity: {affinity}")
        spec["sessionAffinity"] = affinity
    if address := flags.text("cluster-ip"):
        spec["clusterIP"] = address
    return spec


def _ports(call: Invocation, plan: ServicePlan) -> Iterator[Document]:
    """The ports: several have names, and one with several protocols is one for each of them."""
    text = plan.ports or plan.port
    ports = text.split(",") if text else []
    for place, each in enumerate(ports, 1):
        number = _number(each)
        name = f"port-{place}" if len(ports) > 1 else ""
        chosen = call.flags.text("protocol")
        protocols = [chosen] if chosen else plan.protocols.get(each, ["TCP"])
        for protocol in protocols:
            full = f"port-{place}-{protocol.lower()}" if len(protocols) > 1 else name
            named = {"name": full} if full else {}
            yield named | {"port": number, "protocol": protocol}


def _number(text: str) -> int:
    try:
        if not text.lstrip("+-").isdecimal():
            raise ValueProblem
        return integer(text.lstrip("+"), 64)
    except ValueProblem:
        said = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise CommandError(said) from None
