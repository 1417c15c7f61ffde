"""Clients: a steady stream of requests to a Service, and the outcome of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.network import Network
from course_lib.node import Kubelet, KubeProxy

if TYPE_CHECKING:
    import pandas as pd

Target = Callable[[KubeProxy], tuple[str, str, int]]
TIMEOUT = 5.0  # s that a client waits for an answer
MOST_REQUESTS = 10_000  # a second: each is simulated by itself


class Load:
    """Requests at a constant rate, by way of each node in turn; each is sent once.

    `target` says for each node from where, to which address and port to send; `rate` (requests a
    second) may be changed at any time; `stop` ends it. `sim` has the time, `network` carries the
    requests, `nodes` are the kubelets with their kube-proxies. Raises `CourseError` for a rate out
    of bounds.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        nodes: Sequence[tuple[Kubelet, KubeProxy]],
        target: Target,
        rate: float,
    ) -> None:
        if not 0 < rate <= MOST_REQUESTS:
            expected = f"more than 0 requests a second, at most {MOST_REQUESTS}"
            raise CourseError("a load has a rate", expected=expected, found=str(rate))
        self.sim, self.network, self.nodes = sim, network, nodes
        self.target, self.rate = target, rate
        self.times: list[float] = []
        self.latencies: list[float] = []  # NaN where there was no answer
        self.backends: list[str] = []
        self.running = True
        sim.start(self._run())

    @property
    def sent(self) -> int:
        """Requests so far."""
        return len(self.times)

    @property
    def failed(self) -> int:
        """Requests without an answer in time."""
        return sum(latency != latency for latency in self.latencies)

    def stop(self) -> None:
        """Send no more."""
        self.running = False

    def table(self) -> pd.DataFrame:
        """One row a request: TIME (s), BACKEND (Pod address), LATENCY (s), OK."""
        import pandas as pd

        table = pd.DataFrame(
            {"TIME": self.times, "BACKEND": self.backends, "LATENCY": self.latencies}
        )
        table["OK"] = table["LATENCY"].notna()
        return table

    def _run(self) -> Process:
        turn = 0
        while self.running:
            on = [proxy for kubelet, proxy in self.nodes if kubelet.powered]
            if on:
                self._send(on[turn % len(on)])
                turn += 1
            yield self.sim.sleep(1 / self.rate)

    def _send(self, proxy: KubeProxy) -> None:
        backend, latency = self.network.request(*self.target(proxy))
        good = latency is not None and latency <= TIMEOUT
        self.times.append(round(self.sim.now, 6))
        self.backends.append(backend)
        self.latencies.append(latency if good and latency is not None else float("nan"))
