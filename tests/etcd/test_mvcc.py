"""The store, against a model that keeps every state whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.etcd import Compact, Compare, Delete, EtcdError, Get, Put, Txn
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import COMPACTED, FUTURE

KEYS = st.sampled_from("abc")
CHANGES = st.one_of(st.builds(Put, KEYS, st.sampled_from("xyz")), st.builds(Delete, KEYS))
COMPARES = st.builds(
    Compare,
    KEYS,
    st.sampled_from(["version", "mod_revision", "create_revision"]),
    st.sampled_from(["=", "!=", ">", "<"]),
    st.integers(0, 5),
)
TXNS = st.builds(
    Txn,
    st.lists(COMPARES, max_size=2).map(tuple),
    st.lists(CHANGES, max_size=3, unique_by=lambda c: c.key).map(tuple),
    st.lists(CHANGES, max_size=3, unique_by=lambda c: c.key).map(tuple),
)
COMMANDS = st.lists(st.one_of(CHANGES, TXNS, st.builds(Compact, st.integers(0, 12))), max_size=14)


class Model:
    """All states by revision, each a dict of key to (value, created, changed, version)."""

    def __init__(self) -> None:
        self.states, self.compacted = [{}, {}], 0

    def apply(self, command):
        if isinstance(command, Compact):
            if command.revision <= self.compacted:
                return COMPACTED
            if command.revision >= len(self.states):
                return FUTURE
            self.compacted = command.revision
            return None
        changes = (command,)
        if isinstance(command, Txn):
            held = all(map(self.holds, command.compare))
            changes = command.success if held else command.failure
        now, revision = dict(self.states[-1]), len(self.states)
        changed = False
        for change in changes:
            old = now.get(change.key)
            if isinstance(change, Put):
                made = old[1] if old else revision
                now[change.key] = change.value, made, revision, old[3] + 1 if old else 1
                changed = True
            elif old:
                del now[change.key]
                changed = True
        if changed:
            self.states.append(now)
        return None

    def holds(self, c: Compare) -> bool:
        found = self.states[-1].get(c.key)
        place = {"create_revision": 1, "mod_revision": 2, "version": 3}[c.target]
        have = found[place] if found else 0
        return {"=": have == c.value, "!=": have != c.value, ">": have > c.value,
                "<": have < c.value}[c.result]  # fmt: skip


@given(COMMANDS)
def test_the_store_is_what_the_model_says_at_every_revision(commands):
    store, model = MVCCStore(), Model()
    for command in commands:
        answer, said = store.apply(command), model.apply(command)
        assert (str(answer) if isinstance(answer, EtcdError) else None) == said
    assert store.revision == len(model.states) - 1
    copy = MVCCStore()
    copy.load(store.save())
    for each in (store, copy):
        for revision in range(max(1, model.compacted), len(model.states)):
            for key in "abc":
                found = each.get(key, revision)
                have = found and (
                    found.value, found.create_revision, found.mod_revision, found.version
                )  # fmt: skip
                assert have == model.states[revision].get(key)


def test_what_is_forgotten_and_what_is_to_come_cannot_be_read():
    store = MVCCStore()
    for value in "12345":
        store.apply(Put("k", value))
    store.apply(Compact(4))
    assert store.get("k", 4).value == "3"
    for revision, why in ((3, COMPACTED), (7, FUTURE)):
        with pytest.raises(EtcdError, match=why):
            store.get("k", revision)


def test_a_transaction_is_one_revision_or_none():
    store = MVCCStore()
    made = store.apply(Txn((Compare("k", "version", "=", 0),), (Put("k", "1"), Put("l", "2"))))
    assert made.revision == 2 and made.result[0] is True
    assert store.get("k").mod_revision == store.get("l").mod_revision == 2
    again = store.apply(Txn((Compare("k", "version", "=", 0),), (Put("k", "9"),), (Get("k"),)))
    assert again.revision == 2 and again.result[0] is False
    assert again.result[1][0].value == "1"
