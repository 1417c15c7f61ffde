"""`etcdctl txn`: comparisons and requests from standard input, done as one.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command/txn_command.go`, `util.go` (etcd 3.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from course_lib.command_line import Exit, Flag, Parsed, Terminal, UsageError, parse
from course_lib.etcd.ctl.keys import DEL_FLAGS, GET_FLAGS, PUT_FLAGS
from course_lib.etcd.ctl.printing import Answer, KeyPrinter
from course_lib.etcd.ctl.session import BAD_ARGUMENTS, INVALID_INPUT, Session, Typed
from course_lib.etcd.requests import Compare, Delete, Get, KeyValue, Put, Txn

INTERACTIVE = Flag("interactive", "i", "bool", usage="Say what is read next")
TARGETS = {
    "ver": "version", "version": "version", "c": "create_revision", "create": "create_revision",
    "m": "mod_revision", "mod": "mod_revision", "val": "value", "value": "value",
}  # fmt: skip
FLAGS = {"get": GET_FLAGS, "put": PUT_FLAGS, "del": DEL_FLAGS}
PROMPTS = ("compares:", "success requests (get, put, del):", "failure requests (get, put, del):")
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\'"\s]\S*[^\'"\s]?')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
Operation = Put | Delete | Get
T = TypeVar("T")


def txn(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Do one list of requests or the other, as comparisons hold or not; raises `Exit`."""
    if asked.args:
        raise Exit(BAD_ARGUMENTS, "txn command does not accept argument")
    session = Session(typed, asked, terminal)
    lines = _Lines(typed.stdin, terminal if asked.on("interactive") else None)
    compares = tuple(lines.group(PROMPTS[0], _compare))
    success = tuple(lines.group(PROMPTS[1], _operation))
    failure = tuple(lines.group(PROMPTS[2], _operation))
    answer = session.propose(Txn(compares, success, failure))
    holds, results = answer.result
    done = _Done(session, answer.revision, holds, success if holds else failure, results)
    session.show(done.answer())


class _Lines:
    """Standard input in groups of lines; before each, `screen` gets its prompt."""

    def __init__(self, text: str, screen: Terminal | None) -> None:
        self._rest, self._screen = text.splitlines(keepends=True), screen

    def group(self, prompt: str, read: Callable[[str], T]) -> list[T]:
        """What the lines up to the next empty one say; raises `Exit` when there is none."""
        if self._screen is not None:
            self._screen.out(f"{prompt}\n")
        found: list[T] = []
        while self._rest and (line := self._rest.pop(0)).endswith("\n"):
            if not line.strip():
                return found
            found.append(read(line.strip()))
        raise Exit(INVALID_INPUT, "EOF")


def _compare(line: str) -> Compare:
    """A comparison, such as `mod("key") > "0"`."""
    target, bracket, rest = line.partition("(")
    if not bracket:
        raise Exit(INVALID_INPUT, f"malformed comparison: {line}")
    found = re.fullmatch(rf"{_STRING.pattern}\)\s+(\S+)\s+{_STRING.pattern}.*", rest)
    if found is None:
        shown = f'{target}("")  ""'
        raise Exit(INVALID_INPUT, f"malformed comparison: {line}; got {shown}")
    key, sign, value = _unescaped(found[1]), found[2], _unescaped(found[3])
    if target == "lease":
        raise Exit(INVALID_INPUT, "comparisons of leases are not simulated by the course")
    if target not in TARGETS:
        raise Exit(INVALID_INPUT, f"malformed comparison: {line} (unknown target {target})")
    if TARGETS[target] == "value":
        return Compare(key, "value", sign, value)
    if not re.fullmatch(r"[+-]?\d+", value):
        raise Exit(INVALID_INPUT, f"invalid txn compare request: {line}")
    return Compare(key, TARGETS[target], sign, int(value))


def _operation(line: str) -> Operation:
    """A request, as it is typed after `etcdctl`."""
    words = [_unquoted(word) for word in _WORD.findall(line)]
    if len(words) < 2:
        raise Exit(INVALID_INPUT, f"invalid txn compare request: {line}")
    try:
        asked = parse(words[1:], FLAGS[words[0]])
    except (UsageError, KeyError):
        raise Exit(INVALID_INPUT, f"invalid txn request: {line}") from None
    given = sorted(asked.given - ({"rev"} if words[0] == "get" else {"lease"}))
    if given or len(asked.args) != (2 if words[0] == "put" else 1):
        why = f"--{given[0]}" if given else "a range of keys"
        raise Exit(INVALID_INPUT, f"{why} in a transaction is not simulated by the course: {line}")
    if words[0] == "put":
        return Put(asked.args[0], asked.args[1], int(asked.text("lease"), 16))
    return Get(asked.args[0], asked.number("rev")) if words[0] == "get" else Delete(asked.args[0])


def _unquoted(word: str) -> str:
    if word[:1] == "'":
        return word[1:-1]
    return _unescaped(word[1:-1]) if word[:1] == '"' else word


def _unescaped(text: str) -> str:
    names = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: names.get(found[1], found[1]), text)


class _Done:
    """What came of a transaction."""

    def __init__(
        self,
        session: Session,
        revision: int,
        holds: bool,
        operations: Sequence[Operation],
        results: Sequence[KeyValue | int | None],
    ) -> None:
        self.pairs = list(zip(operations, results, strict=True))
        self.holds = holds
        changes = any(_changes(*pair) for pair in self.pairs)
        self.revision = revision - changes  # each response has that of its moment
        self.header, self.hex = session.header(revision), session.hex
        self.printer = KeyPrinter(self.hex)

    def answer(self) -> Answer:
        """In all formats."""
        simple = "SUCCESS\n" if self.holds else "FAILURE\n"
        fields = [*self.header.fields(self.hex), f'"Succeeded" : {str(self.holds).lower()}']
        responses = []
        for operation, result in self.pairs:
            if _changes(operation, result):
                self.revision = self.header.revision
            simple += f"\n{self._simple(operation, result)}"
            fields += [*self._inner_fields(), *self._fields(operation, result)]
            responses.append({"Response": self._json(operation, result)})
        document: dict[str, object] = {"header": self.header.json()}
        document |= {"succeeded": True} if self.holds else {}
        document |= {"responses": responses} if responses else {}
        return Answer(simple, document, fields=fields)

    def _simple(self, operation: Operation, result: KeyValue | int | None) -> str:
        if isinstance(operation, Put):
            return "OK\n"
        if isinstance(operation, Delete):
            return f"{result}\n"
        return self.printer.simple(result) if isinstance(result, KeyValue) else ""

    def _inner_fields(self) -> list[str]:
        """The header of a response within the response: it has the revision only."""
        return [
            '"ClusterID" : 0',
            '"MemberID" : 0',
            f'"Revision" : {self.revision}',
            '"RaftTerm" : 0',
        ]

    def _fields(self, operation: Operation, result: KeyValue | int | None) -> list[str]:
        if isinstance(operation, Put):
            return []
        if isinstance(operation, Delete):
            return [f'"Deleted" : {result}']
        found = self.printer.fields(result) if isinstance(result, KeyValue) else []
        return [*found, '"More" : false', f'"Count" : {1 if found else 0}']

    def _json(self, operation: Operation, result: KeyValue | int | None) -> dict[str, object]:
        inner: dict[str, object] = {"header": {"revision": self.revision}}
        if isinstance(operation, Put):
            return {"response_put": inner}
        if isinstance(operation, Delete):
            return {"response_delete_range": inner | ({"deleted": result} if result else {})}
        if isinstance(result, KeyValue):
            inner |= {"kvs": [self.printer.json(result)], "count": 1}
        return {"response_range": inner}


def _changes(operation: Operation, result: KeyValue | int | None) -> bool:
    return isinstance(operation, Put) or (isinstance(operation, Delete) and bool(result))
