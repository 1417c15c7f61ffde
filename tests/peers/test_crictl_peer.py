"""crictl in Python beside the real one, on the same simulated runtime."""

from __future__ import annotations

import pytest

from tests.peers import crictl_peer as peer
from tests.peers import critools_peer as tools
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())
LEAST = 120


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    tools.build_tools()


def test_what_is_typed_prints_the_same_as_with_the_real_one(tmp_path, capsys):
    looks, differences = peer.LOOKS[1:].splitlines(), []
    with tools.served("containerd", tmp_path, speed=1.0) as socket:
        stage = peer.Stage(socket, tmp_path)
        for line in looks:
            same, real, ours = peer.equal(stage, line)
            if not same:
                differences.append((line, real, ours))
        stage.pairs()
        for line, other in peer.CHANGES:
            same, real, ours = peer.equal(stage, line, other, looks=1)
            if not same:
                differences.append((line, real, ours))
    count = len(looks) + len(peer.CHANGES)
    with capsys.disabled():
        print(f"\ncrictl: {count - len(differences)} of {count} invocations print the same")
    assert differences == []
    assert count >= LEAST
