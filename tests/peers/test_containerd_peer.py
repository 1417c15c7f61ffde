"""A Pod's life on a real containerd: what the simulated one says must be the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from course_lib.cri import CRIClient, simulated
from course_lib.images import Registry
from tests.cri.scenario import IMAGE, Scenario, tools_image
from tests.cri.test_scenario import ANSWERS
from tests.peers.containerd_peer import containerd, missing, settled
from tests.required import requires

pytestmark = requires(missing())
# Three answers of containerd 1.6 that containerd 2 gives differently; the simulated one follows 2.
# Stopping what is not there is no error, as critest demands. For a container in a stopped sandbox
# 2 looks at the sandbox's stored state (`sandbox container "..." is not running`, no code of its
# own), where 1.6 looked for its task (source: 2.3, `internal/cri/server/container_create.go`).
BEFORE_2 = {
    "StopContainer: unknown": "NotFound",
    "StopPodSandbox: unknown": "NotFound",
    "create: in a stopped sandbox": "NotFound",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with containerd(tmp_path_factory.mktemp("c")) as real:
        yield real


@pytest.fixture(scope="module")
def real(client: CRIClient, tmp_path_factory) -> dict:
    logs = tmp_path_factory.mktemp("logs")
    return Scenario(client, logs, settled, pull=False).play()


@pytest.fixture(scope="module")
def ours() -> dict:
    registry = Registry()
    registry.push(IMAGE, content=tools_image())
    simulation = simulated("containerd", registry)
    disk = simulation.transport.shim.runtime.disk
    return Scenario(simulation, Path("/logs"), lambda p: disk.read(str(p)), True).play()


def test_a_real_containerd_imports_what_the_builder_made(real):
    assert real["image: id"] == tools_image().variants[0].id
    assert real["image: tags"] == [IMAGE]
    assert real["default: log"] == ["hello from /srv\n", ""]


def test_a_whole_pod_life_is_the_same_on_the_real_containerd_and_the_simulated_one(
    client, real, ours
):
    version = client.call("Version").runtime_version
    old = version.startswith("1.")
    known = {k: v for k, v in BEFORE_2.items() if old and real[k] == v}
    assert {k: (v, ours[k]) for k, v in real.items() if v != ours[k] and k not in known} == {}
    assert len(real) == len(ours) >= 90


def test_the_stored_answers_are_those_of_the_real_one(real):
    assert {k: v for k, v in real.items() if k in ANSWERS and k not in BEFORE_2} == {
        k: v for k, v in ANSWERS.items() if k not in BEFORE_2
    }


def test_nothing_is_left_running(client, real):
    found = subprocess.run(["pgrep", "-f", "containerd-shim"], capture_output=True, text=True)
    socket = client.transport.path
    of_ours = [p for p in found.stdout.split() if socket in Path(f"/proc/{p}/cmdline").read_text()]
    assert of_ours == []
