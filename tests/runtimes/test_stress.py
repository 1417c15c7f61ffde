"""`stress` in a container: it uses what its command line says, and limits hold."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from course_lib.runtimes.stress import stress_load

MB = 2**20


@pytest.mark.parametrize(
    ("line", "cores", "memory", "seconds"),
    [
        ("stress --cpu 2", 2, MB, None),
        ("stress -c 1 -m 2 --vm-bytes 100M", 3, 201 * MB, None),
        ("stress --vm 1", 1, 257 * MB, None),
        ("stress --vm=1 --vm-bytes=1G --vm-hang 1 -t 5m", 0, 1025 * MB, 300),
        ("stress --timeout 20", 0, MB, 20),
        ("stress", 0, MB, None),
    ],
)
def test_a_command_line_says_what_is_used(line, cores, memory, seconds):
    load = stress_load(line.split())
    assert (load.cpu.highest, load.memory.highest, load.runs_for) == (cores, memory, seconds)


def pod(name, arguments, limits):
    container = {
        "name": "load",
        "image": "polinux/stress",
        "command": ["stress"],
        "args": arguments.split(),
        "resources": {"limits": limits},
    }
    spec = {"containers": [container]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def test_a_container_that_takes_more_than_its_limit_is_killed():
    cluster = Cluster(nodes=1)
    taken = "--vm 1 --vm-bytes {} --vm-hang 1"
    cluster.kubectl("apply -f -", pod("much", taken.format("250M"), {"memory": "100Mi"}))
    cluster.kubectl("apply -f -", pod("little", taken.format("50M"), {"memory": "100Mi"}))
    cluster.kubectl("apply -f -", pod("busy", "--cpu 2", {"cpu": "500m"}))
    cluster.run(80)
    assert "OOMKilled" in cluster.kubectl("get pod much").stdout
    assert cluster.kubectl("get pod little --no-headers").stdout.split()[2:4] == ["Running", "0"]
    used = [line.split() for line in cluster.kubectl("top pods --no-headers").stdout.splitlines()]
    assert ["busy", "500m", "1Mi"] in used and ["little", "0m", "51Mi"] in used
