"""The stored types of the API are those of the release's Go packages."""

from __future__ import annotations

from tests.peers import api_types_peer, golang
from tests.required import requires

pytestmark = requires(golang.missing())


def test_the_stored_types_are_those_of_the_release():
    api_types_peer.build()
    assert api_types_peer.types() == api_types_peer.STORED.read_text()
    assert api_types_peer.memory() == api_types_peer.MEMORY.read_text()
