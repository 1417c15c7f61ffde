"""The table of kubectl's commands and flags is that of the release."""

from __future__ import annotations

from tests.peers import golang, kubectl_commands_peer
from tests.required import requires

pytestmark = requires(golang.missing())


def test_the_table_has_the_commands_of_the_release():
    assert kubectl_commands_peer.TABLE.read_text() == kubectl_commands_peer.table()
