"""Node ports of a Service, and the port where a balancer asks nodes for endpoints.

Source: `initPortAllocation`, `updatePortAllocation` and `allocHealthCheckNodePort` in
`pkg/registry/core/service/storage/alloc.go`; `pkg/registry/core/service/portallocator`.
"""

from __future__ import annotations

from course_lib.apiserver.errors import APIError
from course_lib.apiserver.reader import Reader
from course_lib.objects.field_errors import InvalidObject, invalid
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document

NODE_PORTS = range(30000, 32768)
TAKEN = "provided port is already allocated"
OUTSIDE = (
    "provided port is not in the valid range. The range of valid ports is "
    f"{NODE_PORTS[0]}-{NODE_PORTS[-1]}"
)


class PortAllocation:
    """The node ports that one request takes for a `service`, beside those of all others.

    `api` reads the other Services. In a `dry` run any number is in the range.
    """

    def __init__(self, api: Reader, service: Document, dry: bool) -> None:
        self._api, self._service, self._dry = api, service, dry
        self._ports: list[Document] = service["spec"].get("ports") or []
        self._used: set[int] | None = None

    def give(self) -> None:
        """Ports for a new Service: one for each number that it serves, whatever the protocol."""
        given: dict[int, int] = {}
        for position, port in enumerate(self._ports):
            mine, served = port.get("nodePort"), port.get("port", 0)
            if not mine and not self._wanted:
                continue
            known = given.get(served)
            if known is None:
                asked = self._asked(served)
                number = asked if asked and self._take(position, asked) else self._free()
                port["nodePort"] = given[served] = number
            elif not mine:
                port["nodePort"] = known
            elif mine != known:
                self._take(position, mine)

    def give_changed(self, before: list[Document]) -> None:
        """Ports that the Service did not have `before` this change."""
        known = {port["nodePort"] for port in before if port.get("nodePort")}
        taken = set[int]()
        self._others().update(known)
        for position, port in enumerate(self._ports):
            number = port.get("nodePort")
            if number and number not in known and number not in taken:
                self._take(position, number)
                taken.add(number)
            elif not number and self._wanted:
                port["nodePort"] = self._free()

    def give_health_check(self) -> None:
        """The port where the balancer asks; raises `APIError` where it cannot be had."""
        spec = self._service["spec"]
        if number := spec.get("healthCheckNodePort"):
            if problem := self._problem(number):
                said = f"failed to allocate requested HealthCheck NodePort {number}: {problem}"
                raise APIError(f"Internal error occurred: {said}")
            self._others().add(number)
        else:
            spec["healthCheckNodePort"] = self._free()

    @property
    def _wanted(self) -> bool:
        """Whether ports that say nothing get a number."""
        spec = self._service["spec"]
        return spec["type"] == "NodePort" or bool(spec.get("allocateLoadBalancerNodePorts"))

    def _asked(self, served: int) -> int:
        asked = (port.get("nodePort") for port in self._ports if port.get("port", 0) == served)
        return next((number for number in asked if number), 0)

    def _others(self) -> set[int]:
        """The numbers that are taken, by others and by this request."""
        if self._used is None:
            meta = self._service["metadata"]
            mine = meta.get("namespace"), meta.get("name")
            specs = [each.spec for each in self._api.list(Service)
                     if (each.namespace, each.name) != mine]  # fmt: skip
            self._used = {port.node_port for spec in specs for port in spec.ports or ()}
            self._used |= {spec.health_check_node_port for spec in specs}
        return self._used

    def _problem(self, number: int) -> str:
        if number not in NODE_PORTS and not self._dry:
            return OUTSIDE
        return TAKEN if number in self._others() else ""

    def _take(self, position: int, number: int) -> bool:
        """Take the port that is asked for at a position; raises `InvalidObject`."""
        if problem := self._problem(number):
            path = f"spec.ports[{position}].nodePort"
            raise InvalidObject(self._service, [invalid(path, number, problem)])
        self._others().add(number)
        return True

    def _free(self) -> int:
        free = [number for number in NODE_PORTS if number not in self._others()]
        if not free:
            said = "failed to allocate a nodePort: range is full"
            raise APIError(f"Internal error occurred: {said}")
        number = self._api.sim.random("apiserver/node-port").choice(free)
        self._others().add(number)
        return number
