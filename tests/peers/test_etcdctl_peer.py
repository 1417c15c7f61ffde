"""etcdctl and etcdutl beside the real ones: the same words, the same errors, the same codes."""

from __future__ import annotations

import pytest

from course_lib.objects.release import ETCD
from tests.peers import etcd_peer, etcdctl_peer, golang
from tests.peers.etcdctl_cases import STORY, WITHOUT_ONE, WITHOUT_QUORUM
from tests.required import requires

pytestmark = requires(golang.missing())
LEAST = 200


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    etcd_peer.build()
    etcdctl_peer.build()


def test_the_tools_are_of_the_minor_release_that_the_constant_names():
    minor = ETCD.rpartition(".")[0]
    for name in ("server", *etcdctl_peer.TOOLS):
        assert golang.version(f"go.etcd.io/etcd/{name}/v3").startswith(f"v{minor}.")


def test_what_is_typed_prints_the_same_as_with_the_real_ones(tmp_path, capsys):
    differences, count = [], 0
    with etcd_peer.members(tmp_path, 3) as members:
        story = etcdctl_peer.Story(members, tmp_path)
        for lines, gone in ((STORY, "etcd-3"), (WITHOUT_ONE, "etcd-2"), (WITHOUT_QUORUM, "")):
            for line in lines:
                count += 1
                real, ours = story.both(line)
                if etcdctl_peer.compared(real) != etcdctl_peer.compared(ours):
                    differences.append((line, real, ours))
            if gone:
                story.lose(gone, members)
    equal = count - len(differences)
    with capsys.disabled():
        print(f"\netcdctl and etcdutl: {equal} of {count} invocations print the same")
    assert differences == []
    assert equal >= LEAST
