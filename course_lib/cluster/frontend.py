"""The ways to the API servers of a control plane on machines.

A client connects through the load balancer where there is one; a machine's own components connect
to the API server beside them, as kubeadm sets them up.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import Unauthorized, Unreachable
from course_lib.apiserver.load_balancer import LoadBalancer, refused
from course_lib.cluster.layout import Layout
from course_lib.cluster.processes import APIServerProcess
from course_lib.engine import Simulation, timestamp
from course_lib.network import Links

Certificates = dict[tuple[str, str], float]  # (machine, name) to when it ends (simulated s)


class APIFrontend:
    """How clients reach an API server: by machine, through cut links and expired certificates.

    `servers` holds the API server's process of each control plane machine. `sim` has the time,
    `layout` says which machines there are.
    """

    def __init__(
        self,
        sim: Simulation,
        layout: Layout,
        links: Links,
        certificates: Certificates,
        servers: Mapping[str, APIServerProcess],
    ) -> None:
        self.sim, self.layout, self.links = sim, layout, links
        self.certificates, self.servers = certificates, servers
        self.balancer: LoadBalancer | None = None
        if layout.balancer:
            self.balancer = LoadBalancer(
                sim, layout.control_planes, self._looks_ready, f"{layout.balancer}:6443"
            )

    def pick(self, client: str) -> APIServer:
        """An API server for a new connection; raises `Unreachable`."""
        if self.balancer is None:
            machine = self.layout.control_planes[0]
            return self.connect(client, machine, f"{machine}:6443")
        if not self.links.open(client, self.layout.balancer):
            raise refused(self.balancer.address)
        chosen = self._chosen(self.balancer)
        return self.connect(self.layout.balancer, chosen, self.balancer.address)

    def _chosen(self, balancer: LoadBalancer) -> str:
        """The server in turn; when it refuses, the next (HAProxy's `option redispatch`)."""
        first = balancer.choose()
        server = self.servers[first].server
        return first if server is not None and server.up else balancer.choose()

    def connect(self, source: str, machine: str, address: str) -> APIServer:
        """A new connection from one machine to the API server on another; raises `Unreachable`.

        It goes from the machine `source` to `address`, where `machine` answers.
        """
        server, end = self.servers[machine].server, self.certificates[machine, "apiserver"]
        if server is None or not server.up or not self.links.open(source, machine):
            raise refused(address)
        if self.sim.now >= end:
            times = f"current time {timestamp(self.sim.now)} is after {timestamp(end)}"
            raise Unreachable(
                "Unable to connect to the server: tls: failed to verify certificate: x509: "
                f"certificate has expired or is not yet valid: {times}",
                do="renew the certificates: cluster.renew_certificates()",
            )
        return server

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether an established connection can still be used."""
        machine = next((name for name, each in self.servers.items() if each.server is server), "")
        if not machine or not server.up:
            return False
        if self.balancer is None:
            return self.links.open(client, machine)
        via = self.layout.balancer
        return self.balancer.up and self.links.open(client, via) and self.links.open(via, machine)

    def _looks_ready(self, machine: str) -> bool:
        """The load balancer's health check of one API server."""
        return self.links.open(self.layout.balancer, machine) and self.servers[machine].ready

    def local(self, machine: str, certificate: str) -> Local:
        """The way of a machine's own components: to the API server beside them.

        They show the certificate that they read when they started.
        """
        return Local(self, machine, self.certificates[machine, certificate])


class Local:
    """The way to the API server on the same machine, and to no other.

    `frontend` finds the server, `certificate_ends` is when the client's certificate ends (simulated
    s).
    """

    def __init__(self, frontend: APIFrontend, machine: str, certificate_ends: float) -> None:
        self.frontend, self.machine = frontend, machine
        self.certificate_ends = certificate_ends

    def pick(self, client: str) -> APIServer:
        """The API server beside; raises `Unauthorized` when the certificate has expired."""
        if not self._valid():
            raise Unauthorized("Unauthorized", do="start it again: it reads its certificate then")
        return self.frontend.connect(self.machine, self.machine, f"{self.machine}:6443")

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether it is still there, and still accepts the certificate, at each request."""
        own = self.frontend.servers[self.machine].server
        return self._valid() and server.up and own is server

    def _valid(self) -> bool:
        return self.frontend.sim.now < self.certificate_ends
