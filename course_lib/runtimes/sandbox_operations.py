"""Sandboxes: made with their network, stopped, removed; done twice is done.

Source: containerd 2.3, `internal/cri/server/sandbox_run.go` and its neighbours.
"""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.network import AddressPool
from course_lib.runtimes.base import Base, Operation
from course_lib.runtimes.errors import TRIED, RuntimeFault
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.spec import SandboxSpec


class SandboxOperations(Base):
    """What a runtime does with sandboxes."""

    def set_address_block(self, cidr: str) -> None:
        """The node's block of Pod addresses, as the kubelet tells it."""
        if cidr and (self.pool is None or str(self.pool.network) != cidr):
            self.pool = AddressPool(cidr)
            if self.node in self.network.hosts:
                self.network.start_node(self.node, [cidr])

    def run_sandbox(self, spec: SandboxSpec) -> Operation:
        """Make a sandbox: namespaces, network, and whatever this runtime needs to hold them."""
        self.check()
        id = self._id(spec.key)
        self._reserve("sandbox", spec.key, id)
        sandbox = Sandbox(id, self._count, spec, self.sim.now)
        try:
            yield from self._take("RunPodSandbox")
            if not sandbox.host_network:
                sandbox.ip = self._address(sandbox)
        except BaseException:
            self._names.pop(spec.key, None)
            raise
        sandbox.ready = True
        self.sandboxes[id] = sandbox
        if sandbox.ip:
            self.network.attach(sandbox.ip, sandbox)
        return sandbox

    def _address(self, sandbox: Sandbox) -> str:
        failed = f'failed to setup network for sandbox "{sandbox.id}"'
        if self.pool is None:
            raise RuntimeFault("Unknown", f"{failed}: cni plugin not initialized")
        try:
            pod = f"{sandbox.spec.namespace}/{sandbox.spec.name}"
            return self.network.add(self.node, sandbox.id, pod, self.pool)
        except CourseError as error:
            text = f'{failed}: plugin type="host-local" failed (add): {error.what}: {error.where}'
            raise RuntimeFault("Unknown", text) from error

    def sandbox(self, id: str, said: str = TRIED) -> Sandbox:
        """A sandbox by its ID; raises `RuntimeFault` (`said`: see `not_found`)."""
        return self.sandboxes[self._full(id, self.sandboxes, "sandbox", said)]

    def stop_sandbox(self, id: str) -> Operation:
        """Stop what is in a sandbox, at once, and give its address back; done twice is done."""
        self.check()
        sandbox = self._maybe(id, self.sandboxes)
        if sandbox is None:
            return
        yield from self._take("StopPodSandbox")
        for container in list(sandbox.containers.values()):
            container.stop(0)
        yield self.sim.sleep(0)  # they are killed within this instant
        self._lose(sandbox)

    def _lose(self, sandbox: Sandbox) -> None:
        sandbox.ready = False
        if sandbox.ip and self.network.at(sandbox.ip) is sandbox:
            self.network.detach(sandbox.ip)
            self.network.delete(self.node, sandbox.id, sandbox.ip, self.pool)

    def remove_sandbox(self, id: str) -> Operation:
        """Remove a sandbox and the containers in it; done twice is done."""
        self.check()
        sandbox = self._maybe(id, self.sandboxes)
        if sandbox is None:
            return
        yield from self.stop_sandbox(id)
        for container in list(sandbox.containers.values()):
            self._forget(container)
        self.sandboxes.pop(sandbox.id, None)
        self._names.pop(sandbox.spec.key, None)
