"""The real kubectl forwards ports: SPDY in a WebSocket, as it speaks to a real API server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from course_lib import Cluster
from tests.peers import golang, kubectl_peer
from tests.required import requires

pytestmark = requires(golang.missing())
LONGEST = 30  # real s


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kubectl_peer.build()


@pytest.fixture(params=[0, 10], ids=["time stands still", "time passes"])
def served(request):
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve(speed=request.param) as served:
        yield served


@contextmanager
def forwarding(served, home, *words):
    """The real kubectl with its ports open: the process, and a local port for each of the Pod."""
    running = subprocess.Popen(
        [str(kubectl_peer.KUBECTL), "port-forward", "--address=127.0.0.1", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HOME": str(home), "KUBECONFIG": served.kubeconfig(home / "kubeconfig")},
    )
    ports = {}
    try:
        for _ in words[1:]:
            line = running.stdout.readline()
            here, there = re.fullmatch(
                r"Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)\n", line
            ).groups()
            ports[int(there)] = int(here)
        yield running, ports
    finally:
        running.kill()
        running.communicate()


def fetch(port, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=LONGEST) as answer:
        return answer.read()


@pytest.mark.parametrize("what", ["deploy/web", "svc/web"])
def test_a_forwarded_port_answers_as_the_pod_does(served, tmp_path, what):
    with forwarding(served, tmp_path, what, ":80") as (running, ports):
        assert b"Welcome to nginx!" in fetch(ports[80])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(ports[80], "/nosuch")
        with ThreadPoolExecutor(8) as pool:  # connections share the tunnel
            pages = list(pool.map(lambda _: fetch(ports[80]), range(16)))
        assert len(set(pages)) == 1
        running.send_signal(signal.SIGINT)
        said, errors = running.communicate(timeout=LONGEST)
    assert said.count("Handling connection") == 18 and not errors
    assert running.returncode in (0, 130, -signal.SIGINT)


def test_where_nobody_listens_the_connection_is_lost(served, tmp_path):
    with forwarding(served, tmp_path, "deploy/web", ":80", ":81") as (running, ports):
        fetch(ports[80])
        with pytest.raises(OSError):
            fetch(ports[81])
        _, errors = running.communicate(timeout=LONGEST)
    first, *others = errors.splitlines()
    assert re.fullmatch(
        r'E.* portforward\.go:\d+\] "An error occurred forwarding" err="error forwarding port 81 '
        r"to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace "
        r"\\\"/var/run/netns/cni-[0-9a-f]{8}\\\": failed to connect to localhost:81 inside "
        r"namespace \\\"[0-9a-f]{64}\\\", IPv4: dial tcp4 127\.0\.0\.1:81: connect: connection "
        r"refused IPv6 dial tcp6 \[::1\]:81: connect: connection refused \" "
        rf"localPort={ports[81]} remotePort=81",
        first,
    )
    assert others == ["error: lost connection to pod"] and running.returncode == 1
