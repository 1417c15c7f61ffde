"""`kubectl port-forward`: a port of this machine that answers as a port of a Pod.

Source: kubectl `pkg/cmd/portforward/portforward.go`, `pkg/util/pod_port.go`, `service_port.go`.
"""

from __future__ import annotations

import ipaddress
import math

from course_lib.apiserver.pod_streams import PortsOfPod
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.forwarding import Forwarding, PortListener, wait_real
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import executable_pod
from course_lib.kubectl.selection import Wanted
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

NOT_RUNNING = "unable to forward port because pod is not running. Current status={}"
STAYS = (
    "(The ports stay open behind this cell until the program ends, or for --request-timeout; "
    "a real kubectl goes on until Ctrl-C.)\n"
)


def run(call: Invocation) -> None:
    """Open the ports; raises `CommandError`."""
    if len(call.args) < 2:
        raise call.usage_error("TYPE/NAME and list of ports are required for port-forward")
    name, *texts = call.args
    words = [name] if "/" in name else ["pods", name]
    owner = call.select(Wanted(words=words)).all()[0].document
    pod = executable_pod(call, owner)
    if owner.get("kind") == "Service":
        _refuse_udp(texts, owner, owner["spec"].get("ports") or [], "port")
        texts = [_of_service(text, owner, pod) for text in texts]
    else:
        ports = [port for each in pod["spec"]["containers"] for port in each.get("ports") or ()]
        _refuse_udp(texts, pod, ports, "containerPort")
        texts = [_of_pod(text, pod) for text in texts]
    meta = pod["metadata"]
    phase = call.server.get(Path("v1", "pods", meta["namespace"], meta["name"]))["status"]["phase"]
    if phase != "Running":
        raise CommandError(NOT_RUNNING.format(phase))
    addresses = _addresses(call.flags.texts("address"))
    _forward(call, pod, addresses, [Forwarding.read(text) for text in texts])


def _forward(
    call: Invocation, pod: Document, addresses: list[str], wanted: list[Forwarding]
) -> None:
    meta = pod["metadata"]
    try:
        ports = call.server.ports(
            Path("v1", "pods", meta["namespace"], meta["name"], "portforward")
        )
    except CommandError as refusal:
        raise CommandError(f"error upgrading connection: {refusal.message}") from None
    listeners = [found for each in wanted for found in _listeners(call, ports, addresses, each)]
    if not listeners:
        shown = " ".join(f"{{{each.local} {each.remote}}}" for each in wanted)
        raise CommandError(f"unable to listen on any of the requested ports: [{shown}]")
    limit = call.patience if call.flags.text("request-timeout") != "0" else math.inf
    if math.isinf(call.time.endless):
        wait_real(limit)
        for each in listeners:
            each.close()
        return
    if math.isfinite(limit) and "request-timeout" in call.flags.given:
        for each in listeners:
            each.close(after=limit)
    call.error(STAYS)


def _listeners(
    call: Invocation, ports: PortsOfPod, addresses: list[str], wanted: Forwarding
) -> list[PortListener]:
    """The listeners of one port, one at each address; what fails is told."""
    found: list[PortListener] = []
    failures: list[str] = []
    for address in addresses:
        try:
            made = PortListener(ports, address, wanted, call.out)
        except OSError as problem:
            place = f"[{address}]" if ":" in address else address
            kind = "tcp6" if ":" in address else "tcp4"
            why = (problem.strerror or str(problem)).lower()
            failures.append(
                f"unable to create listener: Error listen {kind} {place}:{wanted.local}: "
                f"bind: {why}"
            )
            continue
        place = f"[{address}]" if ":" in address else address
        call.out(f"Forwarding from {place}:{made.port} -> {wanted.remote}\n")
        wanted = Forwarding(made.port, wanted.remote)
        found.append(made)
    if not found:
        said = f"Listeners failed to create with the following errors: [{' '.join(failures)}]"
        call.error(f"Unable to listen on port {wanted.local}: {said}\n")
    return found


def _addresses(texts: list[str]) -> list[str]:
    """The addresses to listen at, sorted; `localhost` has two (`parseAddresses`)."""
    found: set[str] = set()
    for text in texts:
        if text == "localhost":
            found |= {"127.0.0.1", "::1"}
            continue
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise CommandError(f"{text} is not a valid IP") from None
        found.add(text)
    return sorted(found)


# Which port is meant


def _split(text: str) -> tuple[str, str]:
    parts = text.split(":")
    return (parts[0], parts[1]) if len(parts) == 2 else (parts[0], parts[0])


def _named(name: str, of: Document, ports: list[Document], field: str) -> int:
    for each in ports:
        if each.get("name") == name:
            return int(each[field])
    kind, title = of.get("kind", "Pod"), of["metadata"]["name"]
    raise CommandError(f"{kind} '{title}' does not have a named port '{name}'")


def _ports_of(pod: Document) -> list[Document]:
    groups = pod["spec"]["containers"], pod["spec"].get("initContainers") or ()
    return [port for group in groups for each in group for port in each.get("ports") or ()]


def _refuse_udp(texts: list[str], of: Document, ports: list[Document], field: str) -> None:
    """Raise `CommandError` for ports that speak UDP alone (`checkUDPPorts`)."""
    udp = {each[field] for each in ports if each.get("protocol") == "UDP"}
    udp -= {each[field] for each in ports if each.get("protocol", "TCP") == "TCP"}
    for text in texts:
        _, remote = _split(text)
        known = _ports_of(of) if field == "containerPort" else ports
        number = int(remote) if remote.isdecimal() else _named(remote, of, known, field)
        if number in udp:
            raise CommandError(f"UDP protocol is not supported for {remote}")


def _of_pod(text: str, pod: Document) -> str:
    local, remote = _split(text)
    if not remote:
        raise CommandError("remote port cannot be empty")
    number = remote
    if not remote.lstrip("+-").isdecimal():
        number = str(_named(remote, pod, _ports_of(pod), "containerPort"))
    return f"{local}:{number}" if local != remote else number


def _of_service(text: str, service: Document, pod: Document) -> str:
    local, remote = _split(text)
    ports = service["spec"].get("ports") or []
    if not remote.isdecimal():
        number = _named(remote, service, ports, "port")
        local = str(number) if local == remote else local
    else:
        number = int(remote)
    target = str(_target(service, ports, pod, number))
    return f"{local}:{target}" if local != target else target


def _target(service: Document, ports: list[Document], pod: Document, number: int) -> int:
    """The Pod's port behind a port of a Service (`LookupContainerPortNumberByServicePort`)."""
    for each in ports:
        if each["port"] != number:
            continue
        target = each.get("targetPort")
        if service["spec"].get("clusterIP") == "None" or not target:
            return number
        if isinstance(target, int):
            return target
        return _named(str(target), pod, _ports_of(pod), "containerPort")
    title = service["metadata"]["name"]
    raise CommandError(f"Service {title} does not have a service port {number}")


COMMANDS = {"port-forward": Command(run, frozenset({"address", "pod-running-timeout"}))}
