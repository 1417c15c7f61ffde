"""A checker for linearizability: is there an order of the operations that explains every answer?

An operation takes effect at one moment between its call and its answer; one whose answer never
came may take effect at any time after its call, or never. The search is that of J. Wing and
C. Gong ("Testing and Verifying Concurrent Objects", 1993) with G. Lowe's memory of what was tried
("Testing for Linearizability", 2017), key by key, as A. Athalye's Porcupine does.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Operation(NamedTuple):
    """One call of a client on one key; `answered` is infinite where no answer came."""

    key: str
    kind: str  # put, get or cas
    argument: Any
    called: float
    answered: float = float("inf")
    result: Any = None


def step(value: str | None, op: Operation) -> tuple[bool, str | None]:
    """Whether the answer is right when the key has this value, and the value after it."""
    known = op.answered != float("inf")
    if op.kind == "put":
        return True, op.argument
    if op.kind == "get":
        return not known or op.result == value, value
    expected, new = op.argument
    holds = value == expected
    return not known or op.result == holds, new if holds else value


def linearizable(history: list[Operation]) -> bool:
    """Whether every key's operations have an order that explains them."""
    keys = {op.key for op in history}
    return all(_one_key([op for op in history if op.key == key]) for key in sorted(keys))


def _one_key(ops: list[Operation]) -> bool:
    ops = sorted(ops, key=lambda op: op.called)
    must = sum(1 << n for n, op in enumerate(ops) if op.answered != float("inf"))
    tried: set[tuple[int, str | None]] = set()
    stack: list[tuple[int, str | None]] = [(0, None)]
    while stack:
        done, value = stack.pop()
        if done & must == must:
            return True
        if (done, value) in tried:
            continue
        tried.add((done, value))
        # Nothing may come first that was called after another has been answered.
        left = [n for n in range(len(ops)) if not done >> n & 1]
        first_answer = min(ops[n].answered for n in left)
        for n in left:
            if ops[n].called > first_answer:
                break
            right, after = step(value, ops[n])
            if right:
                stack.append((done | 1 << n, after))
    return False
