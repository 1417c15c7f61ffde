"""One Pod's life, on all four simulated runtimes, in-process and over a socket.

`answers.json` holds what a real containerd 1.6 answered (`tests/peers/test_containerd_peer.py`
checks that it still does), but for the three answers that containerd 2 gives differently.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course_lib.cri import connect, simulated
from course_lib.cri.grpc_server import Server
from course_lib.cri.simulated import alone
from course_lib.images import Registry
from course_lib.runtimes import RUNTIMES
from course_lib.runtimes.files import HostFileSystem
from tests.cri.scenario import IMAGE, play_simulated, tools_image

ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text())


@pytest.fixture(scope="module")
def registry() -> Registry:
    made = Registry()
    made.push(IMAGE, content=tools_image())
    return made


def compare(observed: dict) -> None:
    assert {k: (v, observed.get(k)) for k, v in ANSWERS.items() if observed.get(k) != v} == {}
    assert observed["image: id"] == tools_image().variants[0].id


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_pods_life_is_the_same_on_every_runtime(name, registry):
    client = simulated(name, registry)
    disk = client.transport.shim.runtime.disk
    compare(play_simulated(client, Path("/logs"), lambda path: disk.read(str(path))))


def test_a_pods_life_is_the_same_over_a_socket(registry, tmp_path):
    runtime = alone("containerd", registry, disk=HostFileSystem())
    with Server(runtime, tmp_path / "cri.sock", speed=5.0):
        client = connect(str(tmp_path / "cri.sock"))
        compare(play_simulated(client, tmp_path / "logs", lambda p: Path(p).read_bytes()))
        client.close()
