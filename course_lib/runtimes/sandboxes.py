"""Sandboxes: made with their network, stopped, removed; done twice is done.

Source: containerd 2.3, `internal/cri/server/sandbox_run.go` and its neighbours.
"""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.network import AddressPool, Network
from course_lib.network.addresses import NoAddress
from course_lib.runtimes.calls import Calls, CallStep, Operation
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.names import ByID, Names
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.spec import SandboxSpec

# s that a kubelet waits for a sandbox: twice its `runtimeRequestTimeout` (cri-client,
# `pkg/remote_runtime.go`). Simplified: that of a Pod that is deleted meanwhile is not cancelled.
RUN_TIMEOUT = 240.0
WAIT = CallStep("CNI plugin", "network", "wait for a free address", 10.0)


class Sandboxes(ByID[Sandbox]):
    """The sandboxes of one node, by ID, with addresses of the node's block in its `network`.

    `calls` are answered while the daemon is up; `names` finds IDs, `containers` are those in them.
    """

    def __init__(
        self, node: str, network: Network, calls: Calls, names: Names, containers: Containers
    ) -> None:
        super().__init__("sandbox")
        self._node, self._network, self._calls = node, network, calls
        self._names, self._containers = names, containers
        self.pool: AddressPool | None = None

    def set_address_block(self, cidr: str) -> None:
        """Set the node's block of Pod addresses, as the kubelet passes it on."""
        if cidr and (self.pool is None or str(self.pool.network) != cidr):
            self.pool = AddressPool(cidr)
            if self._node in self._network.hosts:
                self._network.start_node(self._node, [cidr])

    @property
    def network_ready(self) -> bool:
        """Whether the network plugin can give addresses: at once, or with the node's block."""
        return self.pool is not None or not self._network.uses_pod_cidr

    def run(self, spec: SandboxSpec) -> Operation[Sandbox]:
        """Make a sandbox: namespaces, network, and whatever this runtime needs to hold them."""
        self._calls.check()
        id, number = self._names.new_id(spec.key)
        self._names.reserve("sandbox", spec.key, id)
        sandbox = Sandbox(id, number, spec, self._calls.sim.now, self._node)
        try:
            yield from self._calls.take("RunPodSandbox")
            if not sandbox.host_network:
                sandbox.ip = yield from self._address(sandbox)
        except BaseException:
            self._names.release(spec.key)
            raise
        sandbox.ready = True
        self._held[id] = sandbox
        self._calls.change()
        if sandbox.ip:
            self._network.attach(sandbox.ip, sandbox)
        return sandbox

    def _address(self, sandbox: Sandbox) -> Operation[str]:
        """An address for a sandbox; the kubelet does not wait longer than `RUN_TIMEOUT`."""
        late = self._calls.sim.now + RUN_TIMEOUT
        while True:
            try:
                return self._added(sandbox)
            except NoAddress:
                if self._calls.sim.now >= late:
                    text = "context deadline exceeded"
                    raise RuntimeFault("DeadlineExceeded", text) from None
            yield from self._calls.step(WAIT)

    def _added(self, sandbox: Sandbox) -> str:
        """Have the network plugin add a sandbox; raises `NoAddress` where the plugin waits."""
        failed = f'failed to setup network for sandbox "{sandbox.id}"'
        if not self.network_ready:
            raise RuntimeFault("Unknown", f"{failed}: cni plugin not initialized")
        cause: CourseError
        try:
            pod = f"{sandbox.spec.namespace}/{sandbox.spec.name}"
            return self._network.add(self._node, sandbox.id, pod, self.pool)
        except NoAddress as error:
            if not error.said:
                raise
            said, cause = error.said, error
        except CourseError as error:
            said, cause = f"{error.what}: {error.where}", error
        text = f"{failed}: plugin {self._network.cni} failed (add): {said}"
        raise RuntimeFault("Unknown", text) from cause

    def stop(self, id: str) -> Operation[None]:
        """Stop what is in a sandbox, at once, and give its address back; done twice is done."""
        self._calls.check()
        sandbox = self.find(id)
        if sandbox is None:
            return
        yield from self._calls.take("StopPodSandbox")
        for container in self._containers.of(sandbox):
            container.stop(0)
        yield self._calls.sim.sleep(0)  # they are killed within this instant
        self._lose(sandbox)

    def remove(self, id: str) -> Operation[None]:
        """Remove a sandbox and the containers in it; done twice is done."""
        self._calls.check()
        sandbox = self.find(id)
        if sandbox is None:
            return
        yield from self.stop(id)
        for container in self._containers.of(sandbox):
            self._containers.forget(container)
        self._held.pop(sandbox.id, None)
        self._calls.change()
        self._names.release(sandbox.spec.key)

    def lose_all(self) -> None:
        """End every sandbox without a word: the power is gone, or the daemon that held them."""
        for sandbox in self.values():
            self._lose(sandbox)

    def clear(self) -> None:
        """Forget every sandbox."""
        self._held.clear()

    def _lose(self, sandbox: Sandbox) -> None:
        sandbox.ready = False
        sandbox.change()
        self._calls.change()
        if sandbox.ip and self._network.detach(sandbox.ip, sandbox):
            self._network.delete(self._node, sandbox.id, sandbox.ip, self.pool)
