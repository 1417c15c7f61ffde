"""What a watch can still ask for: the last changes of each kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.apiserver import entries
from course_lib.apiserver.entries import WINDOW
from course_lib.apiserver.errors import Compacted
from course_lib.apiserver.store import Store

PODS, NODES = "/registry/pods/", "/registry/nodes/"


def heard(store: Store, prefix: str, since: int) -> list[int]:
    revisions: list[int] = []
    store.watch(prefix, lambda change: revisions.append(change.revision), since).stop()
    return revisions


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.mark.parametrize(("changes", "remembered"), [(WINDOW, True), (WINDOW + 1, False)])
def test_of_a_kind_the_last_thousand_changes_are_remembered(store, changes, remembered):
    for _ in range(changes):
        store.put(f"{PODS}default/web", {})
    if remembered:
        assert len(heard(store, PODS, 0)) == changes
    else:
        with pytest.raises(Compacted, match=r"too old resource version: 0 \(1\)"):
            heard(store, PODS, 0)
        assert len(heard(store, PODS, 1)) == WINDOW


def test_changes_of_another_kind_take_no_place(store):
    store.put(f"{NODES}node-1", {})
    for _ in range(WINDOW + 1):
        store.put(f"{PODS}default/web", {})
    assert heard(store, NODES, 0) == [1]
    with pytest.raises(Compacted):
        heard(store, f"{PODS}default/", 1)
    with pytest.raises(Compacted):
        heard(store, "/", 1)


keys = st.sampled_from([f"{PODS}a/x", f"{PODS}b/x", f"{NODES}n", "/registry/example.com/things/t"])
prefixes = st.sampled_from([PODS, f"{PODS}a/", NODES, "/registry/example.com/things/", "/"])


revisions = st.integers(0, 15)


@settings(max_examples=300)
@given(st.lists(keys, max_size=30), prefixes, revisions, revisions)
def test_what_is_remembered_is_whole(written, prefix, since, compacted):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entries, "WINDOW", 5)
        store = Store()
        for key in written:
            store.put(key, {})
        store.compact(compacted)
        every = [n for n, key in enumerate(written, 1) if key.startswith(prefix) and n > since]
        if since < oldest(written, prefix, compacted):
            with pytest.raises(Compacted):
                heard(store, prefix, since)
        else:
            assert heard(store, prefix, since) == every


def oldest(written: list[str], prefix: str, compacted: int) -> int:
    """The last revision below a prefix that is forgotten: compacted, or beyond a window of five."""
    revisions: dict[str, list[int]] = {}
    for number, key in enumerate(written, 1):
        revisions.setdefault("/".join(key.split("/")[:3]) + "/", []).append(number)
    full = [
        numbers[-6]
        for kind, numbers in revisions.items()
        if len(numbers) > 5 and (kind.startswith(prefix) or prefix.startswith(kind))
    ]
    return max([min(compacted, len(written)), *full])
