"""Tables that are made of constants in Go modules are as the modules of the release have them."""

from __future__ import annotations

import pytest

from tests.peers import golang, kustomize_fields_peer, topology_peer
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.mark.parametrize(
    ("stored", "made"),
    [
        (kustomize_fields_peer.STORED, kustomize_fields_peer.fields),
        (topology_peer.STORED, topology_peer.topology),
    ],
    ids=["kustomize", "topology"],
)
def test_the_stored_table_is_that_of_the_module(stored, made):
    assert stored.read_text() == made()
